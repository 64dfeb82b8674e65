"""A mapping's text from an inspection: what is certain is written, what is not is asked, each with the facts beside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from mainstem.consolidate.draft.questions import Questions, facts_of
from mainstem.consolidate.draft.tables import lines_of
from mainstem.consolidate.draft.words import comment, indented, scalar
from mainstem.consolidate.inspect import KINDS, Family, Inspection, Role, Table
from mainstem.errors import BadArgument

_MOVING = (Role.RUN, Role.STEP, Role.EVENT, Role.CONTEXT, Role.SCREENSHOT)
_INLINE = frozenset(
    [
        "unknown_status",
        "unknown_channel",
        "time_formats",
        "naive_time",
        "epoch_time",
        "json_text",
        "no_tenant",
        "no_channel",
        "json_double_encoded",
        "json_malformed",
        "json_repeated_key",
        "json_nul",
        "duration_without_unit",
        "no_primary_key",
    ]
)
"""Kinds that are asked where the column or the table stands."""

_EVERYWHERE = (
    "tenant_missing",
    "foreign_tenant",
    "duplicate_key",
    "duplicate_key_folded",
    "orphan",
    "parents_disagree",
)
"""Kinds that matter in tables that stay too: what is mirrored has keys and tenants of ours."""

_ORDER = (*_MOVING, Role.WORKFLOW, Role.NODE, Role.TRANSITION, Role.ORGANIZATION, Role.USER, Role.CONFIG)


def draft(found: Inspection, system: str) -> str:
    """The YAML text of a mapping. It compiles only when each `?` is answered.

    system: what the old system is called, in small letters. Raises BadArgument for a name that is none.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,20}", system):
        raise BadArgument(
            f"a system is not called {system!r}", hint="small letters, digits and _, at most 21: --system rcm"
        )
    found = settled(found)
    questions = Questions()
    ordered = sorted(found.tables, key=lambda table: _ORDER.index(table.role) if table.role in _ORDER else 99)
    tables = [line for table in ordered for line in ("", *lines_of(found, table, questions))]
    _ask_of_oddities(found, questions)
    asked = ["decisions:", *indented(questions.lines())] if questions.asked else ["decisions: {}"]
    head = [*_heading(found), "mapping: 1", f"system: {system}", _source(found), ""]
    return "\n".join([*head, *asked, "", "tables:", *indented(tables[1:])]) + "\n"


def settled(found: Inspection) -> Inspection:
    """The same with one table of runs and one of steps, as a mapping has: the ones most others hang on."""
    chosen = {role: _chief(found, role) for role in (Role.RUN, Role.STEP)}
    tables = [
        replace(table, guess=replace(table.guess, role=Role.OTHER, reasons=_aside(table, chosen[table.role])))
        if chosen.get(table.role, table.name) != table.name
        else table
        for table in found.tables
    ]
    return replace(found, tables=tuple(tables))


def _chief(found: Inspection, role: Role) -> str:
    """Empty when no table has the role."""
    hanging = Counter(link.parent for table in found.tables for link in table.links)
    best = max(
        found.of_role(role),
        key=lambda table: (hanging[table.name], table.guess.score, table.rows),
        default=None,
    )
    return best.name if best else ""


def _aside(table: Table, chief: str) -> tuple[str, ...]:
    return (
        f"{table.role.value}s too, but a mapping has one table of them, here {chief}",
        *table.guess.reasons,
    )


def _heading(found: Inspection) -> Iterator[str]:
    yield comment(
        f"Drafted from {found.engine} {found.version}, {found.database}, schema {found.schema}, {found.taken_at:%Y-%m-%d %H:%M} UTC."
    )
    yield comment(f"Its schema's fingerprint: {found.schema_fingerprint}")
    yield comment('Each "?" is a question; the facts stand beside it. It compiles when all are answered.')
    yield comment("$name stands for the answer to the decision of that name.")
    yield from (comment(f"Not everything was looked at: {note}") for note in found.notes)


def _source(found: Inspection) -> str:
    if found.engine == "sqlite":
        return "source: {kind: sqlite}"
    return f"source: {{kind: postgres, schema: {scalar(found.schema)}}}"


def _ask_of_oddities(found: Inspection, questions: Questions) -> None:
    """What no single column answers, a question for each kind, with every table that has it."""
    moving = {table.name for table in found.tables if table.role in _MOVING}
    for kind, told in KINDS.items():
        if kind in _INLINE or not told.decision:
            continue
        for oddity in found.odd(kind):
            if oddity.table in moving or kind in _EVERYWHERE:
                facts = [
                    *facts_of(oddity),
                    *(_sources_of_steps(found, oddity.table) if kind == "no_steps" else ()),
                ]
                questions.ask("tenant" if kind == "tenant_missing" else kind, told.decision, facts)


def _sources_of_steps(found: Inspection, table: str) -> Iterator[str]:
    """What steps could be made of: JSON beside the run, and what speaks of phases."""
    columns = found.table(table).columns
    of_json = [
        column.name
        for column in columns
        if column.family is Family.JSON or found.odd("json_text", table, column.name)
    ]
    of_phases = [column.name for column in columns if re.search("phase|step|stage", column.name)]
    if of_json:
        yield f"columns of JSON: {', '.join(of_json)}"
    if of_phases:
        yield f"columns that speak of phases: {', '.join(of_phases)}"

"""Roles: what a table seems to hold, by its name, its columns and its links; each point with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mainstem.consolidate.inspect.facts import Guess, Role, Table
from mainstem.consolidate.inspect.links import words
from mainstem.consolidate.inspect.parts import Parts, is_time, parts_of

ENOUGH = 4
"""A lower score says nothing."""

_LAST_WORD = 4
_ANY_WORD = 1
_TELLING = 4
"""Letters of a word that is found in workflowexecution and the like; `run` and `log` are in too many."""


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing about a table that speaks for a role, or against it."""

    role: Role
    points: int
    reason: str


_WORDS: dict[str, Role] = {
    **dict.fromkeys(("trace", "run", "execution", "history", "flow", "session"), Role.RUN),
    **dict.fromkeys(("step", "task", "activity", "phase"), Role.STEP),
    **dict.fromkeys(("event", "log", "timeline", "audit"), Role.EVENT),
    **dict.fromkeys(("context", "variable"), Role.CONTEXT),
    **dict.fromkeys(("screenshot", "capture"), Role.SCREENSHOT),
    **dict.fromkeys(("config", "setting", "configuration"), Role.CONFIG),
    **dict.fromkeys(("workflow", "definition", "template"), Role.WORKFLOW),
    "node": Role.NODE,
    **dict.fromkeys(("transition", "edge"), Role.TRANSITION),
    **dict.fromkeys(("org", "organization", "organisation", "tenant", "company"), Role.ORGANIZATION),
    "user": Role.USER,
}
_BOOKKEEPING = re.compile(
    r"schema_migrations?|alembic_version|sqlite_\w+|django_\w+|flyway_\w+|databasechangelog\w*"
)


def with_roles(tables: tuple[Table, ...]) -> tuple[Table, ...]:
    """The tables, each with a guess; what hangs on a run is weighed once the runs are known."""
    first = tuple(replace(table, guess=_guess(table, frozenset())) for table in tables)
    runs = frozenset(table.name for table in first if table.role is Role.RUN)
    return tuple(replace(table, guess=_guess(table, runs)) for table in first)


def _guess(table: Table, runs: frozenset[str]) -> Guess:
    if _BOOKKEEPING.fullmatch(table.name.lower()):
        return Guess(role=Role.BOOKKEEPING, score=9, reasons=("a migration tool's own",))
    clues = [*_by_name(table), *_by_columns(table, parts_of(table)), *_by_links(table, runs)]
    scores = {role: sum(clue.points for clue in clues if clue.role is role) for role in Role}
    best = max(Role, key=lambda role: scores[role])
    if scores[best] < ENOUGH:
        return Guess(role=Role.OTHER, score=scores[best])
    reasons = tuple(f"{clue.reason} ({clue.points:+d})" for clue in clues if clue.role is best)
    return Guess(role=best, score=scores[best], reasons=reasons)


def _by_name(table: Table) -> Iterator[Clue]:
    named = words(table.name)
    if named[-1:] == ["archive"]:
        named = named[:-1]
    for word in named[:-1]:
        if word in _WORDS:
            yield Clue(_WORDS[word], _ANY_WORD, f"{word!r} is in its name")
    ending = max((word for word in _WORDS if named and named[-1].endswith(word)), key=len, default="")
    if ending and (named[-1] == ending or len(ending) >= _TELLING):
        points = _LAST_WORD if named[-1] == ending else _LAST_WORD - 1
        yield Clue(_WORDS[ending], points, f"its name ends in {ending!r}")


def _by_columns(table: Table, parts: Parts) -> Iterator[Clue]:
    """What runs and steps have alike says less of steps, which have a name or a number that says so."""
    names = {column.name for column in table.columns}
    if parts.status:
        yield from _alike(f"it has {parts.status}")
    if parts.started and parts.ended:
        yield from _alike(f"it has {parts.started} and {parts.ended}")
    if parts.duration:
        yield Clue(Role.RUN, 1, f"it has {parts.duration}")
    if "step" in parts.number:
        yield Clue(Role.STEP, 3, f"it has {parts.number}")
        yield Clue(Role.RUN, -3, f"it has {parts.number}")
    yield from _payload(table, names, parts)


def _alike(reason: str) -> Iterator[Clue]:
    yield Clue(Role.RUN, 2, reason)
    yield Clue(Role.STEP, 1, reason)


def _payload(table: Table, names: set[str], parts: Parts) -> Iterator[Clue]:
    if names & {"event_type", "event_name"} and any(is_time(column) for column in table.columns):
        yield Clue(Role.EVENT, 3, "it has a type of event and a time")
    if names & {"event_data", "payload", "event_payload"}:
        yield Clue(Role.EVENT, 1, "it has a payload")
    if {"key", "value"} <= names:
        yield Clue(Role.CONTEXT, 4, "it has key and value")
    if any(name.startswith(("screenshot_", "thumbnail_")) for name in names):
        yield Clue(Role.SCREENSHOT, 3, "it says where pictures are")
    if any(name.startswith("config_") and name != "config_snapshot" for name in names) and not parts.status:
        yield Clue(Role.CONFIG, 3, "it has columns of a config")
    if "name" in names and not parts.status and not parts.started:
        for role in (Role.WORKFLOW, Role.ORGANIZATION):
            yield Clue(role, 1, "it has a name, and neither status nor start")
    if "email" in names:
        yield Clue(Role.USER, 2, "it has an address")
    if {"from_node", "to_node"} <= names:
        yield Clue(Role.TRANSITION, 4, "it leads from node to node")


def _by_links(table: Table, runs: frozenset[str]) -> Iterator[Clue]:
    of_workflow = [link for link in table.links if words(link.parent)[-1:] == ["workflow"]]
    if of_workflow and parts_of(table).status:
        yield Clue(Role.RUN, 2, f"it names a row of {of_workflow[0].parent}, and has a status")
    of_run = [link for link in table.links if link.parent in runs and link.parent != table.name]
    if not of_run:
        return
    reason = f"it names a row of {of_run[0].parent}"
    for role in (Role.STEP, Role.EVENT, Role.CONTEXT, Role.SCREENSHOT):
        yield Clue(role, 1, reason)
    yield Clue(Role.RUN, -2, reason)

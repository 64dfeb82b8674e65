"""Tables: what each becomes, by what it seems to be, as lines of YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mainstem.consolidate.draft.homes import EVENT_KEYS, MIRRORS, event_names, homes_of
from mainstem.consolidate.draft.lenses import lens
from mainstem.consolidate.draft.questions import Questions
from mainstem.consolidate.draft.words import (
    UNKNOWN,
    beside,
    comment,
    flow,
    indented,
    listing,
    quoted,
    rows,
    scalar,
)
from mainstem.consolidate.inspect import Family, Inspection, Role, Table
from mainstem.consolidate.inspect.parts import is_time, link_to, parts_of
from mainstem.consolidate.inspect.scans.wholes import tenant_elsewhere

_WHOSE = "Which organization (a uuid) owns what names none?"
_NEEDED = ("created_at", "updated_at", "label", "name")

Drafted = Callable[[Inspection, Table, Questions], Iterator[str]]


def lines_of(found: Inspection, table: Table, questions: Questions) -> Iterator[str]:
    """The table's facts as comments, its name, and what it becomes."""
    many = f"{'' if table.is_rows_exact else 'about '}{rows(table.rows)}"
    yield comment(f"{many}; seems to be: {table.role.value}")
    yield from (comment(f"  {reason}") for reason in table.guess.reasons)
    hanging = [f"{each.kind} {each.name}" for each in found.dependants if each.table == table.name]
    if hanging:
        yield comment(f"on it hang: {', '.join(hanging)}")
    yield f"{scalar(table.name)}:"
    yield from indented(_DRAFTS.get(table.role, _stays)(found, table, questions))


def _run(found: Inspection, table: Table, questions: Questions) -> Iterator[str]:
    parts = parts_of(table)
    yield "becomes: run"
    yield _key(table)
    created = [
        column.name for column in table.columns if column.name in ("created_at", "created_on", "created")
    ]
    times = [*created, *filter(None, [parts.started])]
    yield f"time: {flow(times)}" if times else beside(f"time: [{UNKNOWN}]", "no column says when a run began")
    yield from _columns(found, table, questions, structure=())
    yield "constants:"
    yield from indented(_constants_of_run(found, table, questions))


def _constants_of_run(found: Inspection, table: Table, questions: Questions) -> Iterator[str]:
    homes = homes_of(table).values()
    yield "driver: recorded"
    if "org_id" not in homes:
        yield f"org_id: {_tenant(found, table, questions)}"
    if "channel" not in homes:
        asked = questions.ask(
            "channel",
            "Through which channel did runs come that do not say so?",
            [f"{table.name} has no channel"],
        )
        yield f"channel: {asked}"
    if "workflow_id" not in homes:
        asked = questions.ask(
            f"workflow_of_{table.name}",
            f"Of which workflow is a run of {table.name}? A name in SQL over {{row}}, as coalesce({{row}}.template, 'x').",
            [f"{table.name} has no workflow_id of type uuid"],
        )
        yield f"workflow_id: {{workflow: {asked}}}"


def _tenant(found: Inspection, table: Table, questions: Questions) -> str:
    """By way of a parent that says it, else asked."""
    tables = {each.name: each for each in found.tables}
    elsewhere = tenant_elsewhere(table, tables)
    if elsewhere is None:
        questions.ask("tenant", _WHOSE, [f"{table.name} has no column of a tenant that is a uuid"])
        return '{sql: "{decision.tenant}::uuid"}'
    link, tenant = elsewhere
    is_parent = " and ".join(
        f"p.{quoted(theirs)} = {{row}}.{quoted(mine)}"
        for mine, theirs in zip(link.columns, link.parent_columns, strict=True)
    )
    told = f"p.{quoted(tenant)}"
    if tables[link.parent].nulls.get(tenant):
        fact = f"{link.parent}.{tenant} is NULL in {rows(tables[link.parent].nulls[tenant])}"
        questions.ask("tenant", _WHOSE, [fact])
        told = f"coalesce({told}, {{decision.tenant}}::uuid)"
    query = f"(select {told} from {{old}}.{quoted(link.parent)} p where {is_parent})"
    return f"{{sql: {scalar(query)}}}"


def _step(found: Inspection, table: Table, questions: Questions) -> Iterator[str]:
    parts = parts_of(table)
    yield "becomes: step"
    yield _key(table)
    yield _parent(found, table, Role.RUN, "run")
    yield (
        f"number: {scalar(parts.number)}"
        if parts.number
        else beside(f"number: {UNKNOWN}", "which column orders them?")
    )
    yield from _columns(found, table, questions, structure=(_link(found, table, Role.RUN), parts.number))
    if not {"node_id", "node_key"} & set(homes_of(table).values()):
        asked = questions.ask(
            f"node_of_{table.name}",
            f"What is the name of the node that a step of {table.name} ran?",
            ["no column says it"],
        )
        yield "constants:"
        yield f"  node_key: {asked}"


def _elements(found: Inspection, table: Table, _questions: Questions) -> Iterator[str]:
    step = _link(found, table, Role.STEP)
    yield "becomes: elements"
    yield _key(table)
    yield _parent(found, table, Role.RUN, "run")
    lists = "screenshots" if table.role is Role.SCREENSHOT else "events"
    of_run = "metadata.screenshots" if table.role is Role.SCREENSHOT else "events"
    number = "" if step else parts_of(table).number
    if step or number:
        yield f"step: {scalar(step)}" if step else f"number: {scalar(number)}"
    yield f"into: {{step: {lists}, run: {of_run}}}" if step or number else f"into: {{run: {of_run}}}"
    order = [column.name for column in table.columns if is_time(column)][:1]
    yield f"order: {flow(dict.fromkeys((*order, *table.primary_key)))}"
    for fold in table.folds:
        told = f"rows in one {fold.parent}: p99 {fold.p99_rows}, most {fold.most_rows}; bytes: p99 {fold.p99_bytes}, most {fold.most_bytes}"
        yield comment(told)
    names = event_names(table) if table.role is Role.EVENT else {}
    yield from _whole(table, names, structure=(_link(found, table, Role.RUN), step))
    if table.role is Role.EVENT and not set(names.values()) >= EVENT_KEYS:
        yield comment(
            f"the event log takes events of {', '.join(sorted(EVENT_KEYS))} only: a list that is too long stays one"
        )


def _context(found: Inspection, table: Table, _questions: Questions) -> Iterator[str]:
    run = _link(found, table, Role.RUN)
    yield "becomes: context"
    yield _key(table)
    yield _parent(found, table, Role.RUN, "run")
    yield from _whole(table, {}, structure=(run, *table.primary_key))


def _whole(table: Table, names: Mapping[str, str], *, structure: tuple[str, ...]) -> Iterator[str]:
    """Each column under its own name, but for those in `names`: an element keeps what its row had."""
    taken = EVENT_KEYS if names else frozenset()
    yield "columns:"
    for column in table.columns:
        if column.name not in structure:
            own = f"old_{column.name}" if column.name in taken else column.name
            formats = listing(table.times[column.name]) if column.name in table.times else ""
            yield beside(
                f"  {scalar(column.name)}: {scalar(names.get(column.name, own))}", column.type, formats
            )


def _columns(
    found: Inspection, table: Table, questions: Questions, *, structure: tuple[str, ...]
) -> Iterator[str]:
    homes = homes_of(table)
    yield "columns:"
    for column, home in homes.items():
        yield from indented(lens(found, table, column, home, questions))
    homeless = [
        column.name
        for column in table.columns
        if column.name not in (*homes, *structure) and (column.name,) != table.primary_key
    ]
    if not homeless:
        return
    questions.ask(
        f"remainder_of_{table.name}",
        f"May the columns listed as the remainder of {table.name} go to metadata.legacy (yes)? Else give them a home, or drop them with a reason.",
        [f"{len(homeless)} columns of {table.name} have no home in a {table.role.value}"],
    )
    yield "remainder:"
    for name in homeless:
        empty = "NULL in every row" if table.rows and table.nulls.get(name) == table.rows else ""
        kinds = [odd.kind for odd in found.oddities if (odd.table, odd.column) == (table.name, name)]
        yield beside(f"  - {scalar(name)}", table.column(name).type, empty, ", ".join(kinds))


def _mirrored(found: Inspection, table: Table, questions: Questions) -> Iterator[str]:
    """Only what has ids like ours: a number is no uuid."""
    into, names = MIRRORS[table.role]
    if not table.has(names[0]) or table.column(names[0]).family is not Family.UUID:
        yield from _stays(found, table, questions)
        return
    same = [column.name for column in table.columns if column.name in names]
    key = table.primary_key
    yield "stays: true"
    yield f"key: {scalar(key[0]) if len(key) == 1 else flow(key) if key else UNKNOWN}"
    yield "mirror:"
    yield f"  into: {into}"
    yield "  columns:"
    for name in same:
        yield f"    {_mirror(table, name, questions)}"
    if "org_id" in names and "org_id" not in same:
        yield "  constants:"
        yield f"    org_id: {_tenant(found, table, questions)}"
    if homeless := [column.name for column in table.columns if column.name not in same]:
        yield "  drop:"
        yield from (f"    {scalar(name)}: stays in the old table" for name in homeless)


def _mirror(table: Table, name: str, questions: Questions) -> str:
    null = table.nulls.get(name, 0)
    fact = f"{table.name}.{name} is NULL in {rows(null)}"
    if name == "org_id" and null:
        return f"{name}: {{to: {name}, default: {questions.ask('tenant', _WHOSE, [fact])}}}"
    if name in _NEEDED and null:
        question = f"What is {name} of the rows of {table.name} that have none?"
        return f"{name}: {{to: {name}, default: {questions.ask(f'default_{name}_{table.name}', question, [fact])}}}"
    return beside(f"{name}: {name}", f"NULL in {rows(null)}" if null else "")


def _stays(_found: Inspection, table: Table, _questions: Questions) -> Iterator[str]:
    yield "stays: true"
    if table.role is Role.BOOKKEEPING:
        yield "reason: a migration tool's own"
    elif table.role is Role.CONFIG:
        yield beside(f"reason: {UNKNOWN}", "or a mirror into user_workflow_config")
    else:
        yield beside(f"reason: {UNKNOWN}", "or what it becomes: run, step, elements, context")


def _key(table: Table) -> str:
    """A key of several columns, or none, is a question: a mapping's key is one column."""
    if len(table.primary_key) == 1:
        return f"key: {scalar(table.primary_key[0])}"
    told = (
        f"the primary key is {', '.join(table.primary_key)}"
        if table.primary_key
        else "there is no primary key"
    )
    return beside(f"key: {UNKNOWN}", told)


def _parent(found: Inspection, table: Table, role: Role, word: str) -> str:
    name = _link(found, table, role)
    return (
        f"{word}: {scalar(name)}" if name else beside(f"{word}: {UNKNOWN}", f"no column names a {role.value}")
    )


def _link(found: Inspection, table: Table, role: Role) -> str:
    link = link_to(table, {each.name: each for each in found.tables}, role)
    return link.columns[0] if link else ""


_DRAFTS: Mapping[Role, Drafted] = {
    Role.RUN: _run,
    Role.STEP: _step,
    Role.EVENT: _elements,
    Role.SCREENSHOT: _elements,
    Role.CONTEXT: _context,
    **dict.fromkeys(MIRRORS, _mirrored),
}

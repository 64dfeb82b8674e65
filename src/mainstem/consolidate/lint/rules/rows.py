"""Rows that get lost on their way, or arrive twice: D01, D02, D08, D09, D10, D30."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.lint.catalog import NAME, Name, Table
from mainstem.consolidate.lint.expressions import Correlation, correlations, joined_on
from mainstem.consolidate.lint.findings import Hit, Severity, Sight, asks, rule
from mainstem.consolidate.lint.live.counts import NO_DATABASE, Count
from mainstem.consolidate.lint.live.postgres import column as quoted_column
from mainstem.consolidate.lint.queries import Move, Query, Source, columns_named
from mainstem.consolidate.lint.script import Script
from mainstem.consolidate.lint.statements import Statement

LIVE = (Sight.TEXT, Sight.LIVE)

D01 = rule(
    "D01",
    "An inner join or a filter leaves rows behind",
    why="Rows without a partner, or outside of the filter, are not copied, and nothing says so.",
    remedy="LEFT JOIN from the table that is moved, no filter; give rows without a parent a place of their own.",
    looks_at=LIVE,
    blind="Without a database it knows that rows may be lost, not whether any are.",
)
D02 = rule(
    "D02",
    "A column of the old table goes nowhere",
    why="What no statement mentions is gone with the table.",
    remedy="Carry the column, or list it under `drop:` in a mapping with the reason.",
    looks_at=(*LIVE, Sight.MAPPING),
    blind="Without the table's columns (a CREATE TABLE, or a database) it only asks where the table goes away.",
)
D08 = rule(
    "D08",
    "A row arrives more than once",
    why="A join or a fold on something that is no key attaches the same row to several; undoing it multiplies them.",
    remedy="Join and fold on a key of the row it belongs to (the step's own id, not the run's).",
    looks_at=LIVE,
    blind="Without the keys of the table it goes by whether the column is used to reach another parent.",
)
D09 = rule(
    "D09",
    "Children whose parent column is NULL have no place",
    why="A fold takes the rows that equal a parent's key; NULL equals nothing, so they are left out.",
    remedy="Fold the rows with NULL one level up (the run's own events), or into a quarantine table.",
    looks_at=LIVE,
    blind="Without the table's definition it cannot know whether the column may be NULL.",
)
D10 = rule(
    "D10",
    "Children whose parent does not exist",
    why="Without a foreign key there may be rows whose parent is gone; a fold by parent drops them.",
    remedy="Count them with an anti-join and move them into a quarantine table; never drop them.",
    looks_at=LIVE,
    blind="Without the table's definition it cannot know whether a foreign key forbids them.",
)
D30 = rule(
    "D30",
    "A kind of table that is not moved by rows alone",
    why="Large objects, foreign tables, inheritance children and partitions hold rows that a copy does not see or not own.",
    remedy="Move them apart: lo_export, the foreign server itself, ONLY and each child, each partition.",
    looks_at=LIVE,
    severity=Severity.ERROR,
)

_BOUND = rf"{NAME} (?:[<>]=?) (?:[$:%]\S+|\?)"
_BATCH = re.compile(rf"{_BOUND} and {_BOUND}")
"""The bounds of a batch, from parameters: the other batches have the other rows."""


@asks(D01)
def left_behind(statement: Statement, script: Script) -> Iterator[Hit]:
    move = script.move(statement)
    for query in move.queries if move is not None and move.keeps_rows else ():
        lossy = [
            str(each.name or each.alias)
            for each in query.sources[1:]
            if each.join in ("inner", "right", "cross")
        ]
        reasons = [f"joined with {', '.join(lossy)}"] if lossy else []
        reasons += ["filtered by WHERE"] if query.where and not _BATCH.fullmatch(query.where.plain) else []
        if not reasons or query.first is None or query.first.name is None or move is None:
            continue
        count = _left_behind(script, move, query.first)
        if not count.is_none:
            yield Hit(
                f"rows of {query.first.name} are {' and '.join(reasons)}: "
                f"{_some(count)} not moved{count.told}",
                query.span.line,
                str(query.first.name),
                count.rows,
                Severity.ERROR if count.rows else None,
            )


def _some(count: Count) -> str:
    return "some may be" if count.rows is None else f"{count.rows} {'is' if count.rows == 1 else 'are'}"


def _left_behind(script: Script, move: Move, first: Source) -> Count:
    """How many rows of a table come through no branch of a move, with some of their keys."""
    table = script.live_table(first.name) if first.name else None
    if table is None or first.name is None:
        return Count(None, f"{first.name} is not in the database") if script.is_live else NO_DATABASE
    kept = [
        _with_row_ids(script, query)
        for query in move.queries
        if query.first and query.first.name == first.name
    ]
    name = script.sql_name(table.name)
    if script.dialect is Dialect.SQLITE:
        return script.count(
            f"{_withs(move)} select count(*) from {name} where rowid not in ({' union all '.join(kept)})"
        )
    key = " || '/' || ".join(f"s.{quoted_column(each)}::text" for each in table.primary) or "s.ctid::text"
    withs = _withs(move, f"mainstem_kept (r) as materialized ({' union all '.join(kept)})")
    return script.count(
        f"{withs} "
        f"select count(*), (array_agg({key} order by {key}))[1:5] from {name} s"
        f" where not exists (select from mainstem_kept k where k.r = s.tableoid::text || s.ctid::text)"
    )


def _withs(move: Move, *more: str) -> str:
    theirs = [query.clause("with").text for query in move.queries[:1] if query.clause("with")]
    before = [move.ctes.partition(" ")[2]] if move.ctes else []
    listed = ", ".join([*before, *theirs, *more])
    return f"with {listed}" if listed else ""


def _with_row_ids(script: Script, query: Query) -> str:
    alias = quoted_column(query.first.alias) if query.first else ""
    row = (
        f"{alias}.rowid"
        if script.dialect is Dialect.SQLITE
        else f"{alias}.tableoid::text || {alias}.ctid::text"
    )
    where = f" where {query.where.text}" if query.where else ""
    return f"select {row} from {query.clause('from').text}{where}"


@asks(D02, Sight.SCRIPT)
def columns_without_a_place(script: Script) -> Iterator[Hit]:
    seen: list[Name] = []
    for move in script.moves():
        for query in move.every_query:
            name = query.first.name if query.first else None
            is_moved = name is not None and (query in move.queries or query.aggregates)
            if name is None or not is_moved or name in seen or _is_target(script, name, move):
                continue
            seen.append(name)
            yield from _without_a_place(script, move, name)


def _is_target(script: Script, name: Name, move: Move) -> bool:
    """Whether its rows were put there by an earlier move: what matters is where those came from."""
    limit = script.place(move.statement)
    return any(each.target.same(name) for each in script.moves() if script.place(each.statement) < limit)


def _without_a_place(script: Script, move: Move, name: Name) -> Iterator[Hit]:
    leaves = script.leaving(name)
    mentioned, whole = _mentioned(script, name, before=leaves)
    table = script.table(name, at=move.statement)
    if whole or (table is None and leaves is None):
        return
    if table is None:
        message = f"{name} goes away at line {leaves.line if leaves else 0}, and only the columns listed here are kept"
        yield Hit(message, move.statement.line, str(name))
        return
    missing = [column for column in table.columns if column not in mentioned]
    if missing:
        gone = f", and {name} goes away at line {leaves.line}" if leaves else ""
        yield Hit(
            f"{len(missing)} of {len(table.columns)} columns of {name} go nowhere: {', '.join(missing)}{gone}",
            move.statement.line,
            str(name),
            severity=Severity.ERROR if leaves else None,
        )


def _mentioned(script: Script, name: Name, *, before: Statement | None) -> tuple[set[str], bool]:
    """The columns of a table that any move mentions while it is there, and whether one takes the whole row."""
    mentioned: set[str] = set()
    whole = False
    limit = script.place(before) if before is not None else len(script.every)
    for move in (move for move in script.moves() if script.place(move.statement) < limit):
        for query in move.every_query:
            mine = {source.alias for source in query.sources if source.name and source.name.same(name)}
            if mine:
                names, all_ = columns_named(query.span, mine, alone=len(query.sources) == 1)
                mentioned |= names
                whole = whole or all_
    return mentioned, whole


@asks(D08)
def arrives_twice(statement: Statement, script: Script) -> Iterator[Hit]:
    """A fold that finds its parent by something that several rows of the parent have."""
    move = script.move(statement)
    for query in move.every_query if move is not None else ():
        if query.aggregates:
            for link in correlations(query):
                yield from _attached_twice(script, query, link)


def _attached_twice(script: Script, query: Query, link: Correlation) -> Iterator[Hit]:
    parent = script.table(link.parent.name) if link.parent.name else None
    by = {other.parent_column for other in correlations(query) if other.parent == link.parent}
    if parent.has_key_in(by) if parent is not None else not _reaches_further(link):
        return
    count = _attached(script, link)
    if not count.is_none:
        yield Hit(
            f"rows of {link.child.name} go to every row of {link.parent.name} with the same {link.parent_column}: "
            f"{'some' if count.rows is None else count.rows} arrive more than once{count.told}",
            query.span.line,
            str(link.child.name),
            count.rows,
            Severity.ERROR if count.rows or parent is not None else None,
        )


def _reaches_further(link: Correlation) -> bool:
    """Whether the query itself finds another parent by this column, so that it is hardly its rows' own key."""
    here = (link.parent.alias, link.parent_column)
    return any(here in sides for source in link.outer.sources for sides in joined_on(source))


def _attached(script: Script, link: Correlation) -> Count:
    if not script.is_live or link.child.name is None or link.parent.name is None:
        return NO_DATABASE
    child, parent = script.sql_name(link.child.name), script.sql_name(link.parent.name)
    by, key = quoted_column(link.child_column), quoted_column(link.parent_column)
    return script.count(
        f"select count(*) from {child} c where c.{by} in "
        f"(select p.{key} from {parent} p group by p.{key} having count(*) > 1)"
    )


@asks(D08)
def multiplied_by_a_join(statement: Statement, script: Script) -> Iterator[Hit]:
    move = script.move(statement)
    for query in move.queries if move is not None and move.keeps_rows else ():
        if query.aggregates or query.clause("select").words()[:1] == ["distinct"] or query.first is None:
            continue
        wide = [source for source in query.sources[1:] if _may_multiply(script, source)]
        if not wide or query.first.name is None or move is None:
            continue
        count = _multiplied(script, move, query)
        if not count.is_none:
            yield Hit(
                f"{query.first.name} is joined with {wide[0].name} on no key of it: "
                f"{'rows may' if count.rows is None else f'{count.rows} rows'} arrive again{count.told}",
                query.span.line,
                str(wide[0].name),
                count.rows,
                Severity.ERROR if count.rows else None,
            )


def _may_multiply(script: Script, source: Source) -> bool:
    """Whether a join's condition names no whole key of a table whose keys are known; a cross join always."""
    if source.join == "cross":
        return source.name is not None
    table = script.table(source.name) if source.name else None
    by = {column for sides in joined_on(source) for alias, column in sides if alias == source.alias}
    using = source.on.words()[:1] == ["using"]
    return table is not None and not using and not table.has_key_in(by)


def _multiplied(script: Script, move: Move, query: Query) -> Count:
    if (
        not script.is_live
        or query.first is None
        or query.first.name is None
        or script.live_table(query.first.name) is None
    ):
        return NO_DATABASE
    rows = _with_row_ids(script, query).replace(" from ", " as r from ", 1)
    return script.count(f"{_withs(move)} select count(*) - count(distinct r) from ({rows}) k")


@asks(D09)
def no_parent_named(statement: Statement, script: Script) -> Iterator[Hit]:
    for query, link in _folds(statement, script):
        table = script.table(link.child.name) if link.child.name else None
        column = table.columns.get(link.child_column) if table else None
        if (column is not None and not column.nullable) or _handles_null(script, link):
            continue
        count = _counted(script, table, f"c.{quoted_column(link.child_column)} is null")
        if not count.is_none:
            yield Hit(
                f"rows of {link.child.name} whose {link.child_column} is NULL are folded nowhere"
                f"{'' if count.rows is None else f': {count.rows}'}{count.told}",
                query.span.line,
                str(link.child.name),
                count.rows,
                Severity.ERROR if count.rows else None,
            )


def _folds(statement: Statement, script: Script) -> Iterator[tuple[Query, Correlation]]:
    move = script.move(statement)
    for query in move.every_query if move is not None and move.keeps_rows else ():
        if query.aggregates and query.outer is not None:
            yield from ((query, link) for link in correlations(query) if link.child.name is not None)


def _handles_null(script: Script, link: Correlation) -> bool:
    return any(
        f"{link.child_column} is null" in query.where.plain
        for move in script.moves()
        for query in move.every_query
        if query.first is not None and query.first.name == link.child.name
    )


def _counted(script: Script, table: Table | None, condition: str) -> Count:
    if not script.is_live:
        return NO_DATABASE
    if table is None:
        return Count(None, "the table is not in the database")
    return script.count(f"select count(*) from {script.sql_name(table.name)} c where {condition}")


@asks(D10)
def parent_is_gone(statement: Statement, script: Script) -> Iterator[Hit]:
    for query, link in _folds(statement, script):
        table = script.table(link.child.name) if link.child.name else None
        if link.parent.name is None or (table is not None and table.refers_by(link.child_column)):
            continue
        parent, key = script.sql_name(link.parent.name), quoted_column(link.parent_column)
        by = f"c.{quoted_column(link.child_column)}"
        count = _counted(
            script, table, f"{by} is not null and not exists (select 1 from {parent} p where p.{key} = {by})"
        )
        if not count.is_none:
            yield Hit(
                f"no foreign key is known from {link.child.name}.{link.child_column}: "
                f"{'rows may have' if count.rows is None else f'{count.rows} rows have'} no {link.parent.name}{count.told}",
                query.span.line,
                str(link.child.name),
                count.rows,
                Severity.ERROR if count.rows else (None if table is not None else Severity.NOTE),
            )


@asks(D30)
def kinds_apart(statement: Statement, script: Script) -> Iterator[Hit]:
    move = script.move(statement)
    names = {
        each.name
        for query in (move.every_query if move and move.keeps_rows else ())
        for each in query.sources
    }
    for name in sorted((name for name in names if name is not None), key=str):
        table = script.table(name)
        if table is not None and table.oddities:
            yield Hit(f"{name} is {' and '.join(table.oddities)}", statement.line, str(name))
    if found := statement.search(r"\blo_(import|export|create|unlink|from_bytea) \("):
        yield Hit(f"lo_{found.group(1)} touches large objects", statement.line_of(found.start()))

"""What is destroyed, emptied or left unguarded: D19, D20, D21, D22, D23."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mainstem.consolidate.lint.catalog import NAME, Name
from mainstem.consolidate.lint.findings import Hit, Severity, Sight, asks, rule
from mainstem.consolidate.lint.live.counts import NO_DATABASE, Count
from mainstem.consolidate.lint.live.dependants import leans_on, used
from mainstem.consolidate.lint.script import Script
from mainstem.consolidate.lint.statements import Statement
from mainstem.consolidate.lint.tokens import Span

LIVE = (Sight.TEXT, Sight.LIVE)
_KINDS = (
    "table|view|materialized view|schema|database|type|domain|sequence|function|procedure|aggregate|extension|index|"
    "trigger|policy|rule|foreign table|publication|role|owned"
)
_DROP = re.compile(
    rf"drop (?P<kind>{_KINDS}) (?P<flags>(?:concurrently )?(?:if exists )?)(?P<names>{NAME}(?: , {NAME})*)"
)
_DROP_PART = re.compile(
    rf"\bdrop (?P<kind>column|constraint|default|identity|expression) ?(?:if exists )?(?P<name>{NAME})?"
)
_ALTERED = rf"alter (?:foreign )?table (?:if exists )?(?:only )?(?P<table>{NAME})"
_HOLD_DATA = (
    "table",
    "materialized view",
    "schema",
    "database",
    "foreign table",
    "owned",
    "extension",
    "type",
)
_ALWAYS = re.compile(r"where (\( )?(true|1 = 1|'' = '')( \))?( returning .*)?$")
_EMPTIES = re.compile(
    rf"(?:truncate (?:table )?|delete from )(?:only )?(?P<table>{NAME})|"
    rf"update (?:or \w+ )?(?:only )?(?P<updated>{NAME}) (?:as )?(?:\w+ )?set "
)

D19 = rule(
    "D19",
    "Something is dropped",
    why="What is dropped is gone, with its rows, or with the rule that kept them right; so is the way back.",
    remedy="Rename it, wait until nothing has used the old name for days, back it up with proof, then drop it with RESTRICT.",
    looks_at=LIVE,
    severity=Severity.ERROR,
)
D20 = rule(
    "D20",
    "CASCADE drops what nobody named",
    why="Views, foreign keys, and the default of another table whose sequence the old column owns go with it, silently.",
    remedy="RESTRICT, and drop each dependant by name; first ALTER SEQUENCE … OWNED BY NONE.",
    looks_at=LIVE,
    severity=Severity.ERROR,
    blind="Functions name tables in their text; PostgreSQL records no dependency, so no victim is known.",
)
D21 = rule(
    "D21",
    "Every row is emptied or changed",
    why="TRUNCATE, and DELETE or UPDATE without WHERE, leave no row as it was.",
    remedy="Say which rows, and move them aside first.",
    looks_at=LIVE,
    severity=Severity.ERROR,
)
D22 = rule(
    "D22",
    "Rows or columns are matched by luck",
    why="ON CONFLICT DO NOTHING drops whatever collides with any key; SELECT * and an INSERT without columns go by "
    "position; CREATE TABLE AS copies no key, default, NOT NULL, policy or grant.",
    remedy="ON CONFLICT (key) DO UPDATE; name the columns on both sides; CREATE TABLE first, then INSERT.",
    severity=Severity.ERROR,
)
D23 = rule(
    "D23",
    "A guard is switched off",
    why="Without triggers, foreign keys, row level security or the write-ahead log nothing keeps the rows right meanwhile.",
    remedy="Leave it on; if it must be off, inside one transaction that switches it on again.",
    severity=Severity.ERROR,
)


@asks(D19)
def dropped(statement: Statement, script: Script) -> Iterator[Hit]:
    if found := _DROP.match(statement.plain):
        for said in found["names"].split(" , "):
            name = Name.of(said)
            if not script.makes(name, before=statement):
                yield from _dropped(script, found["kind"], name)
    elif altered := statement.begins(_ALTERED):
        for part in _DROP_PART.finditer(statement.plain):
            yield _part_dropped(script, statement, Name.of(altered["table"]), part)


def _part_dropped(script: Script, statement: Statement, table: Name, part: re.Match[str]) -> Hit:
    what = f"{part['kind']} {part['name'] or ''}".strip()
    is_column = part["kind"] == "column"
    return Hit(
        f"{what} of {table} is dropped",
        statement.line_of(part.start()),
        part["name"] or "",
        _all(script, table).rows if is_column else None,
        Severity.ERROR if is_column else Severity.WARNING,
    )


def _dropped(script: Script, kind: str, name: Name) -> Iterator[Hit]:
    table = script.live_table(name) if kind in ("table", "view", "materialized view") else None
    if table is not None and table.kind.removeprefix("partitioned ") != kind:
        yield Hit(f"{name} is a {table.kind}, not a {kind}: the statement fails", object=str(name))
        return
    if kind not in _HOLD_DATA:
        yield Hit(f"{kind} {name} is dropped", object=str(name), severity=Severity.WARNING)
        return
    usage = used(script.postgres, name) if script.postgres is not None and table is not None else ""
    count = _all(script, name) if kind in ("table", "materialized view") else NO_DATABASE
    rows = "" if count.rows is None else f" with {count.rows} rows"
    yield Hit(
        f"{kind} {name} is dropped{rows}{usage}{count.told}",
        object=str(name),
        rows=count.rows,
        severity=Severity.WARNING if count.is_none else None,
    )


def _all(script: Script, name: Name) -> Count:
    table = script.live_table(name)
    if table is None:
        return Count(None, "there is no such table now") if script.is_live else NO_DATABASE
    return script.count(f"select count(*) from {script.sql_name(table.name)}")


@asks(D20)
def cascaded(statement: Statement, script: Script) -> Iterator[Hit]:
    is_meant = statement.begins(r"drop |truncate |alter ") and statement.search(r"\bcascade\b")
    if not is_meant or statement.search(r"\bon (delete|update) cascade\b"):
        return
    victims: list[str] = []
    found = _DROP.match(statement.plain)
    names = (
        found["names"].split(" , ")
        if found and found["kind"] in ("table", "view", "materialized view")
        else []
    )
    for said in names if script.postgres is not None else ():
        victims += leans_on(script.postgres, Name.of(said)) if script.postgres is not None else []
    told = (
        f": {', '.join(victims)}"
        if victims
        else (": nothing now" if names and script.postgres is not None else "")
    )
    yield Hit(
        f"CASCADE takes whatever depends on it{told}",
        object=", ".join(names),
        rows=len(victims) if told else None,
    )


@asks(D21)
def emptied(statement: Statement, script: Script) -> Iterator[Hit]:
    for span in statement.changes():
        found = _EMPTIES.match(span.plain)
        if found is None or _says_which(span):
            continue
        name = Name.of(found["table"] or found["updated"])
        count = _all(script, name)
        if not script.makes(name, before=statement) and not count.is_none:
            rows = "every row" if count.rows is None else f"all {count.rows} rows"
            message = f"{span[0].plain.upper()} touches {rows} of {name}{count.told}"
            yield Hit(message, span.line, str(name), count.rows)


def _says_which(span: Span) -> bool:
    words = [token.plain for _, token in span.level()]
    return words[0] != "truncate" and "where" in words and not _ALWAYS.search(span.plain)


@asks(D22)
def by_luck(statement: Statement, script: Script) -> Iterator[Hit]:
    if found := statement.search(r"\bon conflict (\( [^()]* \) )?(on constraint \S+ )?do nothing\b"):
        severity = None if script.move(statement) is not None else Severity.WARNING
        yield Hit(
            "ON CONFLICT DO NOTHING drops what collides",
            statement.line_of(found.start()),
            _filled(statement),
            severity=severity,
        )
    if found := statement.begins(r"insert or (ignore|replace)\b|replace into\b"):
        yield Hit(f"{found.group().upper()} drops what collides", object=_filled(statement))
    move = script.move(statement)
    if move is None:
        return
    if move.kind == "table":
        yield Hit(
            f"{move.target} is made by a query: without keys, defaults, NOT NULL, policies, grants",
            object=str(move.target),
        )
    if move.kind == "insert" and any(item.is_star for query in move.queries for item in query.items):
        yield Hit(f"SELECT * goes into {move.target} by position", object=str(move.target))
    elif move.kind == "insert" and not move.columns:
        yield Hit(f"the columns of {move.target} are not named", object=str(move.target))


def _filled(statement: Statement) -> str:
    found = statement.search(rf"\binto ({NAME})")
    return str(Name.of(found.group(1))) if found else ""


_GUARDS = (
    (
        r"\bset (?:session |local )?session_replication_role (?:to |= )(?:''|replica|local)",
        "triggers and foreign keys are off",
    ),
    (r"\bdisable (?:trigger|rule)\b", "a trigger is off"),
    (r"\b(?:disable|no force) row level security\b", "row level security is off"),
    (r"^alter table .* set unlogged\b", "a crash empties the table"),
    (
        r"^pragma (?:ignore_check_constraints|writable_schema) = (?:on|1|true|yes)",
        "constraints are not checked",
    ),
)


@asks(D23)
def guard_off(statement: Statement, script: Script) -> Iterator[Hit]:
    is_own = (found := statement.begins(rf"alter table (?:only )?({NAME})")) and script.makes(
        Name.of(found.group(1)), before=statement
    )
    for pattern, told in _GUARDS:
        said = statement.search(pattern)
        if said and not is_own and "origin" not in statement.span[-1].value:
            yield Hit(told, statement.line_of(said.start()))

"""SQLite's own ways to lose rows: Q03, Q04, Q05, Q06, Q09, and the stale log of Q02 beside a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.lint.catalog import NAME, Name
from mainstem.consolidate.lint.findings import Hit, Severity, Sight, asks, rule
from mainstem.consolidate.lint.live.sqlite import SqliteLive, identifier
from mainstem.consolidate.lint.rules.programs import Q02
from mainstem.consolidate.lint.script import Script
from mainstem.consolidate.lint.statements import Statement
from mainstem.consolidate.lint.tokens import Kind

Q03 = rule(
    "Q03",
    "A table is rebuilt while foreign keys act",
    why="DROP TABLE deletes its rows first: children go by ON DELETE CASCADE. PRAGMA foreign_keys inside a transaction does nothing.",
    remedy="PRAGMA foreign_keys = OFF before BEGIN, foreign_key_check before COMMIT.",
    looks_at=(Sight.SCRIPT, Sight.FILE),
)
Q04 = rule(
    "Q04",
    "A rebuilt table lacks what the old one had",
    why="CREATE TABLE AS copies no key, NOT NULL or default; a rebuild loses indexes, triggers, views and the AUTOINCREMENT mark.",
    remedy="CREATE TABLE in full, INSERT with named columns, then each index and trigger from sqlite_schema, and sqlite_sequence.",
    looks_at=(Sight.SCRIPT, Sight.LIVE),
    severity=Severity.ERROR,
)
Q05 = rule(
    "Q05",
    "A column holds other types than it says",
    why="SQLite stores what it is given: text in INTEGER columns, numbers beyond 64 bits as REAL, infinity, NUL in text, a thirteenth month.",
    remedy="Look at typeof() by column and decide on each kind; cast nothing that was not looked at. PostgreSQL takes no NUL.",
    looks_at=(Sight.TEXT, Sight.FILE),
)
Q06 = rule(
    "Q06",
    "Keys and literals that only SQLite takes so",
    why='A "double-quoted" default may be a string; NULL stands in primary keys that are not INTEGER; NOCASE keys and tables without a key compare otherwise elsewhere.',
    remedy="Quote strings with ', give each table a key that is NOT NULL, look for keys equal but for case.",
    looks_at=(Sight.TEXT, Sight.FILE),
)
Q09 = rule(
    "Q09",
    "A file that nobody checked",
    why="A rebuild may leave rows without parents or a broken index; quick_check does not look at indexes.",
    remedy="PRAGMA foreign_key_check and PRAGMA integrity_check before and after.",
    looks_at=(Sight.SCRIPT, Sight.FILE),
    blind="Neither notices a restore that a stale -wal undid (Q02): only counts and digests do.",
)
_KEYS_OFF = r"pragma (?:main\.)?foreign_keys (?:= |\( )(?:off|0|false|no)\b"


def rebuilt(script: Script) -> Iterator[tuple[Statement, Name]]:
    """The old tables that a SQLite script drops, mostly to put another one in their place."""
    for leaves, name in script.leaves if script.dialect is Dialect.SQLITE else ():
        if leaves.begins("drop table"):
            yield leaves, name


@asks(Q03, Sight.SCRIPT)
def keys_act(script: Script) -> Iterator[Hit]:
    for leaves, name in rebuilt(script):
        off = [each for each in script.before(leaves) if each.begins(_KEYS_OFF)]
        if off and script.transaction(off[-1]) == 0:
            continue
        children = _children(script, name) if script.sqlite is not None else []
        if script.sqlite is not None and not children:
            continue
        told = "switched off inside a transaction, where that does nothing" if off else "not switched off"
        yield Hit(
            f"{name} is dropped with foreign keys {told}{': ' + ', '.join(children) if children else ''}",
            leaves.line,
            str(name),
            severity=Severity.ERROR if off or children else None,
        )


def _children(script: Script, name: Name) -> list[str]:
    live = script.sqlite
    tables = live.tables() if live is not None else []
    return [
        f"{table} refers to it"
        for table in tables
        if (known := script.live_table(Name(table)))
        and any(to.lower() == name.name.lower() for _, to in known.references)
    ]


@asks(Q04, Sight.SCRIPT)
def rebuilt_with_less(script: Script) -> Iterator[Hit]:
    if script.dialect is not Dialect.SQLITE:
        return
    for move in script.moves():
        if move.kind == "table":
            yield Hit(
                f"{move.target} is made by a query: without keys, NOT NULL and defaults",
                move.statement.line,
                str(move.target),
            )
    replaced = {id(swap.leaves) for swap in script.swaps}
    for leaves, name in rebuilt(script):
        if id(leaves) not in replaced:
            continue  # dropped for good: D19
        later = [each.plain for each in script.after(leaves)]
        if script.sqlite is not None:
            lost = [
                kind_ and f"{kind_} {own}"
                for kind_, own in _belongings(script.sqlite, name)
                if not any(_makes(each, own) for each in later)
            ]
            if lost:
                yield Hit(f"{name} had {', '.join(lost)}", leaves.line, str(name), len(lost))
        elif not any(re.match(r"create (unique )?(index|trigger|view)\b", each) for each in later):
            yield Hit(
                f"{name} is dropped, and no index, trigger or view is made after it",
                leaves.line,
                str(name),
                severity=Severity.WARNING,
            )


def _makes(plain: str, own: str) -> bool:
    return bool(
        re.match(
            rf"create (?:unique )?(?:temp )?(?:index|trigger|view) (?:if not exists )?{re.escape(own.lower())}\b|.*sqlite_sequence",
            plain,
        )
    )


def _belongings(live: SqliteLive, name: Name) -> list[tuple[str, str]]:
    found = live.ask(
        "select type, name from sqlite_schema where sql is not null and "
        "((type in ('index', 'trigger') and lower(tbl_name) = lower(?1)) or (type = 'view' and lower(sql) like '%' || lower(?1) || '%')) order by 1, 2",
        [name.name],
    )
    counted = live.ask(
        "select 1 from sqlite_schema where lower(name) = lower(?) and lower(sql) like '%autoincrement%'",
        [name.name],
    )
    return [(str(kind), str(own)) for kind, own in found] + (
        [("the mark", "sqlite_sequence")] if counted else []
    )


@asks(Q05)
def cast_unseen(statement: Statement, script: Script) -> Iterator[Hit]:
    if script.dialect is Dialect.SQLITE and script.move(statement) is not None:
        for found in re.finditer(r"cast \( (\S+) as (integer|int|real|numeric|bigint)\b", statement.plain):
            yield Hit(
                f"CAST({found.group(1)} AS {found.group(2)}) makes a number of any text",
                statement.line_of(found.start()),
                found.group(1),
            )


_TAKES = {
    "integer": ("integer", "null"),
    "text": ("text", "null"),
    "real": ("real", "integer", "null"),
    "blob": ("blob", "null"),
    "numeric": ("integer", "real", "null"),
}


def affinity(type_: str) -> str:
    """A declared type's affinity, as SQLite decides it; boolean, date and time are told apart from numbers."""
    for kind, pattern in (
        ("integer", "int"),
        ("text", "char|clob|text"),
        ("blob", "blob|^$"),
        ("real", "real|floa|doub"),
        ("time", "date|time"),
    ):
        if re.search(pattern, type_):
            return kind
    return "numeric"


@asks(Q05, Sight.FILE)
def other_types(live: SqliteLive) -> Iterator[Hit]:
    for table in live.tables():
        known = live.table(Name(table))
        for column in known.columns.values() if known else ():
            yield from _types_in(live, table, column.name, column.type)
            yield from _no_text(live, table, column.name)


def _types_in(live: SqliteLive, table: str, column: str, declared: str) -> Iterator[Hit]:
    c, t = identifier(column), identifier(table)
    found = {
        str(kind): int(rows)
        for kind, rows in live.ask(f"select typeof({c}), count(*) from {t} group by 1 order by 2 desc")
    }
    kind = affinity(declared)
    told = ", ".join(f"{rows} {name}" for name, rows in found.items())
    apart = (
        [name for name in found if name not in (_TAKES.get(kind) or ("text", "null"))]
        if kind != "blob"
        else []
    )
    if kind == "time" and len([name for name in found if name != "null"]) == 1:
        apart = [name for name in apart if name != "integer"]
        numbers = found.get("integer", 0)
        yield from (
            [
                Hit(
                    f"{table}.{column} ({declared}) holds numbers, not times",
                    object=f"{table}.{column}",
                    rows=numbers,
                )
            ]
            if numbers
            else []
        )
    if apart:
        yield Hit(
            f"{table}.{column} ({declared or 'no type'}) holds {told}",
            object=f"{table}.{column}",
            rows=sum(found[name] for name in apart),
        )


def _no_text(live: SqliteLive, table: str, column: str) -> Iterator[Hit]:
    c, t = identifier(column), identifier(table)
    [(nul, infinite)] = live.ask(
        f"select coalesce(sum(typeof({c}) = 'text' and instr({c}, char(0)) > 0), 0), coalesce(sum(typeof({c}) = 'real' and abs({c}) > 1.7976931348623157e308), 0) from {t}"
    )
    for rows, what in (
        (nul, "text with a NUL in it, which PostgreSQL does not take"),
        (infinite, "infinity"),
    ):
        if rows:
            yield Hit(
                f"{table}.{column} holds {what}",
                object=f"{table}.{column}",
                rows=int(rows),
                severity=Severity.ERROR,
            )


@asks(Q06)
def quoted_default(statement: Statement, script: Script) -> Iterator[Hit]:
    if script.dialect is not Dialect.SQLITE:
        return
    for place, token in enumerate(statement.span):
        if token.kind is Kind.QUOTED and place and statement.span[place - 1].plain in ("default", "="):
            yield Hit(f"{token.text} is a name to everybody else, a string here", token.line, token.value)
    if found := statement.search(
        rf"create table .* without rowid|create unique index .* collate nocase|({NAME}) [^,]* (?:unique|primary key)[^,]* collate nocase"
    ):
        yield Hit(
            "keys compare otherwise elsewhere: "
            + ("WITHOUT ROWID" if "rowid" in found.group() else "NOCASE"),
            statement.line_of(found.start()),
        )


@asks(Q06, Sight.FILE)
def odd_keys(live: SqliteLive) -> Iterator[Hit]:
    for table in live.tables():
        known = live.table(Name(table))
        [(sql,)] = live.ask(
            "select coalesce(sql, '') from sqlite_schema where name = ? and type = 'table'", [table]
        )
        if known is not None and not known.primary:
            yield Hit(f"{table} has no primary key, only SQLite's rowid", object=table)
        for column in known.primary if known is not None else ():
            nulls = live.count(
                f"select count(*) from {identifier(table)} where {identifier(column)} is null"
            ).rows
            yield from (
                [
                    Hit(
                        f"{table}.{column} is NULL in its primary key",
                        object=table,
                        rows=nulls,
                        severity=Severity.ERROR,
                    )
                ]
                if nulls
                else []
            )
        if re.search(r'default\s+"', str(sql), re.IGNORECASE):
            yield Hit(f"a default of {table} is in double quotes", object=table)
        if re.search(r"collate\s+nocase|without\s+rowid", str(sql), re.IGNORECASE):
            yield Hit(
                f"{table} has keys that compare otherwise elsewhere (NOCASE, WITHOUT ROWID)", object=table
            )


@asks(Q09, Sight.SCRIPT)
def unchecked(script: Script) -> Iterator[Hit]:
    changed = next((leaves for leaves, _ in rebuilt(script)), None)
    checks = [
        check
        for check in ("foreign_key_check", "integrity_check")
        if not any(each.begins(rf"pragma (?:main\.)?{check}\b") for each in script.every)
    ]
    if changed is not None and checks:
        yield Hit(f"after the rebuild nobody runs {' and '.join(checks)}", changed.line)


@asks(Q09, Sight.FILE)
def broken(live: SqliteLive) -> Iterator[Hit]:
    orphans = live.ask("pragma foreign_key_check")
    for table in sorted({str(row[0]) for row in orphans}):
        rows = [row for row in orphans if row[0] == table]
        yield Hit(
            f"{len(rows)} rows of {table} refer to a {rows[0][2]} that is not there",
            object=table,
            rows=len(rows),
            severity=Severity.ERROR,
        )
    said = [str(row[0]) for row in live.ask("pragma integrity_check")]
    if said != ["ok"]:
        yield Hit(f"integrity_check: {said[0]}", rows=len(said), severity=Severity.ERROR)


@asks(Q02, Sight.FILE)
def stale_log(live: SqliteLive) -> Iterator[Hit]:
    beside = live.path.with_name(live.path.name + "-wal")
    if beside.exists() and beside.stat().st_size > 0:
        size = beside.stat().st_size
        yield Hit(
            f"{beside.name} ({size} bytes) lies beside the file: a file copied over it is undone by it",
            object=str(live.path),
        )

"""Locks that stop the readers or writers of a PostgreSQL database: L01 to L09."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.lint.catalog import NAME, Name
from mainstem.consolidate.lint.findings import Hit, Severity, Sight, asks, rule
from mainstem.consolidate.lint.live.postgres import PostgresLive
from mainstem.consolidate.lint.script import Script
from mainstem.consolidate.lint.statements import Statement
from mainstem.consolidate.lint.tokens import Span

LIVE = (Sight.TEXT, Sight.LIVE)
FEW_ROWS = 10_000
_ON_TABLE = (
    rf"alter table (?:if exists )?(?:only )?(?P<table>{NAME})",
    rf"drop (?:table|view|materialized view|index) (?:if exists )?(?P<table>{NAME})",
    rf"truncate (?:table )?(?:only )?(?P<table>{NAME})",
    rf"lock (?:table )?(?:only )?(?P<table>{NAME})",
    rf"create (?:unique )?index (?!concurrently).*? on (?:only )?(?P<table>{NAME})",
    rf"create (?:or replace )?(?:constraint )?trigger .* on (?P<table>{NAME})",
    rf"(?:cluster|reindex table|vacuum full|refresh materialized view) (?!concurrently)(?P<table>{NAME})",
    rf"(?:create|alter|drop) policy .* on (?P<table>{NAME})",
)
_KEPT_DEFAULTS = frozenset(
    [
        "now",
        "current_timestamp",
        "transaction_timestamp",
        "statement_timestamp",
        "current_date",
        "localtimestamp",
        "nextval",
    ]
)

L01 = rule(
    "L01",
    "A strong lock without a time limit",
    why="A waiting ACCESS EXCLUSIVE lock queues every reader behind it, for as long as the oldest query runs.",
    remedy="SET lock_timeout = '300ms' and SET statement_timeout first, and try again when it is refused.",
)
L02 = rule(
    "L02",
    "An index made or dropped while writers wait",
    why="CREATE INDEX and REINDEX keep writers out until they are done; DROP INDEX keeps everybody out. A failed concurrent one leaves an invalid index.",
    remedy="CONCURRENTLY, outside of a transaction; afterwards look for invalid indexes.",
    looks_at=(Sight.TEXT, Sight.SERVER),
)
L03 = rule(
    "L03",
    "A constraint that is checked at once",
    why="Every row is read under a lock that keeps writers, or everybody, out.",
    remedy="ADD CONSTRAINT … NOT VALID, then VALIDATE in a transaction of its own; UNIQUE USING INDEX for one made CONCURRENTLY.",
)
L04 = rule(
    "L04",
    "SET NOT NULL reads the whole table",
    why="Under ACCESS EXCLUSIVE, unless a validated CHECK already says so.",
    remedy="ADD CHECK (column IS NOT NULL) NOT VALID, VALIDATE, SET NOT NULL, DROP the CHECK; from 18 on ADD NOT NULL … NOT VALID.",
    looks_at=LIVE,
)
L05 = rule(
    "L05",
    "The table is written anew",
    why="A volatile default, a stored generated column, a serial or another type rewrites every row under ACCESS EXCLUSIVE.",
    remedy="Add the column without it, fill it in batches, set the default afterwards.",
)
L06 = rule(
    "L06",
    "A name that running code uses goes away",
    why="Between the migration and the restart of the last old process, its statements fail.",
    remedy="Keep the old name alive: a view over the new table, both columns until the old code is gone.",
)
L07 = rule(
    "L07",
    "CREATE TRIGGER keeps writers out",
    why="It takes SHARE ROW EXCLUSIVE: it waits for every writer, and every later one waits for it.",
    remedy="One table a transaction, with lock_timeout and retries.",
)
L08 = rule(
    "L08",
    "A whole table is locked",
    why="LOCK TABLE, CLUSTER, VACUUM FULL and REFRESH without CONCURRENTLY stop its readers for as long as they run.",
    remedy="REFRESH … CONCURRENTLY; plain VACUUM; a lock only in a short transaction with lock_timeout.",
)
L09 = rule(
    "L09",
    "Unbounded work in one transaction",
    why="Row locks, WAL and dead rows of the whole table at once; replicas fall behind and VACUUM cannot clean meanwhile.",
    remedy="Batches by key (WHERE id > … AND id <= …), each committed, with a pause.",
    looks_at=LIVE,
    blind="Without a database it goes by whether the WHERE bounds a key.",
)


def strongly_locked(statement: Statement, script: Script) -> Name | None:
    """The table of others that a statement locks against their readers or writers; None when it locks none."""
    if script.dialect is Dialect.SQLITE or statement.search(r"\bconcurrently\b"):
        return None
    for pattern in _ON_TABLE:
        if found := statement.begins(pattern):
            name = Name.of(found["table"])
            return None if script.makes(name, before=statement) else name
    return None


@asks(L01, Sight.SCRIPT)
def endless_wait(script: Script) -> Iterator[Hit]:
    for statement in script.every:
        if (name := strongly_locked(statement, script)) is not None:
            missing = [
                each
                for each in ("lock_timeout", "statement_timeout")
                if not script.has_set(each, statement, "(?!0$).+")
            ]
            if missing:
                yield Hit(
                    f"{' and '.join(missing)} not set before {name} is locked", statement.line, str(name)
                )
            return


@asks(L02)
def index_blocks(statement: Statement, script: Script) -> Iterator[Hit]:
    made = statement.begins(
        rf"create (?:unique )?index (?!concurrently\b)(?:if not exists )?(?:(?!on ){NAME} )?on (?:only )?(?P<table>{NAME})"
    )
    dropped = statement.begins(
        rf"(?:drop|reindex) (?:index|table|schema|database) (?!concurrently\b)(?:if exists )?(?P<table>{NAME})"
    )
    if (
        made
        and script.dialect is Dialect.POSTGRES
        and not script.makes(Name.of(made["table"]), before=statement)
    ):
        yield Hit(f"writers of {made['table']} wait until the index is made", object=made["table"])
    elif dropped and statement.begins(r"reindex|drop index") and script.dialect is Dialect.POSTGRES:
        yield Hit(
            f"{statement.plain.split()[0].upper()} {dropped['table']} without CONCURRENTLY",
            object=dropped["table"],
        )


_ADDED = re.compile(
    rf"\badd (?:constraint {NAME} )?(?P<kind>foreign key|check|unique|primary key|exclude) (?P<rest>.*?)(?= , (?:add|alter|drop|validate) |$)"
)


@asks(L03)
def checked_at_once(statement: Statement, script: Script) -> Iterator[Hit]:
    altered = statement.begins(rf"alter table (?:if exists )?(?:only )?({NAME})")
    if altered is None or script.makes(Name.of(altered.group(1)), before=statement):
        return
    for found in _ADDED.finditer(statement.plain):
        if "not valid" not in found["rest"] and not found["rest"].startswith("using index"):
            yield Hit(
                f"{found['kind'].upper()} on {altered.group(1)} is checked for every row",
                statement.line_of(found.start()),
                altered.group(1),
            )
    if inline := statement.search(
        rf"\badd (?:column )?(?!constraint |foreign )(?:if not exists )?{NAME} [^,]*\breferences {NAME}"
    ):
        yield Hit(
            f"a column of {altered.group(1)} with a foreign key",
            statement.line_of(inline.start()),
            altered.group(1),
        )


@asks(L04)
def not_null_at_once(statement: Statement, script: Script) -> Iterator[Hit]:
    altered = statement.begins(rf"alter table (?:if exists )?(?:only )?({NAME})")
    for found in re.finditer(rf"alter (?:column )?({NAME}) set not null", statement.plain) if altered else ():
        name, column = Name.of(altered.group(1) if altered else ""), found.group(1)
        is_checked = any(
            re.search(
                rf"check \( \( ?{column} is not null|check \( {column} is not null|not null {column}\b",
                each.plain,
            )
            for each in script.before(statement)
        ) and any("validate constraint" in each.plain for each in script.before(statement))
        if (
            not is_checked
            and not script.makes(name, before=statement)
            and not _is_checked_live(script, name, column)
        ):
            yield Hit(
                f"every row of {name} is read to see that {column} is not NULL",
                statement.line_of(found.start()),
                f"{name}.{column}",
            )


def _is_checked_live(script: Script, name: Name, column: str) -> bool:
    oid = script.postgres.oid(name) if script.postgres is not None else None
    if oid is None or script.postgres is None:
        return False
    [(is_checked,)] = script.postgres.ask(
        "select exists (select from pg_constraint where conrelid = %s and contype = 'c' and convalidated "
        "and pg_get_constraintdef(oid) ~* ('\\(+' || %s || ' is not null\\)+'))",
        [oid, column],
    )
    return bool(is_checked)


@asks(L05)
def rewritten(statement: Statement, script: Script) -> Iterator[Hit]:
    altered = statement.begins(rf"alter table (?:if exists )?(?:only )?({NAME})")
    if (
        altered is None
        or script.makes(Name.of(altered.group(1)), before=statement)
        or script.dialect is Dialect.SQLITE
    ):
        return
    for part in statement.span[len(altered.group().replace(".", " . ").split()) :].parts():
        plain = part.plain
        if found := re.match(rf"add (?:column )?(?:if not exists )?({NAME}) (.*)", plain):
            if plain.startswith(
                ("add constraint", "add check", "add foreign", "add unique", "add primary", "add exclude")
            ):
                continue
            yield from _filling(part.line, found.group(1), found.group(2))
        elif (
            found := re.match(rf"alter (?:column )?({NAME}) (?:set data )?type (.*)", plain)
        ) and not _is_kept_type(script, altered.group(1), found):
            yield Hit(
                f"{found.group(1)} gets another type: the table is written anew", part.line, found.group(1)
            )


def _filling(line: int, column: str, rest: str) -> Iterator[Hit]:
    default = re.search(r"\bdefault (.*)", rest)
    called = re.findall(r"(\w+) \(", default.group(1)) if default else []
    if re.search(r"\b(big|small)?serial\b", rest) or "as identity" in rest:
        yield Hit(f"{column} counts: every row is written anew", line, column)
    elif re.search(r"generated always as \(.*\bstored\b", rest):
        yield Hit(f"{column} is stored: every row is written anew", line, column)
    elif volatile := [
        name for name in called if name not in _KEPT_DEFAULTS and name not in ("check", "numeric", "varchar")
    ]:
        yield Hit(f"{column} defaults to {volatile[0]}(), another value for every row", line, column)


def _is_kept_type(script: Script, table: str, found: re.Match[str]) -> bool:
    """Whether the new type reads the old bytes: text, or a longer varchar."""
    known = script.table(Name.of(table))
    column = known.columns.get(Name.of(found.group(1)).name) if known else None
    old = column.type if column is not None else ""
    new = found.group(2).split(" using ")[0]
    is_text = re.match(r"(text|varchar|character varying)\b", new) is not None
    if not is_text or not re.match(r"(text|varchar|character varying)", old):
        return False
    had, has = re.findall(r"\d+", old), re.findall(r"\d+", new)
    return not has or (bool(had) and int(has[0]) >= int(had[0]))


_RENAMES = (
    (
        rf"alter (?:table|view|materialized view) (?:if exists )?(?P<name>{NAME}) rename to (?P<to>{NAME})",
        "is renamed to {to}",
    ),
    (
        rf"alter table (?:if exists )?(?P<name>{NAME}) rename (?:column )?(?!to |constraint )(?P<to>{NAME}) to ",
        "loses its column {to}",
    ),
    (
        rf"alter (?:table|view|function|type) (?:if exists )?(?P<name>{NAME})(?: \( .* \))? set schema (?P<to>{NAME})",
        "moves to the schema {to}",
    ),
    (rf"create or replace (?:temp )?view (?P<name>{NAME})(?P<to>)", "gets another definition"),
)


@asks(L06)
def renamed(statement: Statement, script: Script) -> Iterator[Hit]:
    for pattern, told in _RENAMES:
        found = statement.begins(pattern)
        if (
            found is None
            or script.makes(Name.of(found["name"]), before=statement)
            or _is_kept_alive(script, statement, found)
        ):
            continue
        yield Hit(f"{found['name']} {told.format(to=found['to'])}", object=found["name"])


def _is_kept_alive(script: Script, statement: Statement, found: re.Match[str]) -> bool:
    """Whether something takes the old name at once, in the same transaction."""
    old = Name.of(found["name"])
    number = script.transaction(statement)
    later = [
        made
        for each, made, _ in script.made
        if each in script.after(statement) and script.transaction(each) == number
    ]
    return (number > 0 and any(made.name == old.name for made in later)) or (
        "or replace" in found.group() and script.postgres is not None and script.live_table(old) is None
    )


@asks(L07)
def trigger_made(statement: Statement, script: Script) -> Iterator[Hit]:
    found = statement.begins(
        rf"create (?:or replace )?(?:constraint )?trigger .*? on ({NAME})(?! update| delete)"
    )
    if found and script.dialect is Dialect.POSTGRES and "instead of" not in statement.plain:
        name = Name.of(found.group(1))
        if not script.makes(name, before=statement):
            yield Hit(f"writers of {name} wait", object=str(name))


@asks(L08)
def table_locked(statement: Statement, script: Script) -> Iterator[Hit]:
    found = statement.begins(
        rf"(?P<what>lock table|lock|cluster|vacuum \( ?full[^)]*\)|vacuum full|refresh materialized view(?! concurrently)) (?:verbose )?(?:only )?(?P<name>{NAME})"
    )
    if found and not script.makes(Name.of(found["name"]), before=statement):
        yield Hit(f"{found['what'].upper()} locks {found['name']}", object=found["name"])


_CHANGED = re.compile(rf"(?:update (?:or \w+ )?|delete from )(?:only )?(?P<table>{NAME})")
_BOUNDED = re.compile(
    r"\bbetween\b|= any \(|\bin \( (?!select)|\blimit \d|\bctid\b|\b\w*id = |\b\w*(?:id|key) in \( select .* limit |<=? (?:\d|''|[$:%]).*>=? |>=? (?:\d|''|[$:%]).*<=? "
)


@asks(L09)
def unbounded(statement: Statement, script: Script) -> Iterator[Hit]:
    found = [(span, said) for span in statement.changes() if (said := _CHANGED.match(span.plain))]
    move = script.move(statement)
    first = move.queries[0].first if move is not None and move.kind == "insert" and move.queries else None
    is_table = first is not None and not (move is not None and f"{first.alias} as" in move.ctes.lower())
    copied = first.name if first is not None and is_table else None
    name = Name.of(found[0][1].group("table")) if found else copied
    bounds = found[0][0] if found else statement.span
    if name is None or script.makes(name) or _is_bounded(bounds) or script.dialect is Dialect.SQLITE:
        return
    live = script.postgres
    rows = live.planned_rows(statement.span.text, path=script.search_path) if live is not None else None
    if rows is None or rows > FEW_ROWS:
        told = "" if rows is None else f", about {rows}"
        yield Hit(
            f"{bounds[0].plain.upper()} takes all it finds of {name} at once{told}",
            object=str(name),
            rows=rows,
        )


def _is_bounded(span: Span) -> bool:
    words = [token.plain for _, token in span.level()]
    place = span.plain.find(" where ")
    return "limit" in words or (place >= 0 and _BOUNDED.search(span.plain[place:]) is not None)


@asks(L02, Sight.SERVER)
def invalid_index(live: PostgresLive) -> Iterator[Hit]:
    found = live.ask(
        "select indexrelid::regclass::text, indrelid::regclass::text from pg_index where not indisvalid and indrelid >= 16384 "
        "and not exists (select from pg_stat_progress_create_index p where p.index_relid = indexrelid) order by 1"
    )
    for index, table in found:
        yield Hit(
            f"{index} on {table} is invalid: a concurrent build failed",
            object=index,
            remedy=f"REINDEX INDEX CONCURRENTLY {index}, or drop it",
            severity=Severity.WARNING,
        )

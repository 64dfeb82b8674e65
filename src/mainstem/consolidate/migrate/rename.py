"""A column's new name, with the old one kept alive: the table steps back, and a writable view with both takes its name.

PostgreSQL rewrites what is done to such a view by itself, RETURNING and ON CONFLICT included. SQLite needs triggers:
defaults are applied where NULL arrives, and a view's rows are not counted as changed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.sql import SQL, Composable, Identifier

from mainstem.consolidate.backup import Postgres, Sqlite, Target
from mainstem.consolidate.backup.digests import quoted
from mainstem.consolidate.backup.target import pinned, reading
from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.migrate.checks import Renames
from mainstem.consolidate.migrate.statements import Statement, split
from mainstem.errors import RenameRefused

MARK = "-- mainstem migrate rename "
SUFFIX = "_data"

_RELATION: LiteralString = """
select n.nspname, c.relname, c.relkind, c.relowner::regrole::text,
       array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum),
       array(select format('%%s to %%s', x.privilege_type, coalesce(nullif(x.grantee, 0)::regrole::text, 'public'))
               from aclexplode(c.relacl) x where x.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE') and x.grantee <> c.relowner)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass(%s)
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a SQLite table, as its view's triggers need it."""

    name: str
    default: str | None
    key: int
    is_generated: bool


def script(target: Target, table: str, old: str, new: str) -> str:
    """The migration, as SQL that the other verbs take. Raises RenameRefused."""
    if isinstance(target, Sqlite):
        with reading(target.path) as conn:
            return _sqlite(conn, table, old, new)
    return _postgres(target, table, old, new)


def renames_of(statements: Sequence[Statement]) -> Renames:
    """What a script says that it renames, in the notes above its statements."""
    tables: dict[str, str] = {}
    columns: dict[tuple[str, str], str] = {}
    for statement in statements:
        for line in statement.note.splitlines():
            if line.startswith(MARK):
                table, data, old, new = json.loads(line.removeprefix(MARK))
                tables[table] = data
                columns[table, old] = new
    return Renames(tables, columns)


def _postgres(target: Postgres, table: str, old: str, new: str) -> str:
    with pinned(target) as conn:
        conn.execute("reset search_path")
        row = conn.execute(_RELATION, [table]).fetchone()
        schema, name, kind, owner, columns, grants = row or ("", table, "", "", [], [])
        _refuse_names(table, old, new, columns, is_table=kind in {"r", "p"})
        data = name + SUFFIX
        statements = [
            SQL("alter table {} rename column {} to {}").format(Identifier(schema, name), *map(Identifier, (old, new))),
            SQL("alter table {} rename to {}").format(Identifier(schema, name), Identifier(data)),
            SQL("create view {} with (security_invoker = true) as select {}, {} as {} from {}").format(
                Identifier(schema, name),
                SQL(", ").join(Identifier(new if column == old else column) for column in columns),
                Identifier(new), Identifier(old), Identifier(schema, data),
            ),
            SQL("alter view {} owner to ").format(Identifier(schema, name)) + _raw(owner),
            *(SQL("grant {} on {} to {}").format(_raw(right), Identifier(schema, name), _raw(to))
              for right, to in (grant.split(" to ", 1) for grant in grants)),
        ]  # fmt: skip
        texts = [statement.as_string(conn) for statement in statements]
        mark = [_shown(conn, schema, name), _shown(conn, schema, data), _shown(conn, old), _shown(conn, new)]
    return f"{MARK}{json.dumps(mark)}\n" + "".join(f"{text};\n" for text in texts)


def _raw(text: str) -> Composable:
    """A name that the catalog gave already quoted."""
    return SQL(text)


def _shown(conn: psycopg.Connection[Any], *parts: str) -> str:
    """As the catalog's own quoting has it."""
    [(text,)] = conn.execute(
        "select string_agg(quote_ident(part), '.' order by number) from unnest(%s::text[]) with ordinality as t (part, number)",
        [list(parts)],
    ).fetchall()
    return str(text)


def _sqlite(conn: sqlite3.Connection, table: str, old: str, new: str) -> str:
    found = conn.execute(
        "select name, type from sqlite_master where lower(name) = lower(?) and type in ('table', 'view')", [table]
    ).fetchone()  # fmt: skip
    name, kind = found or (table, "")
    columns = [
        Column(row[1], row[4], row[5], row[6] in {2, 3})
        for row in conn.execute(f"pragma table_xinfo({quoted(name)})")
    ]
    _refuse_names(name, old, new, [column.name for column in columns], is_table=kind == "table")
    if not any(column.key for column in columns):
        raise RenameRefused(f"{name} has no primary key", hint="a view finds the row to change by it; give the table one")  # fmt: skip
    data = name + SUFFIX
    drops, makes = _views_on(conn, name)
    statements = [
        *drops,
        f"alter table {quoted(name)} rename column {quoted(old)} to {quoted(new)}",
        f"alter table {quoted(name)} rename to {quoted(data)}",
        *_view(name, data, columns, old, new),
        *makes,
    ]
    mark = json.dumps([name, data, old, new], ensure_ascii=False)
    return f"{MARK}{mark}\n" + "".join(f"{text};\n" for text in statements)


def _view(name: str, data: str, columns: Sequence[Column], old: str, new: str) -> list[str]:
    now = [new if column.name == old else column.name for column in columns]
    q, n, o = quoted, quoted(new), quoted(old)
    stored = [(column, name) for column, name in zip(columns, now, strict=True) if not column.is_generated]
    found = " and ".join(f"{q(at)} is old.{q(at)}" for column, at in stored if column.key)
    into = ", ".join(q(at) for _column, at in stored)
    values = ", ".join(_inserted(column, at, old) for column, at in stored)
    sets = ", ".join(
        f"{q(at)} = " + (f"case when new.{n} is not old.{n} then new.{n} else new.{o} end" if column.name == old else f"new.{q(at)}")
        for column, at in stored
    )  # fmt: skip
    both = f"select raise(abort, {_text(f'{old} and {new} are one column, and were given two values')}) where"
    head = f"create trigger {{}} instead of {{}} on {q(name)} begin"
    insert = f"insert into {q(data)} ({into}) values ({values})"
    refuse_two = f"{both} new.{n} is not null and new.{o} is not null and new.{n} is not new.{o}"
    refuse_changes = f"{both} new.{n} is not old.{n} and new.{o} is not old.{o} and new.{n} is not new.{o}"
    update = f"update {q(data)} set {sets} where {found}"
    return [
        f"create view {q(name)} as select {', '.join(map(q, now))}, {n} as {o} from {q(data)}",
        f"{head.format(q(name + '_insert'), 'insert')} {refuse_two}; {insert}; end",
        f"{head.format(q(name + '_update'), 'update')} {refuse_changes}; {update}; end",
        f"{head.format(q(name + '_delete'), 'delete')} delete from {q(data)} where {found}; end",
    ]


def _inserted(column: Column, at: str, old: str) -> str:
    """A view has no defaults: what is left out arrives as NULL."""
    given = [f"new.{quoted(at)}"] + ([f"new.{quoted(old)}"] if column.name == old else [])
    given += [f"({column.default})"] if column.default is not None else []
    return f"coalesce({', '.join(given)})" if len(given) > 1 else given[0]


def _views_on(conn: sqlite3.Connection, table: str) -> tuple[list[str], list[str]]:
    """Views that read the table go before, and come back after as they were: else SQLite renames their columns too."""
    master = conn.execute(
        "select type, name, tbl_name, sql from sqlite_master where type in ('view', 'trigger')"
    )
    found = master.fetchall()
    touched = {table.lower()}
    while True:
        more = {
            name.lower() for kind, name, _table, sql in found
            if kind == "view" and touched & _names(sql) - {name.lower()}
        }  # fmt: skip
        if more <= touched:
            break
        touched |= more
    views = [row for row in found if row[0] == "view" and row[1].lower() in touched]
    triggers = [row for row in found if row[0] == "trigger" and row[2].lower() in {v[1].lower() for v in views}]  # fmt: skip
    return [f"drop view {quoted(row[1])}" for row in views], [row[3] for row in (*views, *triggers)]


def _names(sql: str) -> set[str]:
    return {token.name.lower() for one in split(sql, Dialect.SQLITE) for token in one.tokens if token.name}


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _refuse_names(table: str, old: str, new: str, columns: Sequence[str], *, is_table: bool) -> None:
    if not is_table:
        raise RenameRefused(f"there is no table {table}", hint="name a table, of PostgreSQL as schema.table")
    if old not in columns:
        raise RenameRefused(f"{table} has no column {old}", hint=f"it has {', '.join(columns)}")
    if new in columns or new == old:
        raise RenameRefused(f"{table} has a column {new} already", hint="choose another name")

"""Landed tables in the making: enum types, columns, keys, defaults and sequences as the source has them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Connection, Error, errors
from psycopg.sql import SQL, Composed, Identifier, Literal

from mainstem.consolidate.sources.remote import catalog
from mainstem.consolidate.sources.remote.links import unlink
from mainstem.consolidate.sources.remote.tables import OURS, Column, Table
from mainstem.consolidate.sources.sqlite.landed import listed, rows
from mainstem.consolidate.sources.sqlite.landing import lock_landing
from mainstem.errors import LandingOutgrown, SourceUnlandable, SourceUnwatched

RECORD = f"{OURS}landed"
FOLLOWER = f"{OURS}follower"


def prepare(conn: Connection[Any], landing: str) -> str:
    """The landing schema, and who follows the source on its behalf: an id that no other ledger has."""
    with conn.transaction():
        lock_landing(conn, landing)
        conn.execute(SQL("create schema if not exists {}").format(Identifier(landing)))
        conn.execute(
            SQL(
                "create table if not exists {} (table_name text primary key, definition jsonb not null,"
                " digest numeric[] not null, landed_at timestamptz not null default now())"
            ).format(Identifier(landing, RECORD))
        )
        one = Identifier(landing, FOLLOWER)
        conn.execute(SQL("create table if not exists {} (follower uuid not null)").format(one))
        conn.execute(
            SQL("insert into {0} select gen_random_uuid() where not exists (select from {0})").format(one)
        )
        return follower_of(conn, landing)


def follower_of(conn: Connection[Any], landing: str) -> str:
    """The id that the source's notes are kept for, as short as names of triggers want it."""
    said = SQL("select left(follower::text, 8) from {}").format(Identifier(landing, FOLLOWER))
    try:
        [(found,)] = rows(conn, said)
    except (errors.UndefinedTable, errors.InvalidSchemaName) as error:
        raise SourceUnwatched(
            f"nothing was landed into {landing}", hint="land the source's tables first"
        ) from error
    return str(found)


def make_enums(source: Connection[Any], conn: Connection[Any], landing: str, tables: Sequence[Table]) -> None:
    """The source's enum types, with the values that they have now. Outside a transaction: a new value is usable when committed."""
    wanted = {column.enum for table in tables for column in table.columns if column.enum is not None}
    labels: dict[str, list[str]] = {}
    for name, values in rows(source, catalog.ENUMS, [list(wanted)]):
        if labels.setdefault(name, values) != values:
            raise SourceUnlandable(
                f"two enum types of the source are called {name}",
                hint="rename one of them, or leave its table out",
            )
    for name, values in labels.items():
        _make_enum(conn, Identifier(landing, name), _labels(conn, landing, name), values)


def _labels(conn: Connection[Any], landing: str, name: str) -> list[str]:
    asked = "select e.enumlabel from pg_enum e join pg_type t on t.oid = e.enumtypid where t.typname = %s and t.typnamespace = %s::regnamespace"
    return [label for (label,) in rows(conn, asked, [name, Identifier(landing).as_string(conn)])]


def _make_enum(conn: Connection[Any], type_: Identifier, there: list[str], wanted: list[str]) -> None:
    if not there:
        values = SQL(", ").join(map(Literal, wanted))
        conn.execute(SQL("create type {} as enum ({})").format(type_, values))
        return
    for before, label in zip([None, *wanted], wanted, strict=False):
        if label not in there:
            place = (
                SQL("after {}").format(Literal(before))
                if before
                else SQL("before {}").format(Literal(wanted[1]))
            )
            conn.execute(
                SQL("alter type {} add value if not exists {} {}").format(type_, Literal(label), place)
            )


def is_made(conn: Connection[Any], table: Table) -> bool:
    """Whether the landed table is there, of these columns and keys."""
    asked = "select 1 from pg_class c where c.relname = %s and c.relnamespace = %s::regnamespace and c.relkind = 'r'"
    if not rows(conn, asked, [table.name, Identifier(table.schema).as_string(conn)]):
        return False
    said = SQL("select definition from {} where table_name = %s").format(Identifier(table.schema, RECORD))
    return [(table.definition,)] == rows(conn, said, [table.name])


def make(conn: Connection[Any], table: Table) -> None:
    """The empty table, in the place of one of other columns. Raises LandingOutgrown when something stands on that one."""
    _drop(conn, table)
    conn.execute(SQL("set local search_path = {}").format(Identifier(table.schema)))
    columns = SQL(", ").join(map(_column, table.columns))
    try:
        conn.execute(SQL("create table {} ({})").format(table.identifier, columns))
    except (errors.SyntaxErrorOrAccessRuleViolation, errors.InvalidObjectDefinition) as error:
        raise SourceUnlandable(
            f"{table.name} cannot be made here: {error.diag.message_primary}",
            hint="a generated column speaks of what only the source has; make it an ordinary one there, or leave the table out",
        ) from error


def _column(column: Column) -> Composed:
    rest = (
        SQL(" generated always as ({}) stored").format(SQL(column.generated)) if column.generated else SQL("")
    )
    null = SQL(" not null") if column.is_not_null else SQL("")
    return SQL("{} {}{}{}").format(Identifier(column.name), SQL(column.type), rest, null)


def _drop(conn: Connection[Any], table: Table) -> None:
    refusal = LandingOutgrown(
        f"{table.schema}.{table.name} would land with other columns or keys than before, and views or triggers stand on it",
        hint="take back what was built on it (`mainstem consolidate rollback`), land again, and go on from there",
    )
    watched = "select 1 from pg_trigger where tgrelid = to_regclass(%s) and not tgisinternal"
    if rows(conn, watched, [table.identifier.as_string(conn)]):
        raise refusal
    unlink(conn, table)
    try:
        conn.execute(SQL("drop table if exists {}").format(table.identifier))
    except (errors.DependentObjectsStillExist, errors.WrongObjectType) as error:
        raise refusal from error


def constrain(conn: Connection[Any], table: Table, counters: Iterable[catalog.Counter]) -> list[str]:
    """Keys, sequences and defaults of a table that has just been filled; what could not be carried."""
    target = table.identifier
    conn.execute(SQL("alter table {} add primary key ({})").format(target, listed(table.key)))
    for columns in table.uniques:
        conn.execute(SQL("alter table {} add unique ({})").format(target, listed(columns)))
    for counter in counters:
        _make_sequence(conn, table, counter)
    left_out = [_set_default(conn, table, column) for column in table.columns if column.default is not None]
    return [said for said in left_out if said]


def _make_sequence(conn: Connection[Any], table: Table, counter: catalog.Counter) -> None:
    sequence = Identifier(table.schema, counter.name)
    conn.execute(
        SQL("create sequence if not exists {} as {} increment {} minvalue {} maxvalue {} start {}{}").format(
            sequence, SQL(counter.type), *map(Literal, (counter.increment, counter.least, counter.most, counter.starts)),
            SQL(" cycle" if counter.cycles else ""),
        )
    )  # fmt: skip
    for column in table.columns:
        if column.sequence == counter.name:
            default = SQL("nextval({})").format(Literal(sequence.as_string(conn)))
            conn.execute(_default(table, column, default))
            conn.execute(
                SQL("alter sequence {} owned by {}.{}").format(
                    sequence, table.identifier, Identifier(column.name)
                )
            )


def _default(table: Table, column: Column, default: Composed | SQL) -> Composed:
    return SQL("alter table {} alter column {} set default {}").format(
        table.identifier, Identifier(column.name), default
    )


def _set_default(conn: Connection[Any], table: Table, column: Column) -> str | None:
    try:
        with conn.transaction():
            conn.execute(_default(table, column, SQL(column.default or "null")))
    except Error as error:
        return f"{table.name}.{column.name}: its default {column.default} was left out: {error.diag.message_primary}"
    return None


def counters_of(source: Connection[Any], table: Table) -> list[catalog.Counter]:
    """The source's sequences that this table counts by, as they stand."""
    oids = [column.sequence_oid for column in table.columns if column.sequence_oid]
    return list(map(catalog.Counter._make, rows(source, catalog.SEQUENCES, [oids])))


def move_on(conn: Connection[Any], schema: str, counters: Iterable[catalog.Counter]) -> None:
    """The next number is beyond every one that the other side has given."""
    for counter in counters:
        if counter.last is not None:
            sequence = Identifier(schema, counter.name).as_string(conn)
            conn.execute(
                "select setval(%(of)s::regclass, %(last)s) where coalesce((%(last)s - pg_sequence_last_value(%(of)s::regclass)) * sign(%(by)s::numeric) > 0, true)",
                {"of": sequence, "last": counter.last, "by": counter.increment},
            )


def record(conn: Connection[Any], table: Table, digest: Sequence[int]) -> None:
    """What the table was made as, and what it held."""
    said = SQL(
        "insert into {} (table_name, definition, digest) values (%s, %s, %s) on conflict (table_name)"
        " do update set definition = excluded.definition, digest = excluded.digest, landed_at = now()"
    ).format(Identifier(table.schema, RECORD))
    conn.execute(said, [table.name, json.dumps(table.definition), list(digest)])


def recorded(conn: Connection[Any], landing: str) -> list[str]:
    """The tables that were landed."""
    found = rows(conn, SQL("select table_name from {} order by 1").format(Identifier(landing, RECORD)))
    return [name for (name,) in found]

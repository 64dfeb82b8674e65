"""What we put into the source: triggers that note the keys of changed rows, their notes, and the rights it takes.

The schema `mainstem_following` holds the notes and the triggers' functions. A note has no number, since a sequence would
change what lastval() gives the old application; names carry who follows, so that two ledgers can follow one source.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier, Literal

from mainstem.consolidate.sources.remote.opening import SHORT, opened, with_patience
from mainstem.consolidate.sources.remote.tables import Table, tables_of
from mainstem.consolidate.sources.sqlite.landed import rows
from mainstem.errors import RightsMissing, SourceUnwatched

PLACE: Final = "mainstem_following"
NOTED: Final = Identifier(PLACE, "noted")
PATIENCE: Final = 30.0

_SIDES: Final = {"insert": "n", "update": "no", "delete": "o"}
_TRANSITION: Final = {
    "insert": "new table as n",
    "update": "new table as n old table as o",
    "delete": "old table as o",
}

_GROUND: Final = f"""
create schema if not exists {PLACE};
create table if not exists {PLACE}.noted (
  follower text not null, old_schema text not null, old_table text not null, key text[] not null,
  note uuid not null default gen_random_uuid(), noted_at timestamptz not null default clock_timestamp());
create or replace function {PLACE}.refuse_truncate() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  raise exception using errcode = '25006', message = format('%I.%I is being consolidated: TRUNCATE is refused', tg_table_schema, tg_table_name),
    hint = 'Use DELETE, or let the consolidation go of this database first.';
end $$;
create or replace function {PLACE}.refuse_write() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  if current_setting('{PLACE}.brings_back', true) = 'on' then return null; end if;
  raise exception using errcode = '25006', message = format('%I.%I has moved to %s', tg_table_schema, tg_table_name, tg_argv[0]),
    hint = 'Nothing is written here any more: connect to where the table is now.';
end $$;
"""

_RIGHTS: Final = """
select said from (
  select format('alter table %%s owner to %%I, or a login that is its owner', c.oid::regclass, current_user) as said
    from pg_class c where c.oid = any(%(oids)s::oid[]) and not pg_has_role(c.relowner, 'usage')
  union all
  select format('grant %%s on database %%I to %%I', p, current_database(), current_user)
    from unnest(array['create', 'temporary']) p where not has_database_privilege(current_database(), p)
  union all
  select format('grant set on parameter session_replication_role to %%I', current_user)
   where not has_parameter_privilege('session_replication_role', 'set')
) r
"""


def refuse_without_rights(source: Connection[Any], tables: Sequence[Table]) -> None:
    """Everything that following, stopping and bringing back will take, before anything is done. Raises RightsMissing."""
    missing = [said for (said,) in rows(source, _RIGHTS, {"oids": [table.oid for table in tables]})]
    if missing:
        [(login,)] = rows(source, "select current_user::text")
        raise RightsMissing(
            f"{login} cannot follow these tables of the source: {len(missing)} rights are missing",
            hint="; ".join(missing),
        )


def install_triggers(
    url: str, follower: str, schema: str, tables: Sequence[str], *, landing: str, patience: float = PATIENCE
) -> None:
    """Note from now on which rows of these tables are inserted, updated or deleted; twice is once.

    One table a transaction: each waits for its writers, and they for it, within `patience` in seconds. Raises
    RightsMissing, SourceBusy.
    """
    with opened(url, SHORT) as source:
        found = tables_of(source, schema, tables, landing)
        refuse_without_rights(source, found)
        with source.transaction():
            source.execute("select pg_advisory_xact_lock(hashtext('mainstem_following'))")
            source.execute(_GROUND.encode())
        for table in found:
            if _missing(source, follower, table):
                with_patience(
                    lambda: _watch(source, follower, table),  # noqa: B023  (called at once)
                    seconds=patience,
                    what=f"the triggers of {schema}.{table.name}",
                )


def _watch(source: Connection[Any], follower: str, table: Table) -> None:
    with source.transaction():
        for event, said in _functions(follower, table).items():
            source.execute(said)
            source.execute(_trigger(follower, table, event))
            enabled = SQL(
                "alter table {} enable always trigger {}"
            )  # rows that replication brings are noted, too
            source.execute(enabled.format(table.identifier, Identifier(trigger_name(follower, event))))


def trigger_name(follower: str, event: str) -> str:
    """The same on every table."""
    return f"{PLACE}_{follower}_{event}"


def _function_name(follower: str, table: Table, event: str) -> Identifier:
    return Identifier(PLACE, f"note_{follower}_{table.oid}_{event}")


def _functions(follower: str, table: Table) -> dict[str, Composed]:
    """Event to what notes it. A key is the text that pinned settings make of it, whatever the writer's session has."""
    made = {}
    for event, sides in _SIDES.items():
        keys = SQL(" union ").join(
            [SQL("select {} from {}").format(table.text_key(side), Identifier(side)) for side in sides]
        )
        made[event] = SQL(
            "create or replace function {}() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp"
            " set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'iso_8601' set extra_float_digits = 1"
            " set bytea_output = 'hex' set lc_monetary = 'C' as $note$\nbegin\n"
            "  insert into {} (follower, old_schema, old_table, key) select {}, {}, {}, r.key from ({}) as r (key);\n"
            "  return null;\nend $note$"
        ).format(
            _function_name(follower, table, event), NOTED, Literal(follower), Literal(table.schema), Literal(table.name), keys
        )  # fmt: skip
    return {**made, "truncate": SQL("select 1").format()}


def _trigger(follower: str, table: Table, event: str) -> Composed:
    name = Identifier(trigger_name(follower, event))
    if event == "truncate":
        said = SQL(
            "create or replace trigger {} before truncate on {} for each statement execute function {}()"
        )
        return said.format(name, table.identifier, Identifier(PLACE, "refuse_truncate"))
    return SQL(
        "create or replace trigger {} after {} on {} referencing {} for each statement execute function {}()"
    ).format(
        name, SQL(event), table.identifier, SQL(_TRANSITION[event]), _function_name(follower, table, event)
    )  # fmt: skip


_STANDING: Final = """
select t.tgname from pg_trigger t left join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
 where t.tgrelid = %s::oid and t.tgenabled = 'A' and n.nspname = %s
"""


def _missing(source: Connection[Any], follower: str, table: Table) -> list[str]:
    there = {name for (name,) in rows(source, _STANDING, [table.oid, PLACE])}
    wanted = {trigger_name(follower, event) for event in (*_SIDES, "truncate")}
    return sorted(wanted - there)


def is_followed(url: str, follower: str) -> bool:
    """Whether triggers of this follower are in the database at all."""
    with opened(url, SHORT) as source:
        return bool(rows(source, _OURS, [PLACE, f"{PLACE}_{follower}_"]))


def refuse_unwatched(source: Connection[Any], follower: str, tables: Sequence[Table]) -> None:
    """Raises SourceUnwatched when changes may be unknown."""
    for table in tables:
        if missing := _missing(source, follower, table):
            raise SourceUnwatched(
                f"{table.schema}.{table.name}: the trigger {missing[0]} is missing or not enabled, so changes may be unknown",
                hint="install the triggers again, then land the table again",
            )


_OURS: Final = """
select n.nspname, c.relname, t.tgname from pg_trigger t
  join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
  join pg_proc p on p.oid = t.tgfoid join pg_namespace f on f.oid = p.pronamespace
 where f.nspname = %s and t.tgname ^@ %s and not t.tgisinternal
 order by 1, 2, 3
"""


def drop_triggers(
    source: Connection[Any],
    beginning: str,
    places: Collection[tuple[str, str]] | None = None,
    *,
    patience: float = PATIENCE,
) -> None:
    """Triggers of ours whose names begin so, of all tables or of these, one table a transaction."""
    found = [one for one in rows(source, _OURS, [PLACE, beginning]) if places is None or one[:2] in places]
    for place in sorted({(schema, table) for schema, table, _ in found}):
        said = [
            SQL("drop trigger {} on {}").format(Identifier(name), Identifier(*place))
            for schema, table, name in found
            if (schema, table) == place
        ]
        with_patience(
            lambda: _execute(source, said),  # noqa: B023  (called at once)
            seconds=patience,
            what=f"the triggers of {'.'.join(place)}",
        )


def _execute(source: Connection[Any], statements: Sequence[Composed]) -> None:
    with source.transaction():
        for said in statements:
            source.execute(said)


def remove_triggers(url: str, follower: str, *, patience: float = PATIENCE) -> None:
    """Take out this follower's triggers and notes; with the last follower goes the schema."""
    with opened(url, SHORT) as source:
        if not rows(source, "select 1 where to_regnamespace(%s) is not null", [PLACE]):
            return
        drop_triggers(source, f"{PLACE}_{follower}_", patience=patience)
        with source.transaction():
            source.execute("select pg_advisory_xact_lock(hashtext('mainstem_following'))")
            functions = (
                "select p.proname from pg_proc p where p.pronamespace = %s::regnamespace and p.proname ^@ %s"
            )
            for (name,) in rows(source, functions, [PLACE, f"note_{follower}_"]):
                source.execute(SQL("drop function {}()").format(Identifier(PLACE, name)))
            source.execute(SQL("delete from {} where follower = %s").format(NOTED), [follower])
            if not rows(source, functions, [PLACE, "note_"]) and not rows(source, _OURS, [PLACE, ""]):
                source.execute(SQL("drop schema {} cascade").format(Identifier(PLACE)))

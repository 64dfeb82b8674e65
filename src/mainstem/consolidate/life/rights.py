"""Rights: what a login must be allowed from the adoption to the end, asked before anything is done."""

from __future__ import annotations

from typing import Any, Final

import psycopg

from mainstem.consolidate.life.session import Connection
from mainstem.consolidate.mapping import Mapping
from mainstem.errors import RightsMissing

_EVERYWHERE: Final = """
select format('GRANT mainstem_owner TO %%I', current_user) as said
 where not pg_has_role('mainstem_owner', 'member') or not pg_has_role('mainstem_owner', 'usage')
union all
select format('ALTER ROLE %%I BYPASSRLS', current_user)
  from pg_roles r where r.rolname = current_user and not r.rolbypassrls
union all
select format('GRANT %%s ON DATABASE %%I TO %%I', p, current_database(), current_user)
  from unnest(array['CREATE', 'TEMPORARY']) p where not has_database_privilege(current_database(), p)
union all
select format('GRANT SET ON PARAMETER session_replication_role TO %%I', current_user)
 where not has_parameter_privilege('session_replication_role', 'set')
"""
"""BYPASSRLS: our tables hold every tenant's rows behind policies, and a copy that a policy filters is refused."""

_OLD: Final = """
union all
select format('ALTER %%s %%s OWNER TO %%I', case c.relkind when 'v' then 'VIEW' else 'TABLE' end, c.oid::regclass, current_user)
  from pg_class c
 where not pg_has_role(c.relowner, 'usage')
   and (c.relnamespace = to_regnamespace(%(schema)s) and c.relname = any(%(tables)s) and c.relkind in ('r', 'p')
        or c.relkind = 'v' and exists (
          select from pg_rewrite w join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
            join pg_class t on d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid
           where w.ev_class = c.oid and t.oid <> c.oid
             and t.relnamespace = to_regnamespace(%(schema)s) and t.relname = any(%(moving)s)))
union all
select format('GRANT CREATE ON SCHEMA %%I TO %%I', n.nspname, current_user)
  from pg_namespace n where n.oid = to_regnamespace(%(schema)s) and not has_schema_privilege(n.oid, 'create')
union all
select format('GRANT USAGE ON SCHEMA %%I TO mainstem_owner', n.nspname)
  from pg_namespace n where n.oid = to_regnamespace(%(schema)s)
   and not has_schema_privilege(n.oid, 'usage with grant option') and not has_schema_privilege('mainstem_owner', n.oid, 'usage')
"""


def refuse_without_rights(conn: Connection, mapping: Mapping) -> None:
    """Raises RightsMissing with the statement for each right that this login lacks; what it needs at a source elsewhere is asked there."""
    is_here = mapping.source.kind == "postgres"
    given = {
        "schema": conn.execute("select quote_ident(%s)", [mapping.old_schema]).fetchall()[0][0],
        "tables": [*mapping.tables],
        "moving": [*mapping.moving],
    }
    rows = conn.execute(_EVERYWHERE + (_OLD if is_here else ""), given).fetchall()
    if rows and not _is_superuser(conn):
        raise RightsMissing(
            f"{conn.info.user} cannot consolidate {mapping.system}: {len(rows)} rights are missing, and nothing was done",
            hint=f"as an administrator: {'; '.join(said for (said,) in rows)}",
        )


def refuse_stranger(conn: psycopg.Connection[Any]) -> None:
    """Raises RightsMissing for a login that may not even look at the ledger; where there is none, it is for others to say so."""
    row = conn.execute(
        "select pg_has_role(oid, 'usage'), quote_ident(current_user) from pg_roles where rolname = 'mainstem_owner'"
    ).fetchone()
    if row is not None and not row[0]:
        raise RightsMissing(
            f"{row[1]} is no member of mainstem_owner, whose tables the old rows become",
            hint=f"as an administrator: GRANT mainstem_owner TO {row[1]}",
        )


def _is_superuser(conn: Connection) -> bool:
    row = conn.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    return bool(row and row[0])

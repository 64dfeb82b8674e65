"""Pictures of an installed schema: what two ways of installing are compared by."""

from __future__ import annotations

from typing import Any

import psycopg

from mainstem.ledger.catalog import definitions

COMMENTS = """
select format('comment on %s', (pg_identify_object(classoid, objoid, objsubid)).identity), description
  from pg_description d
 where (classoid = 'pg_class'::regclass and objoid in (select oid from pg_class where relnamespace = 'mainstem'::regnamespace))
    or (classoid = 'pg_proc'::regclass and objoid in (select oid from pg_proc where pronamespace = 'mainstem'::regnamespace))
    or (classoid = 'pg_type'::regclass and objoid in (select oid from pg_type where typnamespace = 'mainstem'::regnamespace))
    or (classoid = 'pg_namespace'::regclass and objoid = 'mainstem'::regnamespace)
"""

RIGHTS = """
select format('rights on %s', name),
       concat(owner::regrole, ': ',
              (select string_agg(format('%s %s%s', g.grantee::regrole, g.privilege_type, case when g.is_grantable then '*' end), ', '
                                 order by g.grantee::regrole::text, g.privilege_type) from aclexplode(rights) g))
  from (select oid::regclass::text, relowner, relacl from pg_class
         where relnamespace = 'mainstem'::regnamespace and relkind in ('r', 'p', 'v')
         union all
        select oid::regprocedure::text, proowner, proacl from pg_proc where pronamespace = 'mainstem'::regnamespace
         union all
        select nspname, nspowner, nspacl from pg_namespace where nspname = 'mainstem') objects (name, owner, rights)
"""

ROWS = "select format('row of %s', suffix), '' from mainstem.user_workflow_leaf"


def picture(conn: psycopg.Connection[Any]) -> dict[str, str]:
    """Object → definition, comment or rights, of all that an installation makes."""
    found = definitions(conn)
    for query in (COMMENTS, RIGHTS, ROWS):
        found |= dict(conn.execute(query).fetchall())
    return found


def installed_numbers(conn: psycopg.Connection[Any]) -> Any:
    """What the installation says of itself."""
    return conn.execute(
        "select installed_code, min_code, max_code, server_major, fingerprint from mainstem.schema_info"
    ).fetchall()

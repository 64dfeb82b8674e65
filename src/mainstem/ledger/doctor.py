"""The doctor: what is, or will soon be, wrong with a ledger that runs. It looks and says; it changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import dict_row

from mainstem.errors import RightsMissing, SchemaMissing
from mainstem.ledger.call import Row
from mainstem.ledger.catalog import drifts, installed_code

PARTITIONS = "mainstem db partitions"


class Level(StrEnum):
    """How much a finding asks for. `bad`: something does not work, or will not for long."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` is a command or a statement, empty when nothing is to be done."""

    name: str
    level: Level
    what: str
    remedy: str = ""


def examine(conn: Connection[Any], *, embedded: bool = False) -> list[Finding]:
    """Look at everything, as the login itself. embedded: its superuser is nobody's oversight.

    Raises SchemaMissing, and RightsMissing when the login sees one tenant's runs at most.
    """
    _refuse_unseeing(conn)
    return [look(conn) for look in EXAMINED] + [_login(conn, embedded=embedded)]


def _refuse_unseeing(conn: Connection[Any]) -> None:
    if installed_code(conn) is None:
        raise SchemaMissing("the database has no schema mainstem", hint="run `mainstem db upgrade`")
    if not _row(
        conn,
        "select pg_has_role('mainstem_worker', 'usage') or pg_has_role('mainstem_owner', 'usage') as sees",
    )["sees"]:
        raise RightsMissing(
            f"{conn.info.user} does not see every tenant's runs",
            hint=f'run as an administrator: GRANT mainstem_worker TO "{conn.info.user}"',
        )


def _leaves_ahead(conn: Connection[Any]) -> Finding:
    row = _row(conn, _AHEAD)
    match row["days"]:
        case None:
            return Finding(
                "partitions ahead", Level.BAD, "there is none for today: no run can start", PARTITIONS
            )
        case days if days < 7:
            return Finding("partitions ahead", Level.WARN, f"they end in {days:.0f} days", PARTITIONS)
        case days:
            return Finding("partitions ahead", Level.OK, f"for {days:.0f} days")


def _leaves_behind(conn: Connection[Any]) -> Finding:
    row = _row(conn, _BEHIND)
    due = [f"{row[verb]} to {verb}" for verb in ("seal", "drop", "finalize") if row[verb]]
    if due:
        return Finding("partitions past", Level.WARN, ", ".join(due), PARTITIONS)
    return Finding("partitions past", Level.OK, "sealed; none waits to be dropped")


def _leaf_grants(conn: Connection[Any]) -> Finding:
    """A right on a leaf goes round the policies of its parent: whoever has it sees every tenant."""
    granted = _rows(conn, _GRANTED)
    if not granted:
        return Finding("rights on partitions", Level.OK, "nobody's but the owner's")
    told = ", ".join(f"{row['grantee']} on {row['leaf']}" for row in granted[:3])
    statements = " ".join(f"revoke all on {row['leaf']} from {row['grantee']};" for row in granted)
    return Finding("rights on partitions", Level.BAD, f"{len(granted)}: {told}", statements)


def _dead_tuples(conn: Connection[Any]) -> Finding:
    row = _row(conn, _DEAD)
    level = _by(row["dead"], warn=20_000, bad=200_000)
    what = f"{row['dead']} dead rows beside {row['live']} in the queue"
    return Finding(
        "queue", level, what, "" if level is Level.OK else "vacuum mainstem.user_workflow_run_queue;"
    )


def _oldest_transaction(conn: Connection[Any]) -> Finding:
    """Whoever holds the oldest snapshot keeps VACUUM from every row that died since."""
    found = _rows(conn, _OLDEST)
    if not found:
        return Finding("oldest transaction", Level.OK, "none is older than a minute")
    row = found[0]
    level = _by(row["seconds"], warn=300, bad=3600)
    remedy = "" if level is Level.OK else row["remedy"]
    return Finding("oldest transaction", level, f"{row['holder']}, for {_span(row['seconds'])}", remedy)


def _autovacuum(conn: Connection[Any]) -> Finding:
    row = _row(conn, _VACUUM)
    if not row["is_on"]:
        return Finding(
            "autovacuum", Level.BAD, "it is off", "alter system set autovacuum = on; select pg_reload_conf();"
        )
    if row["off"]:
        told, table = ", ".join(row["off"]), row["off"][0]
        return Finding(
            "autovacuum", Level.BAD, f"off for {told}", f"alter table {table} reset (autovacuum_enabled);"
        )
    if row["late"]:
        told = ", ".join(row["late"])
        return Finding(
            "autovacuum", Level.WARN, f"it does not keep up with {told}", f"vacuum {row['late'][0]};"
        )
    return Finding("autovacuum", Level.OK, "it keeps up")


def _workers(conn: Connection[Any]) -> Finding:
    row = _row(conn, _WORKERS)
    if row["live"] == 0 and row["ready"] > 0:
        what = f"{row['ready']} runs wait for a worker, and none lives"
        return Finding("workers", Level.BAD, what, "mainstem worker MODULE")
    if row["silent"]:
        what = f"{row['live']} live, silent: {', '.join(row['silent'])}"
        return Finding(
            "workers", Level.WARN, what, "look at these hosts; a live worker reaps them within its lease"
        )
    return Finding("workers", Level.OK, f"{row['live']} live")


def _ownerless_runs(conn: Connection[Any]) -> Finding:
    row = _row(conn, _OWNERLESS)
    if row["runs"] == 0:
        return Finding("runs without an owner", Level.OK, "none")
    level = Level.WARN if row["workers"] else Level.BAD
    return Finding(
        "runs without an owner",
        level,
        f"{row['runs']} are held by workers that are gone",
        "mainstem worker MODULE",
    )


def _overdue_runs(conn: Connection[Any]) -> Finding:
    row = _row(conn, _OVERDUE)
    if row["runs"] == 0:
        return Finding("runs past due", Level.OK, "none for more than a minute")
    what = f"{row['runs']} for up to {_span(row['seconds'])}, in {', '.join(row['queues'])}"
    return Finding(
        "runs past due", _by(row["seconds"], warn=60, bad=3600), what, "mainstem worker MODULE --queue …"
    )


def _notifications(conn: Connection[Any]) -> Finding:
    """A full queue makes every NOTIFY fail, and with it the flush that holds it."""
    used = float(_row(conn, "select pg_notification_queue_usage() as used")["used"])
    level = _by(used, warn=0.1, bad=0.5)
    remedy = "" if level is Level.OK else "end the oldest transaction of a session that listens"
    return Finding("notifications", level, f"their queue is {used:.0%} full", remedy)


def _roles(conn: Connection[Any]) -> Finding:
    row = _row(conn, _ROLES)
    for name, what, cure in (
        (row["above"], "is above row level security", "alter role {} nosuperuser nobypassrls;"),
        (
            row["beyond"],
            "may become a role that sees every tenant",
            "revoke mainstem_owner, mainstem_worker from {};",
        ),
    ):
        if name is not None:
            return Finding("roles", Level.BAD, f"{name} {what}", cure.format(name))
    return Finding("roles", Level.OK, "as they were made")


def _drift(conn: Connection[Any]) -> Finding:
    found = drifts(conn)
    if not found:
        return Finding("schema", Level.OK, "as it was installed")
    told = ", ".join(drift.object for drift in found[:3])
    return Finding(
        "schema", Level.BAD, f"{len(found)} objects are not as installed: {told}", "mainstem db check"
    )


def _login(conn: Connection[Any], *, embedded: bool) -> Finding:
    row = _row(
        conn,
        "select rolname, rolsuper, pg_has_role('pg_read_all_stats', 'usage') as sees from pg_roles where rolname = current_user",
    )
    if row["rolsuper"] and not embedded:
        remedy = "a login of its own: create role mainstem_login login in role mainstem_app, mainstem_worker;"
        return Finding(
            "login", Level.WARN, f"{row['rolname']} is a superuser, more than serving needs", remedy
        )
    if not row["sees"]:
        remedy = f'grant pg_read_all_stats to "{row["rolname"]}";'
        return Finding(
            "login", Level.WARN, f"{row['rolname']} does not see other logins' transactions", remedy
        )
    return Finding("login", Level.OK, row["rolname"])


EXAMINED: tuple[Callable[[Connection[Any]], Finding], ...] = (
    _drift,
    _leaves_ahead,
    _leaves_behind,
    _leaf_grants,
    _workers,
    _ownerless_runs,
    _overdue_runs,
    _dead_tuples,
    _oldest_transaction,
    _autovacuum,
    _notifications,
    _roles,
)

_AHEAD: LiteralString = """
select extract(epoch from max(l.upper) - mainstem.clock()) / 86400 as days from mainstem.user_workflow_leaf l
 where exists (select from mainstem.user_workflow_leaf today where today.lower <= mainstem.clock() and mainstem.clock() < today.upper)
"""

_BEHIND: LiteralString = """
select count(*) filter (where l.retired_at is null and l.sealed_at is null and l.upper < mainstem.clock() - interval '1 day'
                          and l.created_at < mainstem.clock() - interval '2 days') as seal,  -- a daily maintenance is in time
       count(*) filter (where l.retired_at is not null) as drop,
       (select count(*) from pg_inherits where inhdetachpending) as finalize
  from mainstem.user_workflow_leaf l
"""

_GRANTED: LiteralString = """
select c.oid::regclass::text as leaf, coalesce(nullif(acl.grantee, 0)::regrole::text, 'public') as grantee
  from pg_class c
 cross join lateral (
    select grantee from aclexplode(c.relacl)
     union select held.grantee from pg_attribute a cross join lateral aclexplode(a.attacl) held where a.attrelid = c.oid) acl
 where c.relnamespace = 'mainstem'::regnamespace and c.relispartition and c.relkind = 'r' and acl.grantee <> c.relowner
 order by 1, 2
"""

_DEAD: LiteralString = """
select n_dead_tup as dead, n_live_tup as live from pg_stat_all_tables where relid = 'mainstem.user_workflow_run_queue'::regclass
"""

_OLDEST: LiteralString = """
select holder, extract(epoch from mainstem.clock() - since) as seconds, remedy from (
  select format('pid %s, %s of %s, %s', pid, coalesce(nullif(application_name, ''), 'without a name'), usename, state) as holder,
         xact_start as since, format('select pg_terminate_backend(%s);', pid) as remedy
    from pg_stat_activity
   where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid() and xact_start is not null
  union all
  select format('prepared transaction %s of %s', gid, owner), prepared, format('rollback prepared %L;', gid)
    from pg_prepared_xacts where database = current_database()) held
 where since < mainstem.clock() - interval '1 minute'
 order by since limit 1
"""

_VACUUM: LiteralString = """
select current_setting('autovacuum')::boolean as is_on,
       array_agg(s.relid::regclass::text) filter (where 'autovacuum_enabled=false' = any (c.reloptions)) as off,
       array_agg(s.relid::regclass::text) filter (where s.n_dead_tup > 50000 + s.n_live_tup) as late
  from pg_stat_all_tables s join pg_class c on c.oid = s.relid
 where s.schemaname = 'mainstem'
"""

_WORKERS: LiteralString = """
select count(*) filter (where w.heartbeat_at >= mainstem.clock() - w.ttl) as live,
       array_agg(format('%s (pid %s)', w.host, w.pid)) filter (where w.heartbeat_at < mainstem.clock() - w.ttl) as silent,
       (select count(*) from mainstem.user_workflow_run_queue where state = 'ready') as ready
  from mainstem.user_workflow_worker w where w.reaped_at is null
"""

_OWNERLESS: LiteralString = """
select count(*) as runs, (select count(*) from mainstem.user_workflow_worker where reaped_at is null and heartbeat_at >= mainstem.clock() - ttl) as workers
  from mainstem.user_workflow_run_queue q
 where q.state = 'owned' and not exists (
   select from mainstem.user_workflow_worker w
    where w.worker_id = q.worker_id and w.reaped_at is null and w.heartbeat_at >= mainstem.clock() - w.ttl)
"""

_OVERDUE: LiteralString = """
select count(*) as runs, extract(epoch from mainstem.clock() - min(due_at)) as seconds, array_agg(distinct queue) as queues
  from mainstem.user_workflow_run_queue where state in ('ready', 'waiting') and due_at < mainstem.clock() - interval '1 minute'
"""

_ROLES: LiteralString = """
select min(rolname) filter (where rolsuper or rolbypassrls) as above,
       min(rolname) filter (where rolname <> 'mainstem_worker' and rolname <> 'mainstem_search' and rolname <> 'mainstem_owner'
         and (pg_has_role(oid, 'mainstem_owner', 'member') or pg_has_role(oid, 'mainstem_worker', 'member'))) as beyond
  from pg_roles where rolname in ('mainstem_owner', 'mainstem_app', 'mainstem_worker', 'mainstem_search', 'mainstem_reader', 'mainstem_tenant')
"""


def _by(measure: float, *, warn: float, bad: float) -> Level:
    if measure >= bad:
        return Level.BAD
    return Level.WARN if measure >= warn else Level.OK


def _span(seconds: float) -> str:
    minutes = int(seconds) // 60
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // 1440} days"


def _row(conn: Connection[Any], query: LiteralString) -> Row:
    [row] = _rows(conn, query)
    return row


def _rows(conn: Connection[Any], query: LiteralString) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()

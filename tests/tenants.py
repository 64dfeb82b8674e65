"""Two tenants with a row of everything each, and digests that tell whether a tenant's rows changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import tuple_row

from conftest import TEMPLATE
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import connect
from servers import database as fresh_database

Connection = psycopg.Connection[Any]

TENANT_TABLES = """
select c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
 where c.relnamespace = 'mainstem'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1
"""

TENANT_VIEWS = """
select c.oid::regclass::text from pg_class c
 where c.relnamespace = 'mainstem'::regnamespace and c.relkind = 'v' order by 1
"""

MADE_BY_SQL = """
insert into mainstem.app_user (org_id, user_id, email) values (%(org)s, %(user)s, 'ann@example.test');
insert into mainstem.user_api_key (org_id, user_id, name, prefix, key_hash) values (%(org)s, %(user)s, 'key', 'ms_', '\\x01');
insert into mainstem.user_workflow (org_id, workflow_id, name) values (%(org)s, %(workflow)s, 'payroll');
insert into mainstem.user_workflow (org_id, workflow_id, name, status) values (%(org)s, %(paused_workflow)s, 'holidays', 'paused');
insert into mainstem.user_workflow_version (org_id, workflow_id, version, checksum, graph_config, replaced_version)
values (%(org)s, %(workflow)s, 1, 'first', '{"nodes": [{"key": "read"}]}', null),
       (%(org)s, %(workflow)s, 2, 'second', '{"nodes": [{"key": "read"}]}', 1);
update mainstem.user_workflow set active_version = 2 where workflow_id = %(workflow)s;
insert into mainstem.user_workflow_node (org_id, node_id, workflow_id, label)
values (%(org)s, %(node)s, %(workflow)s, 'Read'), (%(org)s, %(next_node)s, %(workflow)s, 'Decide');
insert into mainstem.user_workflow_transition (org_id, workflow_id, from_node, to_node, action_label)
values (%(org)s, %(workflow)s, %(node)s, %(next_node)s, 'read');
insert into mainstem.user_workflow_template (org_id, name, graph_config) values (%(org)s, 'template', '{}');
insert into mainstem.user_workflow_config (org_id, config_id, config_type, workflow_id, config_data)
values (%(org)s, %(config)s, 'workflow', %(workflow)s, '{"limit": 3}');
insert into mainstem.user_workflow_audit (org_id, actor, action, target) values (%(org)s, 'ms_', 'keys.create', 'key');
insert into mainstem.user_workflow_step_cache (org_id, cache_key, workflow, step, label, run_id, step_number, output_data, expires_at)
values (%(org)s, 'result of ' || %(org)s, 'payroll', 'read', '{}', mainstem.new_run_id(), 1, '{"pages": 3}', now() + interval '1 day');
insert into mainstem.user_workflow_schedule (org_id, schedule_id, name, workflow_id, cron, next_at, look_at)
values (%(org)s, %(schedule)s, 'morning', %(workflow)s, '0 6 * * *', '2999-01-01', '2999-01-01'), (%(org)s, %(spare_schedule)s, 'spare', %(workflow)s, '0 7 * * *', '2999-01-01', '2999-01-01');
insert into mainstem.user_workflow_schedule_firing (org_id, schedule_id, scheduled_for, outcome, reason)
values (%(org)s, %(schedule)s, '2026-01-02 06:00Z', 'skipped', 'missed');
insert into mainstem.user_workflow_breakpoint (org_id, breakpoint_id, workflow, node_key) values (%(org)s, %(breakpoint)s, 'payroll', 'pay');
insert into mainstem.tenant_login (login, org_id) values ('login of ' || %(org)s, %(org)s);
"""

MADE_BY_FUNCTIONS = """
select mainstem.activate_workflow_config(%(config)s, %(user)s);
select mainstem.add_workflow_event(%(caller_step)s, 'looked', '{}');
select mainstem.set_workflow_context(%(caller_run)s, 'claim', '1');
select mainstem.complete_workflow_step(mainstem.start_workflow_step(%(failed_run)s, %(node)s, 1), 'failed', null, 'out of ink');
select mainstem.complete_workflow_execution(%(failed_run)s, 'failed', 'out of ink');
select mainstem.set_workflow_context(%(ended_run)s, 'workflow', to_jsonb(%(workflow)s::text));
select mainstem.complete_workflow_step(mainstem.start_workflow_step(%(ended_run)s, %(node)s, 1), 'completed', '{"pages": 3}');
select mainstem.complete_workflow_execution(%(ended_run)s, 'completed');
select mainstem.send_workflow_signal(%(waiting_run)s, 'approved', '{}');
"""

MADE_OLDER = """
update mainstem.user_workflow_run_queue set state = 'paused' where run_id = %(paused_run)s;
update mainstem.user_workflow_run set status = 'paused' where run_id = %(paused_run)s;
update mainstem.user_workflow_run_queue set state = 'waiting', due_at = 'infinity', waiting_for = '{rejected}'
 where run_id = %(waiting_run)s;
insert into mainstem.user_workflow_run_step (step_id, run_id, org_id, step_number, node_key, status, started_at, input_data, metadata)
values (%(approval)s, %(waiting_run)s, %(org)s, 9, 'approval:supervisor', 'waiting', now(), '{"name": "supervisor", "form": {"type": "object"}}',
        '{"wait": {"kind": "approval", "signal": "mainstem:approval:9"}}');
insert into mainstem.user_workflow_run_step (step_id, run_id, org_id, step_number, node_key, status, started_at, metadata)
values (mainstem.step_id(%(waiting_run)s, 8), %(waiting_run)s, %(org)s, 8, 'child:payroll', 'waiting', now(),
        jsonb_build_object('child', %(engine_run)s::text, 'wait', jsonb_build_object('kind', 'child')));
update mainstem.user_workflow_run set parent_step_id = mainstem.step_id(%(waiting_run)s, 8) where run_id = %(engine_run)s;
update mainstem.user_workflow_run set external_id = 'open-claim ' || %(org)s where run_id = %(waiting_run)s;
update mainstem.user_workflow_run_queue set state = 'owned', worker_id = %(worker)s, epoch = 1 where run_id = %(owned_run)s;
delete from mainstem.user_workflow_run_queue where run_id = %(lost_run)s;
update mainstem.user_workflow_run_step set metadata = '{"usage": [{"model": "m", "calls": 1, "tokens_in": 3, "tokens_out": 2, "cost": 0.1}]}'
 where run_id = %(failed_run)s;
insert into mainstem.user_workflow_run (run_id, org_id, workflow_id, status, channel, started_at, ended_at, driver)
values (%(old_run)s, %(org)s, %(workflow)s, 'completed', 'web', now() - interval '10 days', now() - interval '9 days', 'caller');
"""


@dataclass
class Neighbours:
    """A database with two tenants, and what each owns, by name."""

    url: str
    superuser: Connection
    mine: dict[str, Any]
    theirs: dict[str, Any]

    @contextmanager
    def as_role(self, role: str, setting: str | None) -> Iterator[Connection]:
        """A session in a role; None leaves the tenant's setting as a new session has it."""
        with connect(self.url, role=role, application_name="test") as conn:
            if setting is not None:
                set_tenant(conn, setting, local=False)
            yield conn


@contextmanager
def two_tenants(server_url: str) -> Iterator[Neighbours]:
    """The default organization and another, in a database of their own."""
    with fresh_database(server_url, TEMPLATE) as url, psycopg.connect(url, autocommit=True) as conn:
        worker = uuid4()
        conn.execute("select mainstem._register_worker_v1(%s, 'host', 1, '{}', '1 hour')", [worker])
        yield Neighbours(url, conn, populate(conn, DEFAULT_ORG, worker), populate(conn, uuid4(), worker))


def set_tenant(conn: Connection, setting: str, *, local: bool) -> None:
    conn.execute("select set_config('app.current_org_id', %s, %s)", [setting, local])


def populate(conn: Connection, org: UUID, worker: UUID) -> dict[str, Any]:
    """Give the tenant a row in each table; the names and ids of what was made. conn: a superuser's."""
    made: dict[str, Any] = {
        name: uuid4()
        for name in (
            "user",
            "workflow",
            "node",
            "next_node",
            "config",
            "schedule",
            "spare_schedule",
            "paused_workflow",
            "breakpoint",
        )
    }
    made |= {"org": org, "worker": worker}
    with conn.transaction():
        conn.execute(
            "select mainstem.create_organization(%s, %s) where %s",
            ["tenant", org, not has_organization(conn, org)],
        )
        conn.execute("select mainstem.ensure_workflow_leaf(now() - interval '10 days')")
        run_all(conn, MADE_BY_SQL, made)
        conn.execute("set local role mainstem_app")
        conn.execute("select set_config('app.current_org_id', %s, true)", [str(org)])
        for name in ("caller_run", "failed_run", "ended_run"):
            made[name] = value(
                conn,
                "select mainstem.start_workflow_execution(%(workflow)s, 'web', 'x', null, %(user)s)",
                made,
            )
        made["caller_step"] = value(
            conn, "select mainstem.start_workflow_step(%(caller_run)s, %(node)s, 1)", made
        )
        made["failed_step"] = value(conn, "select mainstem.step_id(%(failed_run)s, 1)", made)
        for name in ("engine_run", "waiting_run", "paused_run", "owned_run", "lost_run"):
            made[name] = begin(conn, made, name)
        run_all(conn, MADE_BY_FUNCTIONS, made)
        made["approval"] = value(conn, "select mainstem.step_id(%(waiting_run)s, 9)", made)
        conn.execute("reset role")
        made["old_run"] = value(conn, "select mainstem.new_run_id(now() - interval '10 days')", made)
        run_all(conn, MADE_OLDER, made)
    return made


def has_organization(conn: Connection, org: UUID) -> bool:
    return bool(conn.execute("select 1 from mainstem.organization where org_id = %s", [org]).fetchone())


def begin(conn: Connection, made: dict[str, Any], key: str) -> UUID:
    """An engine run under an idempotency key."""
    start = start_record(made["org"], made["workflow"], value(conn, "select mainstem.new_run_id()", {}), key)
    [(run, answer)] = conn.execute(
        "select run_id, answer from mainstem._start_runs_v1(null, array[jsonb_populate_record(null::mainstem._start_record, %s)])",
        [start],
    ).fetchall()
    assert answer == "started"
    return UUID(str(run))


def start_record(org: UUID, workflow: UUID, run: UUID, key: str) -> str:
    """A mainstem._start_record as JSON."""
    return json.dumps({
        "run_id": str(run), "org_id": str(org), "workflow_id": str(workflow), "workflow_version": 1, "channel": "web",
        "input_data": {}, "priority": 0, "tags": [], "is_test": False, "queue": "default",
        "idempotency_key": key, "request_digest": "\\x01",
    })  # fmt: skip


def run_all(conn: Connection, script: str, parameters: dict[str, Any]) -> None:
    for statement in script.strip().split(";\n"):
        conn.execute(statement.removesuffix(";"), parameters)


def value(conn: Connection, query: str, parameters: dict[str, Any]) -> Any:
    [(only,)] = conn.cursor(row_factory=tuple_row).execute(query, parameters).fetchall()
    return only


def names(conn: Connection, query: str) -> list[str]:
    return [name for (name,) in conn.execute(query).fetchall()]


def digest(conn: Connection, org: UUID) -> dict[str, str]:
    """Table → its rows of this tenant, as text; and the workers, who have no tenant. conn: a superuser's."""
    rows = "select '{0}', coalesce(string_agg(t::text, E'\\n' order by t::text), '') from {0} t where {1}"
    parts = [rows.format(table, "t.org_id = %(org)s") for table in names(conn, TENANT_TABLES)]
    parts.append(rows.format("mainstem.user_workflow_worker", "true"))
    return dict(conn.execute(" union all ".join(parts), {"org": org}).fetchall())

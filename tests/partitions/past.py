"""A past month: its runs and steps, its partition, and those who are in the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from conftest import Database, Tenant
from mainstem.ledger import partitions
from mainstem.ledger.leaves import RUN, STEP, Leaf

PAST = "2025-01-15"
INSERT_RUN = """
insert into mainstem.user_workflow_run (run_id, org_id, workflow_id, driver, channel, status, started_at, ended_at, context, input_data, output_data)
values (mainstem.new_run_id(%(at)s), %(org)s, %(workflow)s, 'recorded', 'web', %(status)s, %(at)s, %(end)s, '{"claim": 1}', '{"member": "M1"}', '{"paid": true}')
returning run_id
"""
INSERT_STEP = """
insert into mainstem.user_workflow_run_step (run_id, step_number, step_id, org_id, node_id, node_key, status, started_at, ended_at, input_data, output_data)
values (%(run)s, %(n)s, mainstem.step_id(%(run)s, %(n)s), %(org)s, %(node)s, 'read', 'completed', %(at)s, %(at)s, '{"page": 1}', '{"words": 2}')
"""


def insert_run(database: Database, tenant: Tenant, *, at: str = PAST, status: str = "completed") -> UUID:
    end = at if status == "completed" else None
    values = {"at": at, "end": end, "org": tenant.org_id, "workflow": tenant.workflow_id, "status": status}
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute("select mainstem.ensure_workflow_leaf(%s)", [at])
        [run_id] = conn.execute(INSERT_RUN, values).fetchone() or ()
    return UUID(str(run_id))


def insert_step(
    database: Database,
    tenant: Tenant,
    run_id: UUID,
    number: int,
    *,
    conn: psycopg.Connection[Any] | None = None,
    **changed: Any,
) -> None:
    """In a transaction of its own, unless a connection is given."""
    values = {"run": run_id, "n": number, "org": tenant.org_id, "node": tenant.node_id, "at": PAST} | changed
    with nullcontext(conn) if conn else psycopg.connect(database.url) as used:
        used.execute(INSERT_STEP, values)


@pytest.fixture
def owner(database: Database) -> psycopg.Connection[Any]:
    return database.connect("mainstem_owner", None)


@pytest.fixture
def past_run(database: Database, tenant: Tenant) -> UUID:
    """An ended run of January 2025 with a step, alone in its leaf."""
    run_id = insert_run(database, tenant)
    insert_step(database, tenant, run_id, 1)
    return run_id


def leaf_of(owner: psycopg.Connection[Any], at: str = PAST) -> Leaf:
    [leaf] = [leaf for leaf in partitions.leaves(owner) if f"{leaf.lower:%Y-%m}" == at[:7]]
    return leaf


def retire(database: Database, month: str = PAST[:7]) -> None:
    """As cleanup does when all tenants keep their runs for a month; other empty leaves stay out of it."""
    database.rows("update mainstem.organization set retention_days = 30 returning 1")
    database.rows(
        "update mainstem.user_workflow_leaf set retired_at = mainstem.clock() where lower = %s::timestamptz returning 1",
        f"{month}-01T00:00Z",
    )


def tables_of(database: Database, leaf: Leaf) -> list[str]:
    rows = database.rows(
        "select relname from pg_class where relkind = 'r' and relname like %s order by 1", f"%{leaf.suffix}"
    )
    return [row["relname"] for row in rows]


def indexes_of(database: Database, leaf: Leaf) -> list[tuple[str, bool]]:
    rows = database.rows(
        "select i.indexrelid::regclass::text as name, i.indisvalid from pg_index i"
        " where i.indexrelid::regclass::text like %s order by 1",
        f"%{leaf.suffix}_sealed_%",
    )
    return [(row["name"].split("_sealed_")[1], row["indisvalid"]) for row in rows]


def keys_of(database: Database, leaf: Leaf) -> dict[str, bool]:
    rows = database.rows(
        "select conname, convalidated from pg_constraint where conrelid = %s::regclass and contype = 'f'",
        leaf.name(STEP),
    )
    return {row["conname"]: row["convalidated"] for row in rows}


def live_again(database: Database, leaf: Leaf) -> None:
    """As a retry leaves it, wherever the table is by now."""
    with psycopg.connect(database.url, options="-c session_replication_role=replica") as conn:
        conn.execute(f"update {leaf.name(RUN)} set status = 'running', ended_at = null")


def detach(owner: psycopg.Connection[Any], leaf: Leaf, parents: Iterable[str]) -> None:
    for parent in parents:
        owner.execute(
            sql.SQL("alter table {} detach partition {} concurrently").format(
                sql.Identifier("mainstem", parent), leaf.table(parent)
            )
        )


class Started:
    """Something that goes on in a thread; its outcome is what it gave or raised."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._outcome: Any = None
        self._thread = threading.Thread(target=self._run, args=[work])
        self._thread.start()

    def _run(self, work: Callable[[], Any]) -> None:
        try:
            self._outcome = work()
        except Exception as error:  # noqa: BLE001  (told by outcome())
            self._outcome = error

    def outcome(self) -> Any:
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self._outcome


@contextmanager
def reading(database: Database, query: str) -> Iterator[None]:
    """A transaction that has read, will want to read the same again, and is not over."""
    with psycopg.connect(database.url) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.execute(query)
        yield


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for_lock(database: Database, conn: psycopg.Connection[Any]) -> None:
    pid = conn.info.backend_pid
    wait_until(
        lambda: database.rows(
            "select 1 from pg_stat_activity where pid = %s and wait_event_type = 'Lock'", pid
        )
    )

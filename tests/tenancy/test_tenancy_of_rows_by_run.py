"""Rows that name a run: a tenant writes them for its own runs only, as workers read them by run_id alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from mainstem.errors import NotFound
from mainstem.ids import new_run_id
from mainstem.ledger.call import Call, perform
from mainstem.ledger.runs import outcome, read_run
from servers import as_login
from tenants import Connection, Neighbours, begin, digest, set_tenant, start_record, two_tenants, value

OF_RUNS = """
select c.relname::text from pg_class c
 where c.relnamespace = 'mainstem'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
   and 2 = (select count(*) from pg_attribute a where a.attrelid = c.oid and a.attname in ('run_id', 'org_id') and not a.attisdropped)
"""


@dataclass(frozen=True)
class Held:
    """A table whose rows are of a run that their tenant has: of another's as little as of one that does not exist."""

    insert: LiteralString
    move: LiteralString = "run_id = %(run)s"


@dataclass(frozen=True)
class Otherwise:
    """A table that names runs and needs no such policy, and why."""

    reason: str


ROWS: dict[str, Held | Otherwise] = {
    "user_workflow_run_step": Held(
        "(step_id, run_id, org_id, step_number, node_key) values (mainstem.step_id(%(run)s, 7000), %(run)s, %(org)s, 7000, 'x')",
        "run_id = %(run)s, step_id = mainstem.step_id(%(run)s, 7001), step_number = 7001",
    ),
    "user_workflow_event": Held("(run_id, org_id, step_number, event_type) values (%(run)s, %(org)s, 1, 'x')"),
    "user_workflow_run_queue": Held("(run_id, org_id) values (%(run)s, %(org)s)"),
    "user_workflow_signal": Held("(run_id, org_id, name) values (%(run)s, %(org)s, 'approved')"),
    "user_workflow_run_context": Held("(run_id, org_id, key, value) values (%(run)s, %(org)s, 'y', '1')"),
    "user_workflow_run": Otherwise("the run itself: run_id is its key, and another's is taken"),
    "user_workflow_breakpoint": Otherwise(
        "compared with the run's own tenant by the worker that would stop there: another's run is not stopped"
    ),
    "user_workflow_idempotency": Otherwise(
        "found by its tenant and key, never by run_id: it tells its own tenant an id, behind which there is nothing"
    ),
    "user_workflow_step_cache": Otherwise(
        "found by its tenant and key, never by run_id: its own tenant alone is given what it wrote"
    ),
    "user_workflow_schedule_firing": Otherwise(
        "found by its tenant and schedule, never by run_id: it tells its own tenant an id, behind which there is nothing"
    ),
}  # fmt: skip

HELD = [pytest.param(table, row, id=table) for table, row in ROWS.items() if isinstance(row, Held)]

REFUSED = 'new row violates row-level security policy "held_to_its_own_runs"'


@pytest.fixture(scope="module")
def neighbours(server_url: str) -> Iterator[Neighbours]:
    with two_tenants(server_url) as made:
        yield made


@contextmanager
def tenant(neighbours: Neighbours, who: str, table: str) -> Iterator[Connection]:
    """A session of mine: a server's, or a person's login to whom an administrator gave the right to write the table."""
    mine = neighbours.mine["org"]
    if who == "mainstem_app":
        with neighbours.as_role(who, str(mine)) as conn:
            yield conn
        return
    login, admin = f"person_{uuid4().hex[:8]}", neighbours.superuser
    person = Identifier(login)
    admin.execute(SQL("create role {} login in role mainstem_tenant").format(person))
    admin.execute(SQL("grant insert, update on {} to {}").format(Identifier("mainstem", table), person))
    admin.execute("insert into mainstem.tenant_login (login, org_id) values (%s, %s)", [login, mine])
    try:
        with psycopg.connect(as_login(neighbours.url, login), autocommit=True) as conn:
            set_tenant(conn, str(mine), local=False)
            yield conn
    finally:
        admin.execute(SQL("drop owned by {}").format(person))
        admin.execute(SQL("drop role {}").format(person))


def refusal(conn: Connection, statement: str, parameters: dict[str, Any]) -> str:
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused, conn.transaction():
        conn.execute(statement, parameters)
    return str(refused.value)


def a_run(neighbours: Neighbours, owner: dict[str, Any], *, queued: bool) -> UUID:
    """An engine run of this tenant, with or without its queue row."""
    with neighbours.as_role("mainstem_app", str(owner["org"])) as conn:
        run = begin(conn, owner, f"key {uuid4()}")
        if not queued:
            conn.execute("delete from mainstem.user_workflow_run_queue where run_id = %s", [run])
        return run


def test_every_table_that_names_a_run_and_a_tenant_has_its_row(neighbours: Neighbours) -> None:
    found = {name for (name,) in neighbours.superuser.execute(OF_RUNS).fetchall()}
    assert found == set(ROWS)


@pytest.mark.parametrize("who", ["mainstem_app", "a login"])
@pytest.mark.parametrize(("table", "row"), HELD)
def test_a_row_is_written_for_ones_own_run_and_for_no_other(
    neighbours: Neighbours, who: str, table: str, row: Held
) -> None:
    theirs = a_run(neighbours, neighbours.theirs, queued=False)
    own = a_run(neighbours, neighbours.mine, queued=False)
    before = digest(neighbours.superuser, neighbours.theirs["org"])
    statement, org = f"insert into mainstem.{table} {row.insert}", {"org": neighbours.mine["org"]}
    with tenant(neighbours, who, table) as conn:
        told = [refusal(conn, statement, org | {"run": run}) for run in (theirs, new_run_id())]
        assert all(text.startswith(REFUSED) for text in told)
        assert told[0] == told[1]  # another's run is as unknown as one that does not exist
        assert conn.execute(statement, org | {"run": own}).rowcount == 1
    assert digest(neighbours.superuser, neighbours.theirs["org"]) == before


@pytest.mark.parametrize("who", ["mainstem_app", "a login"])
@pytest.mark.parametrize(("table", "row"), HELD)
def test_a_row_moves_to_another_run_of_ones_own_and_to_no_other(
    neighbours: Neighbours, who: str, table: str, row: Held
) -> None:
    theirs = a_run(neighbours, neighbours.theirs, queued=False)
    here, there = (a_run(neighbours, neighbours.mine, queued=False) for _ in range(2))
    parameters = {"org": neighbours.mine["org"], "here": here}
    statement = f"update mainstem.{table} set {row.move} where run_id = %(here)s"
    with tenant(neighbours, who, table) as conn:
        conn.execute(f"insert into mainstem.{table} {row.insert}", parameters | {"run": here})
        told = [refusal(conn, statement, parameters | {"run": run}) for run in (theirs, new_run_id())]
        assert all(text.startswith(REFUSED) for text in told)
        assert told[0] == told[1]
        assert conn.execute(statement, parameters | {"run": there}).rowcount == 1


def test_a_run_is_neither_begun_under_anothers_id_nor_renamed_to_it(neighbours: Neighbours) -> None:
    mine, theirs = neighbours.mine, neighbours.theirs
    parameters = {"org": mine["org"], "workflow": mine["workflow"], "own": mine["caller_run"], "run": theirs["caller_run"]}  # fmt: skip
    begun_by_hand = (
        "insert into mainstem.user_workflow_run (run_id, org_id, workflow_id, channel, driver)"
        " values (%(run)s, %(org)s, %(workflow)s, 'web', 'caller')"
    )
    before = digest(neighbours.superuser, theirs["org"])
    with neighbours.as_role("mainstem_app", str(mine["org"])) as conn:
        for attempt in (
            begun_by_hand,
            "update mainstem.user_workflow_run set run_id = %(run)s where run_id = %(own)s",
        ):
            with pytest.raises(psycopg.errors.UniqueViolation), conn.transaction():
                conn.execute(attempt, parameters)
    assert digest(neighbours.superuser, theirs["org"]) == before


def test_a_key_written_by_hand_tells_an_id_and_nothing_behind_it(neighbours: Neighbours) -> None:
    mine, run = neighbours.mine, neighbours.theirs["ended_run"]
    with neighbours.as_role("mainstem_app", str(mine["org"])) as conn:
        conn.execute(
            "insert into mainstem.user_workflow_idempotency (org_id, workflow_id, key, run_id, request_digest, expires_at)"
            " values (%s, %s, 'forged', %s, '\\x01', now() + interval '1 day')",
            [mine["org"], mine["workflow"], run],
        )
        start = start_record(mine["org"], mine["workflow"], new_run_id(), "forged")
        assert conn.execute(
            "select run_id, answer from mainstem._start_runs_v1(null, array[jsonb_populate_record(null::mainstem._start_record, %s)])",
            [start],
        ).fetchall() == [(run, "existing")]
        reads: list[Call[Any]] = [read_run(run), outcome(run)]
        for call in reads:
            with pytest.raises(NotFound):
                perform(conn, call, org_id=mine["org"])


def test_a_recorders_receipt_and_the_order_of_the_feed_are_not_a_tenants_to_write(
    neighbours: Neighbours,
) -> None:
    mine = neighbours.mine
    with neighbours.as_role("mainstem_app", str(mine["org"])) as conn:
        change = "insert into mainstem.user_workflow_change (org_id, run_ids, step_numbers, states{}) values (%s, '{{}}', '{{}}', '{{}}'{})"
        for column, given in (("worker_id", mine["worker"]), ("flush", 1), ("xid", "1")):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(change.format(f", {column}", ", %s"), [mine["org"], given])
        assert conn.execute(change.format("", ""), [mine["org"]]).rowcount == 1


OWN = {
    "a run of callers": [
        "select mainstem.add_workflow_event(%(caller_run)s, 'seen')",
        "select mainstem.start_workflow_step(%(caller_run)s, %(node)s, 900)",
        "select mainstem.add_workflow_event(mainstem.step_id(%(caller_run)s, 900), 'seen')",
        "select mainstem.complete_workflow_step(mainstem.step_id(%(caller_run)s, 900), 'failed')",
        "select mainstem.retry_workflow_step(mainstem.step_id(%(caller_run)s, 900))",
        "select mainstem.set_workflow_context(%(caller_run)s, 'claim', '2')",
        "select mainstem.complete_workflow_execution(%(caller_run)s, 'completed')",
    ],
    "a waiting run": [
        "select mainstem.set_workflow_context(%(waiting_run)s, 'claim', '2')",
        "select mainstem.send_workflow_signal(%(waiting_run)s, 'rejected')",
        "select mainstem.cancel_workflow_run(%(waiting_run)s)",
    ],
    "a run in work": [
        "select mainstem.send_workflow_signal(%(owned_run)s, 'rejected')",
        "select mainstem.cancel_workflow_run(%(owned_run)s)",
    ],
    "a paused run": ["select mainstem.resume_workflow_run(%(paused_run)s)"],
    "a run lost from the queue": ["select mainstem.rebuild_workflow_queue()"],
}  # fmt: skip


@pytest.mark.parametrize("story", OWN)
def test_what_a_tenant_does_with_its_own_runs_goes_on(neighbours: Neighbours, story: str) -> None:
    with (
        neighbours.as_role("mainstem_app", str(neighbours.mine["org"])) as conn,
        conn.transaction(force_rollback=True),
    ):
        for call in OWN[story]:
            value(conn, call, neighbours.mine)


def test_a_key_begins_one_run_and_finds_it_again(neighbours: Neighbours) -> None:
    mine = neighbours.mine
    with neighbours.as_role("mainstem_app", str(mine["org"])) as conn:
        run = begin(conn, mine, "a new key")
        start = start_record(mine["org"], mine["workflow"], new_run_id(), "a new key")
        again = conn.execute(
            "select run_id, answer from mainstem._start_runs_v1(null, array[jsonb_populate_record(null::mainstem._start_record, %s)])",
            [start],
        ).fetchall()
    assert again == [(run, "existing")]


FLUSH = """
select r.* from mainstem._flush_v1(
  %(worker)s, 1, false, array[jsonb_populate_record(null::mainstem._start_record, %(start)s)],
  array(select jsonb_populate_record(null::mainstem._step_record, jsonb_build_object('run_id', run, 'epoch', 1, 'step_number', 800,
    'iteration', 1, 'retry_count', 0, 'age_us', 2, 'ended_us', 1, 'status', 'completed', 'node_key', 'x')) from unnest(%(runs)s::uuid[]) run),
  '{}',
  array(select jsonb_populate_record(null::mainstem._event_record, jsonb_build_object('run_id', run, 'epoch', 1, 'step_number', 0,
    'age_us', 1, 'event_type', 'seen')) from unnest(%(runs)s::uuid[]) run),
  '{}', '{}') r
"""


def test_a_worker_writes_for_every_tenant_and_is_not_asked_whose_run_it_is(neighbours: Neighbours) -> None:
    runs = [neighbours.mine["owned_run"], neighbours.theirs["owned_run"]]
    theirs = neighbours.theirs
    start = start_record(theirs["org"], theirs["workflow"], new_run_id(), "a worker's")
    neighbours.superuser.execute(f"alter database {neighbours.superuser.info.dbname} set track_functions = 'all'")  # fmt: skip
    with neighbours.as_role("mainstem_worker", None) as conn, conn.transaction(force_rollback=True):
        answers = conn.execute(
            FLUSH, {"worker": neighbours.mine["worker"], "start": start, "runs": runs}
        ).fetchall()
        assert [answer for _run, _place, answer, _payload in answers] == ["started"]
        written = "select count(*) from mainstem.user_workflow_run_step where run_id = any(%s) and step_number = 800"
        assert conn.execute(written, [runs]).fetchone() == (2,)
        called = {name for (name,) in conn.execute("select funcname from pg_stat_xact_user_functions")}
    assert {"_flush_v1", "_insert_runs", "_record_steps_v1", "_log_events_v1"} <= called
    assert "_is_run_of" not in called


def test_a_reason_stands_where_there_is_no_policy() -> None:
    assert all(row.reason for row in ROWS.values() if isinstance(row, Otherwise))

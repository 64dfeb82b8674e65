"""What new code writes after a cut-over: seen by old names where they have a place for it, told as a loss where not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest

from conftest import Database
from consolidations import Life, copied_life, old_code
from mainstem import Mainstem
from mainstem.consolidate.life import roll_back
from mainstem.consolidate.presets.rcm.sample.world import ALDER, ANN, INTAKE, OPEN_PORTAL
from mainstem.errors import CutoverBlocked, NotLossless


@pytest.fixture
def life(server_url: str) -> Iterator[Life]:
    with copied_life(server_url) as found:
        found.verify()
        found.cut_over()
        yield found


@contextmanager
def new_code(life: Life) -> Iterator[psycopg.Connection[Any]]:
    """A connection of ours, in the role and tenant of an application."""
    database = Database(life.url)
    conn = database.connect(org_id=UUID(ALDER))
    conn.execute("set search_path = mainstem, public")
    yield conn
    database.close()


def new_run(conn: psycopg.Connection[Any]) -> tuple[UUID, UUID]:
    """A run and a step as old code could have made them."""
    start = "select start_workflow_execution(%s, 'web', 'new', '{}', %s) as id"
    [run] = conn.execute(start, [INTAKE, ANN]).fetchall()
    [step] = conn.execute(
        "select start_workflow_step(%s, %s, 1, '{}') as id", [run["id"], OPEN_PORTAL]
    ).fetchall()
    return run["id"], step["id"]


def told(life: Life) -> set[tuple[str, str]]:
    return {(loss.table, loss.column) for loss in life.losses()}


def test_what_new_code_runs_has_an_old_id_and_survives_the_way_back(life: Life) -> None:
    with new_code(life) as conn:
        run, step = new_run(conn)
        conn.execute("select set_workflow_context(%s, 'k', '{\"a\": 1}')", [run])
        conn.execute("select complete_workflow_step(%s, 'completed', '{\"b\": 2}', null)", [step])
        conn.execute("select complete_workflow_execution(%s, 'completed')", [run])
    seen = (
        "select t.trace_id, t.status::text, s.step_id, s.status::text, s.output_data, c.value"
        "  from workflow_trace t join workflow_steps s using (trace_id) join workflow_trace_context c using (trace_id) where t.external_id = 'new'"
    )
    with old_code(life.url) as conn:
        [(trace, *rest)] = before = conn.execute(seen.encode()).fetchall()
        assert trace > 10_000
        assert rest[0] == "completed"
        assert rest[2:] == ["completed", {"b": 2}, {"a": 1}]
        assert life.losses() == []
        life.roll_back()
        assert conn.execute(seen.encode()).fetchall() == before
        life.forward()
        assert conn.execute(seen.encode()).fetchall() == before


def test_what_new_code_ran_before_the_cut_over_has_an_old_id_too_and_goes_there_and_back(
    server_url: str,
) -> None:
    seen = b"select trace_id from workflow_trace where external_id = 'new'"
    with copied_life(server_url) as life:
        with new_code(life) as conn:
            new_run(conn)
        life.verify()
        life.cut_over()
        with old_code(life.url) as conn:
            [(trace,)] = conn.execute(seen).fetchall()
            life.roll_back()
            life.forward()
            assert conn.execute(seen).fetchall() == [(trace,)]


async def test_a_run_that_the_client_starts_is_seen_by_old_code(life: Life) -> None:
    async with Mainstem(life.url, org_id=UUID(ALDER)) as ms:
        handle = await ms.start(
            "Claim intake", external_id="by the client", created_by=UUID(ANN), channel="web"
        )
    with old_code(life.url) as conn:
        assert conn.execute(
            "select t.status::text from workflow_trace t join mainstem.user_workflow_run r on r.legacy_trace_id = t.trace_id"
            " where t.external_id = 'by the client' and r.run_id = %s",
            [handle.run_id],
        ).fetchall() == [("pending",)]


LOST = {
    "a step at no node": (
        "update mainstem.user_workflow_run_step set node_id = null, node_key = 'by_hand' where step_id = %(step)s",
        {("workflow_steps", "node_id")},
    ),
    "a run by nobody": (
        "update mainstem.user_workflow_run set created_by = null where run_id = %(run)s",
        {("workflow_trace", "created_by")},
    ),
    "a state that old code has no word for": (
        "update mainstem.user_workflow_run set status = 'paused' where run_id = %(run)s",
        {("workflow_trace", "status")},
    ),
    "a step's state that old code has no word for": (
        "update mainstem.user_workflow_run_step set status = 'waiting' where step_id = %(step)s",
        {("workflow_steps", "status")},
    ),
    "a run's input": (
        "update mainstem.user_workflow_run set input_data = '{\"a\": 1}' where run_id = %(run)s",
        {("workflow_trace", "input_data")},
    ),
    "an error's details": (
        "update mainstem.user_workflow_run_step set error_details = '{\"a\": 1}' where step_id = %(step)s",
        {("workflow_steps", "error_details")},
    ),
    "a duration of over 24 days": (
        "update mainstem.user_workflow_run set duration_ms = 3000000000 where run_id = %(run)s",
        {("workflow_trace", "duration_ms")},
    ),
    "a channel that is new": (
        (
            "with added as (insert into mainstem.user_workflow_channel (org_id, channel) select org_id, 'sms' from mainstem.user_workflow_run where run_id = %(run)s)"
            " update mainstem.user_workflow_run set channel = 'sms' where run_id = %(run)s"
        ),
        {("workflow_trace", "channel")},
    ),
}


@pytest.mark.parametrize("name", LOST)
def test_what_the_old_tables_cannot_hold_is_told_and_refused_and_left_behind_only_on_demand(
    life: Life, name: str
) -> None:
    text, lost = LOST[name]
    with new_code(life) as conn:
        run, step = new_run(conn)
    life.conn.execute(text.encode(), {"run": run, "step": step})
    assert told(life) == lost
    with old_code(life.url) as conn:
        [(there,)] = conn.execute("select count(*) from workflow_trace").fetchall()
        assert conn.execute("select count(*) from v_workflow_execution_summary").fetchall() == [(there,)]
        with pytest.raises(NotLossless):
            life.roll_back()
        assert life.plan.phase == "cut_over"
        assert {(loss.table, loss.column) for loss in life.roll_back(accept_loss=True)} == lost
        [(left,)] = conn.execute("select count(*) from workflow_trace").fetchall()
        gone = {("workflow_trace", "created_by"), ("workflow_trace", "channel")} & lost
        assert left == there - len(gone)
        orphans = "select count(*) from workflow_steps s where not exists (select from workflow_trace t where t.trace_id = s.trace_id)"
        assert conn.execute(orphans.encode()).fetchall() == [(0,)]
        life.copy()
        life.verify()
        assert life.conn.execute(
            "select count(*) from mainstem.user_workflow_run where run_id = %s", [run]
        ).fetchall() == [(1,)]


INPUT = "update mainstem.user_workflow_run set input_data = '{\"a\": 1}' where run_id = %s"


@contextmanager
def before_the_locks(life: Life, write: Callable[[], object]) -> Iterator[None]:
    """A reader of an old name keeps the way back from its locks until somebody has written by another connection."""
    waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and pid = %s"
    with (
        old_code(life.url) as reader,
        psycopg.connect(life.url, autocommit=True) as watcher,
        ThreadPoolExecutor(1) as second,
    ):
        reader.execute("begin")
        reader.execute("select 1 from workflow_trace limit 1")

        def once_it_waits() -> None:
            deadline = time.monotonic() + 20
            while not watcher.execute(waiting, [life.conn.info.backend_pid]).fetchall():
                assert time.monotonic() < deadline
            write()
            reader.execute("rollback")

        done = second.submit(once_it_waits)
        yield
        done.result()


@pytest.mark.parametrize("column", ["input_data", "created_by"])
def test_a_loss_that_is_written_while_the_way_back_waits_for_its_locks_is_refused_and_all_is_as_before(
    life: Life, column: str
) -> None:
    """One column that only new code fills, and one without which there is no old row."""
    value = {"input_data": "'{\"a\": 1}'", "created_by": "null"}[column]
    text = f"update mainstem.user_workflow_run set {column} = {value} where run_id = %s"
    with new_code(life) as conn:
        (known, _), (later, _) = new_run(conn), new_run(conn)
    life.conn.execute(INPUT, [known])
    with (
        psycopg.connect(life.url, autocommit=True) as writer,
        pytest.raises(NotLossless, match=rf"^1 values .*workflow_trace \d+ {column}"),
        before_the_locks(life, lambda: writer.execute(text.encode(), [later])),
    ):
        life.roll_back(accept_loss=True)
    assert life.plan.phase == "cut_over"
    assert told(life) == {("workflow_trace", "input_data"), ("workflow_trace", column)}
    with old_code(life.url) as conn:
        assert conn.execute(
            "select relkind::text from pg_class where oid = 'workflow_trace'::regclass"
        ).fetchall() == [("v",)]
    with pytest.raises(NotLossless, match=r"^2 values"):
        life.roll_back()
    assert {(loss.table, loss.column) for loss in life.roll_back(accept_loss=True)} == {("workflow_trace", "input_data"), ("workflow_trace", column)}  # fmt: skip
    assert life.conn.execute("select count(*) from mainstem_consolidation.written_since").fetchall() == [(0,)]
    assert life.conn.execute("select count(*) from mainstem.user_workflow_run where run_id = any(%s)", [[known, later]]).fetchall() == [(2,)]  # fmt: skip
    life.forward()


def test_a_way_back_that_was_given_up_half_way_remembers_what_it_could_not_bring_back(life: Life) -> None:
    with new_code(life) as conn:
        runs = [new_run(conn)[0] for _ in range(25)]
    for run in runs:
        life.conn.execute(INPUT, [run])
    with old_code(life.url) as reader, reader.transaction():
        reader.execute("select 1 from workflow_trace limit 1")
        with pytest.raises(CutoverBlocked):
            roll_back(life.conn, life.program, life.plan, accept_loss=True, patience=0)
    assert len(life.losses()) == len(runs)
    with pytest.raises(NotLossless, match=r"^25 values"):
        life.roll_back()
    assert len(life.roll_back(accept_loss=True)) == len(runs)

"""The backend is gone between commit and answer: each record stands exactly once, and each writer is told once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from swallowing_proxy import swallowing_proxy
from writers import writers

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem.errors import LeaseLost
from mainstem.ledger.recorder import CLOSINGS, EVENTS, STEPS, WAITS
from mainstem.ledger.records import EventRecord, StepRecord, WaitRecord

pytestmark = ON_ONE_SERVER

LOST = 100


@pytest.fixture
def socket(database: Database) -> Path:
    given = conninfo_to_dict(database.url)
    return Path(str(given["host"])) / f".s.PGSQL.{given.get('port', 5432)}"


async def test_a_hundred_lost_answers_record_each_step_start_wait_and_ending_exactly_once(
    database: Database, socket: Path, tmp_path: Path
) -> None:
    through = make_conninfo(database.url, host=str(tmp_path), port="5432")
    async with swallowing_proxy(socket, tmp_path) as proxy, writers(database.url, through=through) as crew:
        for lost in range(LOST // 4):
            proxy.swallow_next()
            [run_id, *_] = await crew.start(3)
            proxy.swallow_next()
            await asyncio.gather(*(crew.write(run_id, number) for number in range(1, 6)))
            database.rows("select mainstem.send_workflow_signal(%s, 'go', %s)", run_id, f"{lost}")
            proxy.swallow_next()
            [answer] = await crew.wait(run_id, 6, "go")
            assert (answer.kind, answer.payload) == ("signal", lost)
            proxy.swallow_next()
            await crew.end(run_id)
    assert proxy.swallowed == LOST
    assert len(crew.acknowledged) == len(set(crew.acknowledged)) == LOST // 4 * 5
    assert database.value("select count(*) from mainstem.user_workflow_run") == LOST // 4 * 3
    assert (
        database.value("select count(*) from mainstem.user_workflow_run where status = 'completed'")
        == LOST // 4
    )
    assert (
        database.value("select count(*) from mainstem.user_workflow_run_step where status = 'completed'")
        == LOST // 4 * 6
    )
    assert database.value("select count(*) from mainstem.user_workflow_signal") == 0


async def test_without_the_receipt_the_same_flush_would_fail(
    database: Database, socket: Path, tmp_path: Path
) -> None:
    """The negative control: the receipts are deleted behind the recorder's back, and the repetition is noticed."""
    through = make_conninfo(database.url, host=str(tmp_path), port="5432")
    async with swallowing_proxy(socket, tmp_path) as proxy, writers(database.url, through=through) as crew:
        [run_id] = await crew.start(1)
        with database.connect(None, None) as conn:
            conn.execute(
                "create function forget() returns trigger language plpgsql as 'begin return null; end'"
            )
            conn.execute(
                "create trigger forgetful before insert on mainstem.user_workflow_change"
                " for each row execute function forget()"
            )
        proxy.swallow_next()
        with pytest.raises(Exception, match="duplicate key"):
            await crew.write(run_id, 1)


async def test_events_and_closings_are_recorded_once_too(
    database: Database, socket: Path, tmp_path: Path
) -> None:
    through = make_conninfo(database.url, host=str(tmp_path), port="5432")
    async with swallowing_proxy(socket, tmp_path) as proxy, writers(database.url, through=through) as crew:
        [run_id] = await crew.start(1)
        open_step = StepRecord(run_id, 1, 1, 1, b"open", time.monotonic_ns())
        proxy.swallow_next()
        await crew.recorder.put(STEPS, open_step)
        for number in range(5):
            proxy.swallow_next()
            await crew.recorder.put(
                EVENTS, EventRecord(run_id, 1, 1, time.monotonic_ns(), b"told", b"%d" % number)
            )
        proxy.swallow_next()
        now = time.monotonic_ns()
        await crew.recorder.put(
            CLOSINGS, replace(open_step, status=b"completed", ended_ns=now, output_data=b"1")
        )
    assert proxy.swallowed == 7
    [step] = database.rows("select status, events from mainstem.user_workflow_run_step")
    assert (step["status"], [event["event_data"] for event in step["events"]]) == (
        "completed",
        [0, 1, 2, 3, 4],
    )


async def test_a_wait_that_is_asked_again_takes_no_second_signal(
    database: Database, socket: Path, tmp_path: Path
) -> None:
    """Another wait of the same run is still open, so both are asked again."""
    through = make_conninfo(database.url, host=str(tmp_path), port="5432")
    async with swallowing_proxy(socket, tmp_path) as proxy, writers(database.url, through=through) as crew:
        [run_id] = await crew.start(1)
        for payload in ("1", "2"):
            database.rows("select mainstem.send_workflow_signal(%s, 'go', %s)", run_id, payload)
        waits = [
            WaitRecord(run_id, 1, number, 1, "signal", f"wait {name}", signal=name, suspend=False)
            for number, name in ((1, "go"), (2, "stop"))
        ]
        proxy.swallow_next()
        answers = await crew.recorder.put(WAITS, *waits)
        told = {answer.step_number: (answer.kind, answer.payload) for answer in answers}
        assert told == {1: ("signal", 1), 2: ("open", None)}
        assert database.value("select payload from mainstem.user_workflow_signal") == 2


async def test_a_run_whose_suspension_was_not_heard_of_waits_all_the_same(
    database: Database, socket: Path, tmp_path: Path
) -> None:
    through = make_conninfo(database.url, host=str(tmp_path), port="5432")
    async with swallowing_proxy(socket, tmp_path) as proxy, writers(database.url, through=through) as crew:
        [run_id] = await crew.start(1)
        proxy.swallow_next()
        wait = WaitRecord(run_id, 1, 1, 1, "sleep", "sleep", timeout_us=60_000_000)
        assert [answer.kind for answer in await crew.recorder.put(WAITS, wait)] == ["suspended"]
        with pytest.raises(LeaseLost):
            await crew.write(run_id, 2)
    queued = database.rows("select state, worker_id from mainstem.user_workflow_run_queue")
    assert queued == [{"state": "waiting", "worker_id": None}]

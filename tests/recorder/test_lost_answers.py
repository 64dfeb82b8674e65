"""The backend is gone between commit and answer: each record stands exactly once, and each writer is told once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from recorder.swallowing_proxy import swallowing_proxy
from recorder.writers import writers

from conftest import Database

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
    assert database.value("select count(*) from mainstem.user_workflow_run where status = 'completed'") == LOST // 4
    assert database.value("select count(*) from mainstem.user_workflow_run_step where status = 'completed'") == LOST // 4 * 6
    assert database.value("select count(*) from mainstem.user_workflow_signal") == 0


async def test_without_the_receipt_the_same_flush_would_fail(database: Database, socket: Path, tmp_path: Path) -> None:
    """The negative control: the receipts are deleted behind the recorder's back, and the repetition is noticed."""
    through = make_conninfo(database.url, host=str(tmp_path), port="5432")
    async with swallowing_proxy(socket, tmp_path) as proxy, writers(database.url, through=through) as crew:
        [run_id] = await crew.start(1)
        with database.connect(None, None) as conn:
            conn.execute("create function forget() returns trigger language plpgsql as 'begin return null; end'")
            conn.execute(
                "create trigger forgetful before insert on mainstem.user_workflow_change"
                " for each row execute function forget()"
            )
        proxy.swallow_next()
        with pytest.raises(Exception, match="duplicate key"):
            await crew.write(run_id, 1)

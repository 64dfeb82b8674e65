"""A run that kills its workers pauses after the third; those beside it go on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from poisonous import ANTIDOTE, harmless, poisonous

from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database
from mainstem import Mainstem
from mainstem.ledger import queue
from mainstem.ledger.call import perform
from mainstem.model import RunStatus

pytestmark = ON_ONE_SERVER


@contextmanager
def worker_process(url: str, antidote: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = "from mainstem.cli.main import main; main()"
    words = [sys.executable, "-c", program, "--url", url, "worker", "poisonous", "--ttl", "1"]
    environment = {
        **os.environ,
        ANTIDOTE: str(antidote),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
    }
    process = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def test_a_run_that_killed_three_workers_pauses_as_poison_and_goes_on_when_it_is_resumed(
    ms: Mainstem, database: Database, tmp_path: Path
) -> None:
    run = await ms.start(poisonous)
    beside = await ms.start(harmless)
    antidote = tmp_path / "antidote"
    for lost in (1, 2, 3):
        with worker_process(database.url, antidote) as process:
            await until(lambda: process.poll() is not None)
            assert process.returncode == -9
        await until(lambda: reaped(database))
        found = await ms.get_run(run.run_id)
        assert (found.status == RunStatus.PAUSED) == (lost == 3)
    assert "3 workers were lost" in (found.error_message or "")
    assert found.error_details["type"] == "PoisonedRun"
    antidote.touch()
    with worker_process(database.url, antidote):
        await until(
            lambda: waits(ms, beside.run_id)
        )  # it goes on with a worker, and the poisoned one is not claimed
        assert (await ms.get_run(run.run_id)).status == RunStatus.PAUSED
        await ms.resume(run.run_id)
        assert await run.result() == "survived"


def reaped(database: Database) -> bool:
    with database.connect("mainstem_worker", None) as conn:
        perform(conn, queue.reap())
        living = "select count(*) from mainstem.user_workflow_worker where reaped_at is null"
        return bool(database.value(living) == 0)


async def waits(ms: Mainstem, run_id: object) -> bool:
    return (await ms.get_run(run_id)).status == RunStatus.WAITING  # type: ignore[arg-type]


async def test_a_run_that_ends_a_step_with_each_worker_is_no_poison(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    """Its workers were killed by something else: it would else pause for having been there."""
    run = await ms.start(harmless)
    for n in range(1, 6):
        with database.connect("mainstem_worker", None) as conn:
            worker = uuid4()
            perform(conn, queue.register_worker(worker, host="h", pid=1, capabilities={}, ttl=1))
            [claimed] = perform(conn, queue.claim(worker, ["default"], 1, {}))
            database.rows(
                "insert into mainstem.user_workflow_run_step (step_id, run_id, org_id, step_number, node_key, status, started_at, ended_at)"
                " values (mainstem.step_id(%s, %s), %s, %s, %s, 'read', 'completed', mainstem.clock(), mainstem.clock()) returning 1",
                claimed.run_id, n, claimed.run_id, claimed.org_id, n,
            )  # fmt: skip
            clock.advance(seconds=5)
            assert perform(conn, queue.reap()) == (1, 1)
    assert database.value("select attempt from mainstem.user_workflow_run_queue") == 1
    assert (await ms.get_run(run.run_id)).status == RunStatus.RUNNING

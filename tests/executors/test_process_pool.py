"""The process pool by itself: its processes are used again, and end with whoever began them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from executed import STEPS, is_running

from conditions import until
from mainstem import ProcessPool, StepCall, StepInfo, step
from mainstem.errors import ExecutorLost, StepNotFound, UnstorableValue

WORKER = """
import asyncio, sys
sys.path[:0] = {path!r}
from mainstem import ProcessPool
from test_process_pool import call

async def main():
    pool = ProcessPool(1)
    await pool.start()
    await pool.run(call("slow", sys.argv[1], sys.argv[1] + ".done"))

if __name__ == "__main__":
    asyncio.run(main())
"""


def call(name: str, *args: Any) -> StepCall:
    def silent(*_: Any) -> None:
        """Nobody listens."""

    info = StepInfo(
        run_id=UUID(int=0),
        step_number=1,
        attempt=1,
        idempotency_key="key",
        record_event=silent,
        record_screenshot=silent,
        record_endpoint=silent,
        record_usage=silent,
    )
    return StepCall(STEPS["process"][name], args, {}, info)


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    made = ProcessPool(2, calls=3)
    await made.start()
    yield made
    await made.stop()


async def test_a_process_is_used_again_and_gives_way_to_another_after_so_many_calls(
    pool: ProcessPool,
) -> None:
    pids = [await pool.run(call("process")) for _ in range(4)]
    assert pids[0] == pids[1] == pids[2] != pids[3]


async def test_a_process_that_died_while_idle_harms_no_call(pool: ProcessPool) -> None:
    first = int(await pool.run(call("process")))
    os.kill(first, signal.SIGKILL)
    await until(lambda: not is_running(first))
    assert int(await pool.run(call("process"))) != first


async def test_stopping_ends_its_processes(pool: ProcessPool) -> None:
    pid = int(await pool.run(call("process")))
    other = ProcessPool(1)
    await other.start()
    theirs = int(await other.run(call("process")))
    await other.stop()
    await until(lambda: not is_running(theirs))
    assert is_running(pid)


async def test_a_call_that_waits_for_its_turn_can_be_cancelled(pool: ProcessPool, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    running = asyncio.create_task(pool.run(call("slow", str(begun), str(tmp_path / "done"))))
    await until(begun.exists)
    wide = asyncio.create_task(pool.run(call("wide", str(tmp_path), "wide")))
    behind = asyncio.create_task(pool.run(call("process")))
    await asyncio.sleep(0)
    wide.cancel()
    assert await behind
    assert await running == b'"done"'
    [ended] = await asyncio.gather(wide, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError)


async def test_what_cannot_be_sent_is_refused_by_its_name(pool: ProcessPool) -> None:
    with pytest.raises(UnstorableValue, match="input of step large"):
        await pool.run(call("large", lambda: 3))

    @step(executor="process")
    def hidden() -> None:
        """Within a function: no other process finds it."""

    here = call("process")
    with pytest.raises(StepNotFound, match="hidden"):
        await pool.run(StepCall(hidden, (), {}, here.info))


async def test_why_a_process_ended_is_told(pool: ProcessPool, tmp_path: Path) -> None:
    with pytest.raises(ExecutorLost, match="by signal 9"):
        await pool.run(call("killed_at_first", str(tmp_path)))
    with pytest.raises(ExecutorLost, match="with exit code 3"):
        await pool.run(call("exited"))


async def test_a_killed_worker_leaves_no_process_behind(tmp_path: Path) -> None:
    script, begun = tmp_path / "worker.py", tmp_path / "begun"
    script.write_text(WORKER.format(path=[path for path in sys.path if path]))
    worker = subprocess.Popen([sys.executable, script, begun])  # noqa: ASYNC220  (it goes on beside us)
    try:
        pid = int(await until(lambda: begun.exists() and begun.read_text(), seconds=30))
        assert is_running(pid)
    finally:
        worker.kill()
        worker.wait()
    await until(lambda: not is_running(pid))
    assert not os.path.exists(f"{begun}.done")  # noqa: ASYNC240, PTH110  (a look)


async def test_outside_of_a_run_a_step_just_runs_its_function() -> None:
    assert await STEPS["process"]["process"]() == os.getpid()

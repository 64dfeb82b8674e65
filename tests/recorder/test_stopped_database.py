"""The database stands still for ten seconds: writers wait, nothing fails, nothing piles up."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psycopg
from writers import writers

from mainstem.ledger.install import upgrade
from servers import embedded_server

WRITERS = 256
SECONDS = 10
MOST_GROWTH = 50 * 2**20


def memory() -> int:
    """Resident bytes of this process (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def processes(postmaster: int) -> list[int]:
    return [postmaster, *map(int, Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split())]


async def test_writers_wait_while_the_database_is_stopped_and_all_are_acknowledged_when_it_goes_on() -> None:
    with embedded_server() as server:
        with psycopg.connect(server.url, autocommit=True) as conn:
            upgrade(conn)
        async with writers(server.url) as crew:
            run_ids = await crew.start(WRITERS)
            stopped, until = asyncio.Event(), asyncio.Event()

            async def write(run_id: object) -> int:
                number = 0
                while not until.is_set():
                    number += 1
                    await crew.write(run_id, number)  # type: ignore[arg-type]
                return number

            writing = [asyncio.create_task(write(run_id)) for run_id in run_ids]
            await asyncio.sleep(1)
            pids = processes(server.pid or 0)
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            try:
                before, acknowledged = memory(), len(crew.acknowledged)
                await asyncio.sleep(SECONDS)
                grown = memory() - before
                assert len(crew.acknowledged) - acknowledged <= WRITERS  # what was on its way
            finally:
                for pid in pids:
                    os.kill(pid, signal.SIGCONT)
            stopped.set()
            await asyncio.sleep(1)
            until.set()
            written = await asyncio.wait_for(asyncio.gather(*writing), 30)
        assert grown < MOST_GROWTH
        assert len(crew.acknowledged) == sum(written)
        with psycopg.connect(server.url) as conn:
            assert conn.execute("select count(*) from mainstem.user_workflow_run_step").fetchone() == (
                sum(written),
            )

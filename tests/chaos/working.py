"""A worker process: `python working.py URL LEASE`. It ends with 3 when it finds no server to begin with, as its supervisor knows."""

from __future__ import annotations

import clocks  # first: what is imported after it sees its time

import asyncio  # isort: skip
import signal  # isort: skip
import sys  # isort: skip

from mixed import ALL  # isort: skip

from mainstem import Mainstem, Terms, Worker  # isort: skip
from mainstem.errors import Unreachable  # isort: skip

SLOTS = 25
NO_SERVER = 3


async def work(url: str, lease: float) -> None:
    leaving = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leaving.set)
    async with Mainstem(url) as ms, Worker(ms, ALL, Terms(slots=SLOTS, ttl=lease, poll=0.5)) as worker:
        ended = asyncio.ensure_future(worker.wait())
        told = asyncio.ensure_future(leaving.wait())
        done, _ = await asyncio.wait((ended, told), return_when=asyncio.FIRST_COMPLETED)
        for one in (ended, told):
            one.cancel()
        if ended in done:
            ended.result()


if __name__ == "__main__":
    clocks.shift_names()
    try:
        asyncio.run(work(sys.argv[1], float(sys.argv[2])))
    except Unreachable as none_yet:
        print(none_yet, file=sys.stderr)
        sys.exit(NO_SERVER)

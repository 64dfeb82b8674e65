"""A worker process that fires schedules, and claims nothing: python firing.py URL."""

from __future__ import annotations

import asyncio
import sys

from mainstem import Mainstem, Terms, Worker, workflow


@workflow("idle")
async def idle() -> None:
    """Never started."""


async def main(url: str) -> None:
    async with Mainstem(url) as ms, Worker(ms, [idle], Terms(queues=("elsewhere",), ttl=100_000)) as worker:
        print("ready", flush=True)
        await worker.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

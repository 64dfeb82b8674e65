"""DBOS at the engine bench's work: a process that runs ten-step workflows in a closed loop and tells what it did.

It reads a command a line, how many runs at once and for how many seconds, and answers with the latencies in a line of
JSON. Its settings are the best of those tried: plain functions in threads, no ping before each use of a connection,
runs started in the process that works on them (through a queue it is no faster).
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

from dbos import DBOS, DBOSConfig

from work import STEPS, VALUE


def _noop(value: dict[str, Any]) -> dict[str, Any]:
    return value


noop: Any = DBOS.step()(_noop)


def _ten_steps(value: dict[str, Any]) -> dict[str, Any]:
    for _ in range(STEPS):
        value = noop(value)
    return value


ten_steps: Any = DBOS.workflow()(_ten_steps)


def in_a_closed_loop(outstanding: int, seconds: float) -> list[float]:
    """Latencies of the runs that ended within this time."""
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    def loop() -> None:
        while (began := time.perf_counter()) < end:
            DBOS.start_workflow(ten_steps, VALUE).get_result()
            if (now := time.perf_counter()) < end:
                latencies.append(now - began)

    threads = [threading.Thread(target=loop) for _ in range(outstanding)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies


def main(url: str, name: str) -> None:
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": url,
        "executor_id": name,
        "sys_db_pool_size": 20,
        "db_engine_kwargs": {"pool_pre_ping": False},
        "log_level": "ERROR",
    }
    DBOS(config=config)
    DBOS.launch()
    print("ready", flush=True)
    for line in sys.stdin:
        outstanding, seconds = line.split()
        print(json.dumps(in_a_closed_loop(int(outstanding), float(seconds))), flush=True)
    DBOS.destroy()


if __name__ == "__main__":
    main(*sys.argv[1:])

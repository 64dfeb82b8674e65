"""Workers killed at random while runs begin children and wait for them: each child is begun once, and every run ends."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from family import aside, family, part

from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import Mainstem

pytestmark = ON_ONE_SERVER

KILLS = 6
CHILDREN = 60
RESUMED = """
select mainstem.resume_workflow_run(r.run_id) from mainstem.user_workflow_run r, set_config('app.current_org_id', r.org_id::text, true)
 where r.status = 'paused'
"""


def worker(database: Database) -> subprocess.Popen[bytes]:
    command = (sys.executable, "-c", "from mainstem.cli.main import main; main()", "--url", database.url)
    return subprocess.Popen(
        [*command, "worker", "family", "--ttl", "1"],
        cwd=Path(__file__).parent,
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def progress(database: Database) -> int:
    return int(database.value("select count(*) from mainstem.user_workflow_run_step"))


def all_are_over(database: Database) -> bool:
    """What three kills in a row met within one step is paused as poison: somebody looks at it, and lets it go on."""
    database.rows(RESUMED)
    return bool(database.value("select count(*) = 0 from mainstem.user_workflow_run_queue"))


async def test_each_child_is_begun_once_whoever_dies(ms: Mainstem, database: Database) -> None:
    for workflow in (family, part, aside):
        await ms.register(workflow)
    runs = [await ms.start(family, CHILDREN) for _ in range(2)]
    workers = [worker(database) for _ in range(2)]
    try:
        for _ in range(KILLS):
            seen = progress(database)
            await until(lambda seen=seen: progress(database) > seen + 20, seconds=60)  # type: ignore[misc]
            await asyncio.sleep(random.uniform(0, 0.1))
            victim = workers.pop(0)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            workers.append(worker(database))
        await until(lambda: all_are_over(database), seconds=120)
        results = await asyncio.wait_for(asyncio.gather(*(run.result() for run in runs)), 10)
    finally:
        for one in workers:
            one.kill()
            one.wait()
    for result in results:
        assert [line.split(" ")[:2] for line in result] == [["part", str(n)] for n in range(CHILDREN)]
    assert len({line.split(" ")[2] for result in results for line in result}) == 2 * CHILDREN
    begun = database.rows(
        "select mainstem.run_of(parent_step_id) as parent, input_data ->> 'name' as name, count(*) as times, min(status) as status"
        " from mainstem.user_workflow_run where parent_step_id is not null group by 1, 2"
    )
    assert len(begun) == 2 * 2 * CHILDREN
    assert {(row["times"], row["status"]) for row in begun} == {(1, "completed")}
    assert database.rows("select 1 from mainstem.user_workflow_signal") == []

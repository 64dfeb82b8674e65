"""A worker killed in a transactional step: what its code wrote and the step's record are both there, or neither."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from paying import FOLDER, URL, paying, paying_apart

from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import Mainstem

pytestmark = ON_ONE_SERVER

TABLE = """
create table public.payment (run_id uuid not null, moment text not null);
grant select, insert on public.payment to mainstem_worker;
create function public.hold_the_commit() returns trigger language plpgsql as $$
begin
  if new.moment = 'at its commit' and not exists (select from public.payment p where p.run_id <> new.run_id) then
    perform pg_advisory_lock_shared(7);
    perform pg_advisory_unlock_shared(7);
  end if;
  return null;
end $$;
create constraint trigger hold_the_commit after insert on public.payment deferrable initially deferred
  for each row execute function public.hold_the_commit()
"""
LEASE = "1.5"


@pytest.fixture
def payments(database: Database) -> Database:
    database.connect(role=None, org_id=None).execute(TABLE)
    return database


@contextmanager
def worker(database: Database, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = (sys.executable, "-c", "from mainstem.cli.main import main; main()", "--url", database.url)
    process = subprocess.Popen(
        [*command, "worker", "paying", "--ttl", LEASE],
        cwd=Path(__file__).parent,
        env={**os.environ, FOLDER: str(folder), URL: database.url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def both(database: Database, run_id: UUID) -> tuple[int, int]:
    """Rows that the step wrote, and records of it."""
    paid = database.value("select count(*) from public.payment where run_id = %s", run_id)
    recorded = database.value(
        "select count(*) from mainstem.user_workflow_run_step where run_id = %s and status = 'completed'",
        run_id,
    )
    return paid, recorded


async def died(process: subprocess.Popen[bytes]) -> None:
    await until(lambda: process.poll() is not None, seconds=30)
    assert process.returncode == -signal.SIGKILL


async def test_killed_before_the_commit_it_finds_neither_and_in_the_end_both_once(
    ms: Mainstem, payments: Database, tmp_path: Path
) -> None:
    run = await ms.start(paying, "in its code")
    with worker(payments, tmp_path) as first:
        await died(first)
    await until(
        lambda: (
            payments.value("select count(*) from pg_stat_activity where application_name = 'mainstem step'")
            == 0
        )
    )
    assert both(payments, run.run_id) == (0, 0)
    with worker(payments, tmp_path):
        assert await asyncio.wait_for(run.result(), 40) == "in its code"
    assert both(payments, run.run_id) == (1, 1)


async def test_killed_while_the_server_commits_it_finds_both_once(
    ms: Mainstem, payments: Database, tmp_path: Path
) -> None:
    committing = "select count(*) from pg_stat_activity where wait_event = 'advisory' and query = 'COMMIT'"
    run = await ms.start(paying, "at its commit")
    holder = payments.connect(role=None, org_id=None)
    holder.execute("select pg_advisory_lock(7)")
    with worker(payments, tmp_path) as first:
        await until(lambda: payments.value(committing) == 1, seconds=30)
        assert both(payments, run.run_id) == (0, 0)
        first.send_signal(signal.SIGKILL)
        await died(first)
    holder.execute("select pg_advisory_unlock(7)")
    await until(lambda: both(payments, run.run_id) == (1, 1))
    with worker(payments, tmp_path):
        assert await asyncio.wait_for(run.result(), 40) == "at its commit"
    assert both(payments, run.run_id) == (1, 1)


async def test_a_step_that_writes_by_itself_is_found_half_done(
    ms: Mainstem, payments: Database, tmp_path: Path
) -> None:
    """Else the tests above show nothing."""
    run = await ms.start(paying_apart, "in its code")
    with worker(payments, tmp_path) as first:
        await died(first)
    assert both(payments, run.run_id) == (1, 0)
    with worker(payments, tmp_path):
        assert await asyncio.wait_for(run.result(), 40) == "in its code"
    assert both(payments, run.run_id) == (2, 1)

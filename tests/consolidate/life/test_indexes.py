"""A child table without an index would make the copy as slow as the square of its rows: the index is made before, and told of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from conditions import ON_ONE_SERVER
from conftest import Database
from consolidations import Life, living
from mainstem.consolidate.life import lacking_indexes
from mainstem.consolidate.presets.rcm.sample import grow, install
from mainstem.errors import PhaseRefused
from typed import Terminal

BY_TRACE = "mainstem_consolidation_workflow_events_trace_id"
BY_STEP = "mainstem_consolidation_workflow_events_step_id"
OURS = "select relname, indisvalid from pg_index join pg_class on oid = indexrelid where relname ~ '^mainstem_consolidation_' order by 1"
COPY = ("consolidate", "copy", "rcm", "--without-backup", "a sample")


@pytest.fixture
def life(database: Database) -> Iterator[Life]:
    """Events without the two indexes that the sample has, and enough of them to miss them."""
    with psycopg.connect(database.url, autocommit=True) as conn:
        install(conn)
        grow(conn, runs=100)
        conn.execute("drop index public.idx_workflow_events_trace_time, public.idx_workflow_events_step")
        conn.execute("analyze")
    with living(database, sample=False) as life:
        yield life


def ours(life: Life) -> list[tuple[Any, ...]]:
    return life.conn.execute(OURS.encode()).fetchall()


def lacking(life: Life) -> list[tuple[str, str]]:
    return [(one.table, one.column) for one in lacking_indexes(life.conn, life.program)]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_copy_makes_what_is_lacking_and_tells_of_it(life: Life) -> None:
    assert lacking(life) == [("workflow_events", "trace_id"), ("workflow_events", "step_id")]
    terminal = Terminal(life.url)
    assert "workflow_events (trace_id), workflow_events (step_id)" in terminal.type("consolidate", "status").stdout  # fmt: skip
    [told] = terminal.lines(*COPY)
    assert told["made"] == [f"an index on workflow_events ({name})" for name in ("trace_id", "step_id")]
    assert ours(life) == [(BY_STEP, True), (BY_TRACE, True)]
    assert lacking(life) == []
    [status] = terminal.lines("consolidate", "status")
    assert status["indexes_made"] == ["workflow_events (step_id)", "workflow_events (trace_id)"]
    assert "index on workflow_events (trace_id)" in terminal.type("consolidate", "report").stdout.replace("\\", "")  # fmt: skip
    life.verify()
    life.cut_over()
    life.finish()
    assert ours(life) == []


@ON_ONE_SERVER
def test_a_rollback_to_the_plan_takes_them_away(life: Life) -> None:
    life.copy()
    assert len(ours(life)) == 2
    life.abandon()
    assert ours(life) == []
    assert "indexes" not in life.plan.facts


@ON_ONE_SERVER
def test_a_copy_that_is_told_to_makes_none(life: Life) -> None:
    [told] = Terminal(life.url).lines(*COPY, "--no-indexes")
    assert (told["made"], ours(life)) == ([], [])
    assert life.verify().holds


@ON_ONE_SERVER
def test_nothing_is_lacking_where_the_table_has_its_indexes_or_is_small(database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as conn:
        install(conn)
        conn.execute("drop index public.idx_workflow_events_trace_time")
    with living(database, sample=False) as life:
        assert lacking(life) == []
        with psycopg.connect(database.url, autocommit=True) as conn:
            conn.execute("create index on public.workflow_events (trace_id)")
            conn.execute("drop index public.idx_workflow_events_step")
            conn.execute("create index on public.workflow_events (step_id) where step_id is not null")
            grow(conn, runs=100)
        assert lacking(life) == []


def test_what_a_killed_copy_left_of_an_index_is_made_anew(life: Life) -> None:
    words = [sys.executable, "-c", "from mainstem.cli.main import main; main()", "--url", life.url, *COPY]
    with psycopg.connect(life.url) as writer:
        writer.execute("delete from public.workflow_events where event_id = -1")  # an index waits for its end
        with subprocess.Popen(words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as copying:
            wait_for(lambda: ours(life) == [(BY_TRACE, False)])
            [held] = life.conn.execute("select lease_until = 'infinity' from mainstem_consolidation.plan").fetchall()  # fmt: skip
            assert held == (True,)
            with pytest.raises(PhaseRefused, match="somebody else is at rcm"):
                life.copy()
            os.kill(copying.pid, signal.SIGKILL)
        wait_for(lambda: not life.conn.execute("select from pg_stat_activity where query ~ '^create index'").fetchall())  # fmt: skip
        assert ours(life) == [(BY_TRACE, False)]
    life.copy()
    assert ours(life) == [(BY_STEP, True), (BY_TRACE, True)]
    assert life.verify().holds

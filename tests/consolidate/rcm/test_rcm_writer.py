"""The old application on the old database: what it says works, and what it was told is there."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg

from conftest import Database
from mainstem.consolidate.presets.rcm.sample import install
from mainstem.consolidate.presets.rcm.sample.statements import CONFIG_KEYS, KEYS, STATEMENTS
from mainstem.consolidate.presets.rcm.sample.writer import Writer, writing

LAST = "delete a run with what hangs on it"
"""It wants a run of five rounds ago: who says it has said everything."""


def have_said_everything(writers: list[Writer]) -> bool:
    return all(writer.tally.done[LAST] > 1 for writer in writers)


def until(happened: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_two_writers_say_everything_and_nothing_fails_that_did_not_fail_before(
    empty_database: Database,
) -> None:
    with psycopg.connect(empty_database.url, autocommit=True) as conn:
        install(conn)
        with writing(empty_database.url, writers=2, rate=None) as writers:
            until(lambda: have_said_everything(writers))
        for writer in writers:
            assert writer.tally.failures == []
            assert set(writer.tally.errors) == {"42804"}
            assert {s.name for s in STATEMENTS} - set(writer.tally.done) == {
                "start a step at a numbered node"
            }
            assert len(writer.memory.there) > 50
            assert {table for table, _ in writer.memory.gone} == {*KEYS, *CONFIG_KEYS}
            assert writer.memory.differences(conn) == []


def test_a_lost_write_is_found_and_so_is_one_that_came_back(empty_database: Database) -> None:
    with psycopg.connect(empty_database.url, autocommit=True) as conn:
        install(conn)
        with writing(empty_database.url, rate=None) as writers:
            until(lambda: have_said_everything(writers))
        memory = writers[0].memory
        changed = next(key for (table, key) in memory.there if table == "workflow_events")
        lost = max(key for (table, key) in memory.there if table == "workflow_trace_context")
        back = next(key for (table, key) in memory.gone if table == "workflow_trace")
        conn.execute("update workflow_events set event_data = '{}' where event_id = %s", [changed])
        conn.execute("delete from workflow_trace_context where context_id = %s", [lost])
        conn.execute(
            "insert into workflow_trace (trace_id, workflow_id, channel, created_by)"
            " select %s, workflow_id, 'web', created_by from workflow_trace where trace_id = 1001",
            [back],
        )
        told = memory.differences(conn)
        assert len(told) == 3
        assert f"workflow_events {changed} is" in told[0] or f"workflow_events {changed} is" in told[1]
        assert told[2] == f"workflow_trace {back} is there again"


def test_what_a_writer_says_goes_on_when_its_connection_is_ended(empty_database: Database) -> None:
    with psycopg.connect(empty_database.url, autocommit=True) as conn:
        install(conn)
        with writing(empty_database.url, rate=None) as writers:
            until(lambda: writers[0].tally.done.total() > 20)
            conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'old application' and datname = current_database()"
            )
            until(lambda: writers[0].tally.errors.total() > 0 and have_said_everything(writers))
        assert {failure.sqlstate for failure in writers[0].tally.failures} <= {"57P01", "lost"}


def test_a_writer_keeps_to_its_rate(empty_database: Database) -> None:
    with psycopg.connect(empty_database.url, autocommit=True) as conn:
        install(conn)
        began = time.monotonic()
        with writing(empty_database.url, rate=100) as writers:
            until(lambda: writers[0].tally.done.total() >= 30)
        took = time.monotonic() - began
        assert took >= 0.29

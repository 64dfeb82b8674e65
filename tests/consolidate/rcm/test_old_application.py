"""The old application on the old database: what it says works, and what it was told is there."""

from __future__ import annotations

import time

import psycopg

from conftest import Database
from mainstem.consolidate.presets.rcm.sample import install
from mainstem.consolidate.presets.rcm.sample.statements import STATEMENTS
from mainstem.consolidate.presets.rcm.sample.writer import writing


def said(writers) -> set[str]:
    return {name for writer in writers for name in writer.tally.done}


def test_two_writers_say_everything_and_nothing_fails_that_did_not_fail_before(empty_database: Database) -> None:
    with psycopg.connect(empty_database.url, autocommit=True) as conn:
        install(conn)
        deadline = time.monotonic() + 20
        with writing(empty_database.url, writers=2, rate=None) as writers:
            while "delete a run with what hangs on it" not in said(writers[1:]) and time.monotonic() < deadline:
                writers[0].tally.done.total()
                time.sleep(0.05)
        for writer in writers:
            assert writer.tally.failures == []
            assert set(writer.tally.errors) == {"42804"}
            assert {s.name for s in STATEMENTS} - set(writer.tally.done) == {"start a step at a numbered node"}
            assert len(writer.memory.there) > 100
            assert writer.memory.gone
            assert writer.memory.differences(conn) == []

"""Another database's rcm tables become runs: landed and followed under writers, switched, and brought back with what was written since."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from conftest import Database
from mainstem.consolidate.life import adopt, compiled, copy, migrator, read_plan, roll_back, verify
from mainstem.consolidate.life.remote import (
    cut_over_remote,
    follow_remote,
    land_remote,
    let_go_of_remote,
    roll_back_remote,
)
from mainstem.consolidate.mapping import preset, read_mapping
from mainstem.consolidate.presets.rcm.sample import install
from mainstem.consolidate.presets.rcm.sample.statements import KEYS
from mainstem.consolidate.presets.rcm.sample.writer import Writer, writing
from mainstem.errors import LandingDiffers

LANDING = "mainstem_landing_rcm"
TEXT = preset("rcm").replace(
    "source: {kind: postgres, schema: public}", "source: {kind: remote, schema: public}"
)


@pytest.fixture
def source(empty_database: Database) -> Database:
    with psycopg.connect(empty_database.url, autocommit=True) as conn:
        install(conn, second_shape=True)
    return empty_database


@pytest.fixture
def conn(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with migrator(database.url, "rcm") as opened:
        yield opened


def go_on(writers: list[Writer], more: int = 40) -> None:
    wanted = [writer.tally.done.total() + more for writer in writers]
    deadline = time.monotonic() + 30
    while any(w.tally.done.total() < goal for w, goal in zip(writers, wanted, strict=True)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def writer_number(number: int, url: str) -> Iterator[Writer]:
    """One more, whose ids of its own nobody else has said."""
    writer = Writer(url, rate=80, number=number)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()


def forward(conn: psycopg.Connection[Any], url: str, *, proved: bool = True) -> None:
    program = compiled(conn, read_plan(conn, "rcm"))
    copy(conn, program, read_plan(conn, "rcm"))
    follow_remote(conn, program.mapping, url)
    verify(conn, program, read_plan(conn, "rcm"))
    cut_over_remote(conn, program, url, moved_to="the ledger", proved=proved)


def shown(url: str, schema: str) -> dict[str, list[str]]:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set timezone = 'UTC'")
        return {
            table: sorted(row for (row,) in conn.execute(f"select r::text from {schema}.{table} r".encode()))
            for table in (*KEYS, "workflow_trace_screenshot_v9")
        }


def test_what_writers_wrote_before_and_after_the_switch_is_in_the_source_after_the_way_back(
    source: Database, database: Database, conn: psycopg.Connection[Any]
) -> None:
    with writing(source.url, writers=2, rate=80) as writers:
        go_on(writers)
        landed = land_remote(conn, read_mapping(TEXT), source.url)
        adopt(conn, TEXT)
        go_on(writers)
        forward(conn, source.url)
    assert [said for said in landed.left_out if not said.startswith("the policy")] == []
    before = shown(source.url, "public")
    assert shown(database.url, LANDING) == before
    assert {failure.sqlstate for writer in writers for failure in writer.tally.failures} <= {"25006"}
    assert any(
        "moved to the ledger" in failure.message for writer in writers for failure in writer.tally.failures
    )
    with psycopg.connect(database.url, autocommit=True, options=f"-c search_path={LANDING}") as moved:
        for writer in writers:
            assert writer.memory.differences(moved) == []
        moved.execute(
            "update workflow_trace set external_id = 'since' where trace_id = (select min(trace_id) from workflow_trace)"
        )
        moved.execute(
            "insert into workflow_trace (workflow_id, channel, created_by) select workflow_id, 'web', created_by from workflow_trace limit 1"
        )
    with writer_number(7, f"{database.url}&options=-csearch_path%3D{LANDING}") as writer:
        go_on([writer])
    assert writer.tally.failures == []
    after = shown(database.url, LANDING)
    assert after != before
    roll_back_remote(conn, compiled(conn, read_plan(conn, "rcm")), source.url, accept_loss=True)
    assert shown(source.url, "public") == after
    with writer_number(8, source.url) as writer:
        go_on([writer])
        forward(conn, source.url, proved=False)
    with psycopg.connect(database.url, autocommit=True, options=f"-c search_path={LANDING}") as moved:
        assert writer.memory.differences(moved) == []
    let_go_of_remote(conn, read_mapping(TEXT), source.url)
    assert source.rows("select 1 from pg_trigger where tgname ~ 'mainstem'") == []
    assert source.rows("select 1 from pg_namespace where nspname ~ 'mainstem'") == []


def test_a_cut_over_that_fails_opens_the_source_again_and_a_way_back_that_was_killed_goes_on(
    source: Database, database: Database, conn: psycopg.Connection[Any]
) -> None:
    def into_source(said: str) -> None:
        with psycopg.connect(source.url, autocommit=True) as old_code:
            old_code.execute(said.encode())

    into_source("drop table workflow_trace_screenshot_v9")  # the mapping calls it optional
    land_remote(conn, read_mapping(TEXT), source.url)
    program = compiled(conn, adopt(conn, TEXT))
    copy(conn, program, read_plan(conn, "rcm"))
    conn.execute(f"update {LANDING}.workflow_node set description = 'not theirs'".encode())
    with pytest.raises(LandingDiffers, match="workflow_node"):
        cut_over_remote(conn, program, source.url, moved_to="the ledger")
    into_source("update workflow_node set description = 'theirs'")
    cut_over_remote(conn, program, source.url, moved_to="the ledger")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        into_source("delete from workflow_node")
    with psycopg.connect(database.url, autocommit=True) as moved:
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            moved.execute(
                f"insert into {LANDING}.app_user (email, org_id) values ('x', gen_random_uuid())".encode()
            )
        moved.execute(f"update {LANDING}.workflow_node set description = 'since'".encode())
    roll_back(conn, compiled(conn, read_plan(conn, "rcm")), read_plan(conn, "rcm"))
    roll_back_remote(conn, compiled(conn, read_plan(conn, "rcm")), source.url)
    assert source.value("select distinct description from workflow_node") == "since"
    into_source("delete from user_workflow_transition")
    assert follow_remote(conn, program.mapping, source.url, until=0) > 0
    assert database.value(f"select count(*) from {LANDING}.user_workflow_transition") == 0

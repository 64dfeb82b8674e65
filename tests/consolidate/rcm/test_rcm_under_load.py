"""Forward, back and forward again while the old application writes and its reports are read without a rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg

from conftest import Database
from mainstem.consolidate.life import adopt, compiled, copy, cut_over, migrator, read_plan, roll_back, verify
from mainstem.consolidate.mapping import preset
from mainstem.consolidate.presets.rcm.sample import install
from mainstem.consolidate.presets.rcm.sample.statements import Statement
from mainstem.consolidate.presets.rcm.sample.writer import Writer, writing

REPORTS = tuple(
    Statement(view, (f"select count(*) from {view}",))
    for view in ("v_workflow_execution_summary", "v_workflow_execution_timeline", "v_failed_steps_analysis")
)


def go_on(writers: list[Writer], more: int = 60) -> None:
    """Until each of them has said so much more."""
    wanted = [writer.tally.done.total() + more for writer in writers]
    deadline = time.monotonic() + 30
    while any(w.tally.done.total() < goal for w, goal in zip(writers, wanted, strict=True)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def forward(conn: psycopg.Connection[Any]) -> None:
    program = compiled(conn, read_plan(conn, "rcm"))
    copy(conn, program, read_plan(conn, "rcm"))
    verify(conn, program, read_plan(conn, "rcm"))
    cut_over(conn, program, read_plan(conn, "rcm"), patience=20)


def back(conn: psycopg.Connection[Any]) -> None:
    plan = read_plan(conn, "rcm")
    roll_back(conn, compiled(conn, plan), plan, accept_loss=True, patience=20)


def lost_over(
    url: str, way: Callable[[psycopg.Connection[Any]], None], *more: Callable[..., None]
) -> list[str]:
    """What two writers miss after these ways were gone under them; and what they could not live with."""
    with (
        writing(url, writers=2, rate=40) as writers,
        writing(url, writers=2, rate=None, statements=REPORTS) as readers,
    ):
        go_on(writers)
        with migrator(url, "rcm") as conn:
            adopt(conn, preset("rcm"))
            for one in (way, *more):
                one(conn)
                go_on(writers)
    with psycopg.connect(url, autocommit=True) as conn:
        missed = [lost for writer in writers for lost in writer.memory.differences(conn)]
    return missed + [str(failure) for writer in (*writers, *readers) for failure in writer.tally.failures]


def test_nothing_is_lost_on_the_way_forward_back_and_forward(database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as conn:
        install(conn)
    assert lost_over(database.url, forward, back, forward) == []

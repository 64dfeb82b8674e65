"""The history file becomes runs: every row proved, every old question answered as before, under writers, and back again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from test_history_landing import asked, differing

from conftest import Database
from mainstem.consolidate.life import adopt, compiled, copy, losses, migrator, read_plan, verify
from mainstem.consolidate.life.file import cut_over_file, follow_file, land_file, roll_back_file
from mainstem.consolidate.mapping import read_mapping
from mainstem.consolidate.presets.history import mapping_for
from mainstem.consolidate.presets.history.sample import SHAPES, Shape, build
from mainstem.consolidate.presets.history.sample.queries import every_query
from mainstem.consolidate.presets.history.sample.schema import names
from mainstem.consolidate.presets.history.sample.writer import running, until
from mainstem.errors import ProofFailed

VIEW = "mainstem_landing_history.workflow_history"


@pytest.fixture
def conn(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with migrator(database.url, "history") as opened:
        yield opened


def copied(conn: psycopg.Connection[Any], path: Path, shape: Shape) -> Any:
    """The file landed, planned and copied; the compiled program."""
    text = mapping_for(names(shape))
    land_file(conn, read_mapping(text), path)
    plan = adopt(conn, text)
    program = compiled(conn, plan)
    copy(conn, program, plan)
    return program


@pytest.mark.parametrize("shape", SHAPES)
def test_every_row_is_proved_and_the_old_questions_have_the_old_answers_after_the_switch(
    tmp_path: Path, conn: psycopg.Connection[Any], database: Database, shape: Shape
) -> None:
    path = tmp_path / "old.db"
    build(path, shape)
    program = copied(conn, path, shape)
    proof = verify(conn, program, read_plan(conn, "history"))
    assert [(one.rows, one.is_equal) for one in proof.compared] == [(458, True), (458, True)]
    cut_over_file(conn, program, path, moved_to="PostgreSQL")
    with psycopg.connect(database.url, autocommit=True) as old_code:
        for query in every_query(shape):
            after = old_code.execute(query.on(VIEW).encode(), query.parameters).fetchall()
            assert differing(asked(path, query), after) == [], query.name
    hours = database.rows("select context -> 'hour_of_day' as hour from mainstem.user_workflow_run where legacy_trace_id in"
                          f" (select id from {VIEW} where {names(shape)[43]} = 0)")  # fmt: skip
    assert hours
    assert {row["hour"] for row in hours} == {0}


def test_what_writers_wrote_before_and_after_the_switch_is_in_the_file_after_the_way_back(
    tmp_path: Path, conn: psycopg.Connection[Any], database: Database
) -> None:
    path = tmp_path / "old.db"
    build(path)
    with running(path) as writer:
        program = copied(conn, path, "submission")
        until(writer, 50)
        follow_file(conn, program.mapping, path)
        cut_over_file(conn, program, path, moved_to="PostgreSQL")
        writer.stop()
    assert writer.moved is not None
    assert writer.errors == []
    with psycopg.connect(database.url, autocommit=True) as old_code:
        for adw_id, expected in writer.acknowledged.items():
            columns = ", ".join(expected)
            [row] = old_code.execute(
                f"select {columns} from {VIEW} where adw_id = %s".encode(), [adw_id]
            ).fetchall()
            assert differing([row], [list(expected.values())]) == []
        old_code.execute(
            f"update {VIEW} set status = 'completed', total_tokens = 4321 where adw_id = 'c80e348c'".encode()
        )
        old_code.execute(
            f"insert into {VIEW} (adw_id, status, workflow_template) values ('0a0b0c0d', 'running', 'new_template')".encode()
        )
    program = compiled(conn, read_plan(conn, "history"))
    assert losses(conn, program) == []
    roll_back_file(conn, program, path)
    with closing(sqlite3.connect(path)) as file:
        assert file.execute(
            "select status, total_tokens from workflow_history where adw_id = 'c80e348c'"
        ).fetchall() == [("completed", 4321)]
        assert file.execute(
            "select status, workflow_template from workflow_history where adw_id = '0a0b0c0d'"
        ).fetchall() == [("running", "new_template")]
        file.execute("update workflow_history set status = 'failed' where adw_id = '0a0b0c0d'")
        file.commit()
    follow_file(conn, program.mapping, path)
    program = compiled(conn, read_plan(conn, "history"))
    copy(conn, program, read_plan(conn, "history"))
    assert verify(conn, program, read_plan(conn, "history")).holds


def test_a_switch_that_fails_lets_the_file_s_writers_in_again(
    tmp_path: Path, conn: psycopg.Connection[Any], database: Database
) -> None:
    path = tmp_path / "old.db"
    build(path)
    program = copied(conn, path, "submission")
    database.rows(
        "update mainstem.user_workflow_run set created_at = created_at - interval '1 day'"
        " where run_id = (select min(run_id::text)::uuid from mainstem.user_workflow_run) returning run_id"
    )
    with pytest.raises(ProofFailed):
        cut_over_file(conn, program, path, moved_to="PostgreSQL")
    with closing(sqlite3.connect(path)) as file, file:
        written = file.execute("update workflow_history set status = 'failed' where adw_id = 'c80e348c'")
        assert written.rowcount == 1

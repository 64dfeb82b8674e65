"""The sample of the history file has what the old file was known to hold."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mainstem.consolidate.presets.history.sample import ODDITIES, ROWS, SHAPES, Oddity, Shape, build, grow
from mainstem.consolidate.presets.history.sample.schema import DAY, HOUR


@pytest.fixture(scope="module", params=SHAPES)
def shape(request: pytest.FixtureRequest) -> Shape:
    chosen: Shape = request.param
    return chosen


@pytest.fixture(scope="module")
def path(shape: Shape, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("history") / "workflow_history.db"
    build(made, shape)
    return made


def ask(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(query).fetchall()


def test_it_has_458_rows_of_seventy_columns_and_eighteen_indexes(path: Path, shape: Shape) -> None:
    assert ask(path, "select count(*) from workflow_history") == [(ROWS,)] == [(458,)]
    columns = [name for (name,) in ask(path, "select name from pragma_table_info('workflow_history')")]
    assert len(columns) == 70
    assert columns[43:45] == [HOUR[shape], DAY[shape]]
    assert columns[69] == "scoring_version"
    assert ask(path, "select count(*) from pragma_index_list('workflow_history')") == [(18,)]
    assert ask(path, "pragma integrity_check") == [("ok",)]


def test_seven_rows_were_archived_and_their_ids_are_not_used_again(path: Path) -> None:
    archived = ask(path, "select original_id, issue_number from workflow_history_archive order by 1")
    assert {issue for _, issue in archived} == {6, 13, 999}
    assert len(archived) == 7
    assert not ask(
        path, "select id from workflow_history where id in (select original_id from workflow_history_archive)"
    )


@pytest.mark.parametrize("oddity", ODDITIES, ids=lambda oddity: oddity.name)
def test_every_oddity_is_there(path: Path, shape: Shape, oddity: Oddity) -> None:
    [(found,)] = ask(path, f"select count(*) from workflow_history where {oddity.where(shape)}")
    assert 0 < found < ROWS
    assert found >= len(oddity.rows)


def test_what_is_unknown_is_null_in_one_shape_and_minus_one_in_the_other(path: Path, shape: Shape) -> None:
    unknown = {None: 0, -1: 0} | dict(
        ask(
            path,
            f"select {HOUR[shape]}, count(*) from workflow_history group by 1 having {HOUR[shape]} is null or {HOUR[shape]} = -1",
        )
    )
    assert (unknown[None] > 400) if shape == "submission" else (unknown[None] == 0 and unknown[-1] > 200)


def test_it_is_the_same_each_time(path: Path, shape: Shape, tmp_path: Path) -> None:
    build(tmp_path / "again.db", shape)
    assert (tmp_path / "again.db").read_bytes() == path.read_bytes()
    with pytest.raises(FileExistsError):
        build(path, shape)


def test_it_grows(tmp_path: Path, shape: Shape) -> None:
    build(tmp_path / "grown.db", shape)
    grow(tmp_path / "grown.db", 1000, shape)
    grow(tmp_path / "grown.db", 10, shape)
    assert ask(tmp_path / "grown.db", "select count(*), max(id) from workflow_history") == [(1468, 1475)]

"""A file with three runs, and a connection to land it through: `pytest_plugins` of the tests here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlite_files import RUNS, do

from conftest import Database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with three runs."""
    made = tmp_path / "old.db"
    rows = [("a", 1, 0.5), ("b", None, None), ("c", 3, 1e-7)]
    do(made, RUNS)
    do(made, "insert into runs (name, tokens, cost) values (?, ?, ?)", many=rows)
    return made


@pytest.fixture
def conn(empty_database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(empty_database.url, autocommit=True) as opened:
        yield opened

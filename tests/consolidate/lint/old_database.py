"""A database of somebody's, emptied between two tests: quicker than a new one each time."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from conftest import Database
from servers import database as fresh_database


def run(database: Database, sql: str) -> None:
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute(sql.encode())


@pytest.fixture(scope="module")
def old_place(server_url: str) -> Iterator[Database]:
    with fresh_database(server_url) as url:
        yield Database(url)


@pytest.fixture
def old_database(old_place: Database) -> Iterator[Database]:
    """Its schema is empty; a role that a test makes must be called lint_reader, for roles belong to the server."""
    yield old_place
    run(old_place, "drop schema public cascade; create schema public")
    if old_place.value("select count(*) from pg_roles where rolname = 'lint_reader'"):
        run(old_place, "drop role lint_reader")

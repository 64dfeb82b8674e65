"""A database of somebody's, emptied between two tests: quicker than a new one each time."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from conftest import Database
from servers import database as fresh_database


class OldDatabase(Database):
    """A superuser writes it."""

    def run(self, sql: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute(sql.encode())


@pytest.fixture(scope="module")
def old_place(server_url: str) -> Iterator[OldDatabase]:
    with fresh_database(server_url) as url:
        yield OldDatabase(url)


@pytest.fixture
def old_database(old_place: OldDatabase) -> Iterator[OldDatabase]:
    """Its schema is empty; a role that a test makes must be called lint_reader, for roles belong to the server."""
    yield old_place
    old_place.run("drop schema public cascade; create schema public")
    if old_place.value("select count(*) from pg_roles where rolname = 'lint_reader'"):
        old_place.run("drop role lint_reader")

"""A ledger that tests share, each with a tenant of its own: `pytest_plugins` of modules that keep to theirs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from callers import Caller

from conftest import TEMPLATE, Database, make_tenant
from servers import database as fresh_database


@pytest.fixture(scope="session")
def shared_database(server_url: str) -> Iterator[Database]:
    """One for all tests that keep to their own tenant; its clock may be ahead."""
    with fresh_database(server_url, TEMPLATE) as url:
        made = Database(url)
        yield made
        made.close()


@pytest.fixture
def caller(shared_database: Database) -> Iterator[Caller]:
    """A tenant's session."""
    made = Caller.at(shared_database, make_tenant(shared_database))
    yield made
    made.conn.close()


@pytest.fixture
def stranger(shared_database: Database) -> Iterator[Caller]:
    """Another tenant's session."""
    made = Caller.at(shared_database, make_tenant(shared_database))
    yield made
    made.conn.close()

"""The sample of the old rcm database in the ledger's own, and where verbs are typed at it."""

from __future__ import annotations

import psycopg
import pytest

from conftest import Database
from mainstem.consolidate.presets.rcm.sample import install
from typed import Terminal


@pytest.fixture
def terminal(database: Database) -> Terminal:
    """Where the old tables are, in the ledger's database, and nothing has begun."""
    with psycopg.connect(database.url, autocommit=True) as conn:
        install(conn)
    return Terminal(database.url)

"""The sample of the old rcm database: what it says it has it has."""

from __future__ import annotations

import psycopg
import pytest

from conftest import Database
from mainstem.consolidate.presets.rcm.sample import ODDITIES, SECOND_SHAPE, Oddity, install


def old_database(database: Database) -> psycopg.Connection:
    conn = psycopg.connect(database.url, autocommit=True)
    install(conn, second_shape=True)
    return conn


def missing(conn: psycopg.Connection, oddities: tuple[Oddity, ...]) -> list[str]:
    return [oddity.name for oddity in oddities if not conn.execute(oddity.found.encode()).fetchall()]


def test_every_oddity_of_the_list_is_in_the_rows(empty_database: Database) -> None:
    with old_database(empty_database) as conn:
        assert missing(conn, ODDITIES + SECOND_SHAPE) == []

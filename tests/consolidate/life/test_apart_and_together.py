"""Columns that go apart and columns that go together, from the copy to old code's writes and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from conftest import Database
from consolidations import Life, living, old_code, rows
from mainstem.consolidate.mapping import read_mapping
from mainstem.errors import MappingRefused, NotLossless
from mainstem.model import DEFAULT_ORG

SAID: dict[str, Any] = {
    "becomes": "run",
    "key": "id",
    "time": [],
    "columns": {"made": "created_at"},
    "split": {
        "full_name": {"by": ", ", "to": ["metadata.last", "metadata.first"]},
        "price": {
            "by": " ",
            "to": [{"to": "duration_ms", "scale": 100}, {"to": "metadata.currency", "default": "USD"}],
        },
    },
    "join": [
        {
            "columns": ["start_date", "start_time"],
            "by": " ",
            "to": "started_at",
            "zone": "America/Los_Angeles",
        },
        {"columns": ["street", "town"], "by": ", ", "to": "metadata.address"},
    ],
    "constants": {
        "driver": "recorded",
        "status": "running",
        "channel": "web",
        "org_id": {"sql": f"'{DEFAULT_ORG}'::uuid"},
        "workflow_id": {"workflow": "'orders'"},
    },
}
ROWS = [
    ("Doe, Jane", "12.5 USD", "2024-01-02", "10:00", "Elm 1", "Ulm"),
    ("Doe", "12.50", "2024-01-02", None, "Elm 1", None),
    ("a, b, c", "cheap", None, "10:00", "Elm 1, rear", "Ulm"),
    (", ", "", "infinity", "23:59:59.5", None, "Ulm"),
    ("", " ", None, None, "", ""),
    (None, None, "2024-03-10", "02:30", None, None),
]


def mapping(**said: Any) -> str:
    return json.dumps({"mapping": 1, "system": "orders", "tables": {"orders": SAID | said}})


@pytest.fixture
def life(database: Database) -> Iterator[Life]:
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute(
            "create table public.orders (id serial primary key, made timestamptz default now(), full_name text, price text,"
            " start_date date, start_time time, street varchar(20), town text)"
        )
        for row in ROWS:
            conn.execute(
                "insert into public.orders (full_name, price, start_date, start_time, street, town) values (%s, %s, %s, %s, %s, %s)",
                row,
            )
    with living(database, mapping(), sample=False) as found:
        yield found


def orders(life: Life) -> list[tuple[Any, ...]]:
    with old_code(life.url) as conn:
        return rows(conn, "select o::text from orders o")


def test_every_row_is_proved_and_reads_as_it_did_there_and_back(life: Life) -> None:
    before = orders(life)
    life.forward()
    assert orders(life) == before
    first = life.conn.execute(
        "select metadata ->> 'last', metadata ->> 'first', duration_ms, started_at::text, metadata ->> 'address', metadata ? 'originals'"
        "  from mainstem.user_workflow_run where metadata ->> 'first' = 'Jane'"
    ).fetchall()
    assert first == [("Doe", "Jane", 1250, "2024-01-02 18:00:00+00", "Elm 1, Ulm", False)]
    life.roll_back()
    assert orders(life) == before


def test_old_code_writes_columns_and_new_code_their_pieces(life: Life) -> None:
    life.forward()
    ours = "update mainstem.user_workflow_run set {} where metadata ->> 'last' = 'Roe'"
    with old_code(life.url) as conn:
        conn.execute("set datestyle = 'SQL, DMY'")
        conn.execute(
            "update orders set full_name = 'Roe, Ann', start_date = '05/02/2024', price = '3 EUR' where id = 1"
        )
        conn.execute("set datestyle = 'ISO'")
        kept = "select full_name, price, start_date::text, start_time::text, street, town from orders where id = 1"
        assert conn.execute(kept.encode()).fetchall() == [
            ("Roe, Ann", "3 EUR", "2024-02-05", "10:00:00", "Elm 1", "Ulm")
        ]
        new = """started_at = '2024-07-01 12:00Z', duration_ms = 425, metadata = metadata || '{"first": "Eve", "address": "Oak 2, Bonn"}'"""
        life.conn.execute(ours.format(new).encode())
        assert conn.execute(kept.encode()).fetchall() == [
            ("Roe, Eve", "4.25 EUR", "2024-07-01", "05:00:00", "Oak 2", "Bonn")
        ]
    before = orders(life)
    assert life.losses() == []
    life.roll_back()
    assert orders(life) == before


def test_a_piece_that_holds_the_separator_is_a_loss_before_it_is_lost(life: Life) -> None:
    life.forward()
    life.conn.execute(
        """update mainstem.user_workflow_run set metadata = metadata || '{"last": "Doe, Roe"}' where metadata ->> 'first' = 'Jane'"""
    )
    assert [(loss.key, loss.column) for loss in life.losses()] == [("1", "full_name")]
    with pytest.raises(NotLossless, match="full_name"):
        life.roll_back()


def test_a_column_with_two_ways_is_refused() -> None:
    with pytest.raises(MappingRefused, match="two ways are said of full_name"):
        read_mapping(mapping(remainder=["full_name"]))

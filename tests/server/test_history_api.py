"""GET /api/workflow-history: what the old application answered, of the same rows and of native ones."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from history_fields import ANALYTICS, BESIDE, FIELDS  # type: ignore[import-not-found]
from old_history import analytics, rows_of, served  # type: ignore[import-not-found]
from serving import serving  # type: ignore[import-not-found]

from conftest import Database, Tenant, make_tenant
from mainstem.consolidate.life import adopt, compiled, copy, migrator
from mainstem.consolidate.life.file import land_file
from mainstem.consolidate.mapping import read_mapping
from mainstem.consolidate.presets.history import mapping_for
from mainstem.consolidate.presets.history.sample import build
from mainstem.consolidate.presets.history.sample.queries import Query, counting, of_the_api
from mainstem.consolidate.presets.history.sample.schema import names
from mainstem.ids import new_run_id
from mainstem.ledger.history import number_of
from mainstem.server import ServerConfig, create_app
from mainstem.server.history.item import OURS, HistoryAnalytics, HistoryItem
from mainstem.errors import BadArgument

HISTORY = "/api/workflow-history"

def consolidate(database: Database, path: Path) -> None:
    """The sample file, copied."""
    build(path)
    text = mapping_for(names("submission"))
    with migrator(database.url, "history") as conn:
        land_file(conn, read_mapping(text), path)
        plan = adopt(conn, text)
        copy(conn, compiled(conn, plan), plan)


def same(one: Any, other: Any) -> bool:
    """Floats to the last but few digits: sums come in any order."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, float) or isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-8)
    return bool(one == other)


async def listed(client: httpx.AsyncClient, **asked: Any) -> dict[str, Any]:
    answer = await client.get(HISTORY, params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_every_field_of_the_api_has_its_row_in_the_table() -> None:
    assert len(FIELDS) == 61
    assert set(HistoryItem.model_fields) == set(FIELDS) | set(BESIDE)
    assert set(BESIDE) == set(OURS)
    assert len(ANALYTICS) == 15
    assert list(HistoryAnalytics.model_fields) == list(ANALYTICS)


def test_a_field_that_is_missing_has_the_default_of_the_table() -> None:
    optional = {name: field for name, field in HistoryItem.model_fields.items() if not field.is_required()}
    assert {name: field.default for name, field in optional.items()} == {
        name: field.default for name, field in (FIELDS | BESIDE).items() if name in optional
    }


async def test_every_field_of_every_old_row_is_as_the_old_application_sent_it(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "old.db"
    consolidate(database, path)
    before = [
        served(row, {name: (field.type, field.default) for name, field in FIELDS.items()})
        for row in rows_of(path)
    ]
    async with serving(database.url) as client:
        answer = await listed(client, limit=1000)
        unfit: dict[str, list[Any]] = {}
        different = []
        for old, new in zip(before, answer["workflows"], strict=True):
            different += [
                (old.item["id"], name, old.item[name], new[name])
                for name in FIELDS
                if name not in old.unfit and not same(old.item[name], new[name])
            ]
            for name in old.unfit:
                unfit.setdefault(name, []).append(new[name])
        assert different == []
        assert len(before) == answer["total_count"] == 458
        assert unfit == {
            "duration_seconds": [12, 1234],
            "backend_port": [None],
            "phase_count": [None],
            "structured_input": [{"classification": "feature", "title": "Übersicht"}],
            "anomaly_flags": [["Cost 2.1x above average"]],
        }
        told, expected = answer["analytics"], analytics(path)
        assert told.keys() == expected.keys()
        for name, value in expected.items():
            precision = 1e-6 if name == "avg_duration_seconds" else 1e-9  # ours is of milliseconds
            assert told[name] == pytest.approx(value, rel=precision), name


async def test_every_filter_and_order_gives_the_old_rows_in_the_old_order(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "old.db"
    consolidate(database, path)
    async with serving(database.url) as client:
        for query in of_the_api():
            if "counted" in query.name or query.name in {"search with signs of LIKE"}:
                continue
            answer = await listed(client, **_asked(query))
            assert [row["id"] for row in answer["workflows"]] == _ids(path, query), query.name
            assert answer["analytics"]["total_workflows"] == 458
            assert answer["total_count"] == _count(path, query), query.name


def _asked(query: Query) -> dict[str, Any]:
    """The parameters of the API behind a query on the table."""
    asked = dict(query.parameters)
    if "search" in asked:
        asked["search"] = asked["search"][1:-1]
    by, order = query.sqlite.partition(" order by ")[2].split(",")[0].split()
    return asked | {"sort_by": by, "sort_order": order}


def _ids(path: Path, query: Query) -> list[int]:
    return [row["id"] for row in _asked_of_sqlite(path, query.sqlite, query)]


def _count(path: Path, query: Query) -> int:
    text = query.sqlite.partition(" order by ")[0].replace("select *", "select count(*) as n")
    [row] = _asked_of_sqlite(path, text, query)
    return int(row["n"])


def _asked_of_sqlite(path: Path, text: str, query: Query) -> list[Any]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(path)) as file:
        file.row_factory = sqlite3.Row
        return file.execute(text, dict(query.parameters)).fetchall()


async def test_signs_of_like_in_a_search_mean_themselves(database: Database, tmp_path: Path) -> None:
    consolidate(database, tmp_path / "old.db")
    async with serving(database.url) as client:
        for asked, found in {
            "100%": 1, "100% OF path C:\\temp_": 1, "temp_dir": 1, "TEMPx": 1, "%": 1, "_DIR": 1, "\\": 1
        }.items():  # fmt: skip
            assert (await listed(client, search=asked))["total_count"] == found, asked

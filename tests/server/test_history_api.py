"""GET /api/workflow-history: what the old application answered, of the same rows and of native ones."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import yaml
from history_fields import ANALYTICS, BESIDE, FIELDS
from old_history_server import analytics, rows_of, served
from psycopg.types.json import Jsonb

from conftest import Database, Tenant, make_tenant
from mainstem.consolidate.life import adopt, compiled, copy, migrator
from mainstem.consolidate.life.file import land_file
from mainstem.consolidate.mapping import read_mapping
from mainstem.consolidate.presets.history import mapping_for
from mainstem.consolidate.presets.history.sample import build
from mainstem.consolidate.presets.history.sample.queries import Query, of_the_api
from mainstem.consolidate.presets.history.sample.schema import names
from mainstem.errors import BadArgument
from mainstem.ids import new_run_id
from mainstem.ledger.history import number_of
from mainstem.server import ServerConfig, create_app
from mainstem.server.history.item import OURS, CostBreakdown, HistoryAnalytics, HistoryItem, TokenBreakdown
from serving import serving

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


SAMPLES: dict[str, tuple[Any, Any]] = {
    "int": (7, 7),
    "float": (7.5, 7.5),
    "str": ("said", "said"),
    "bool": (1, True),
    "list[str]": (["said"], ["said"]),
    "object": ({"a": [1]}, {"a": [1]}),
    "{phase: int}": ({"plan": 3}, {"plan": 3}),
    "CostBreakdown": ({"by_phase": {"plan": 0.5}}, CostBreakdown(by_phase={"plan": 0.5}).model_dump()),
    "TokenBreakdown": ({"input_tokens": 3}, TokenBreakdown(input_tokens=3).model_dump()),
}
"""By type: what stands in a document, and what is sent of it."""


async def test_every_field_is_read_where_the_table_says(database: Database, tenant: Tenant) -> None:
    documents: dict[str, dict[str, Any]] = {"context": {}, "config_snapshot": {}, "error_details": {}}
    sent = {}
    for name, field in FIELDS.items():
        document, _, key = field.source.partition(".")
        if key:
            documents[document][key], sent[name] = SAMPLES[field.type.removesuffix("?")]
    run_id = begun(database, tenant)
    database.rows(
        "update mainstem.user_workflow_run set legacy_trace_id = 1, context = %s, config_snapshot = %s, error_details = %s"
        " where run_id = %s returning 1", *map(Jsonb, documents.values()), run_id
    )  # fmt: skip
    async with serving(database.url) as client:
        [item] = (await listed(client))["workflows"]
    assert {name: item[name] for name in sent} == sent
    assert len(sent) == 61 - 9  # the others are columns


def test_the_table_says_what_the_mapping_says() -> None:
    columns = yaml.safe_load(mapping_for(names("of_day")))["tables"]["workflow_history"]["columns"]
    homes = {name: to["to"] if isinstance(to, dict) else to for name, to in columns.items()}
    told = FIELDS | BESIDE
    assert {name: field.source for name, field in told.items() if name in homes} == {
        name: home for name, home in homes.items() if name in told
    }
    assert set(told) - set(homes) == {
        "branch_name",
        "plan_file",
        "issue_class",
        "phase_durations",
        "native_status",
        "run_id",
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
            if "counted" in query.name or query.name == "search with signs of LIKE":
                continue
            answer = await listed(client, **_asked(query))
            assert [row["id"] for row in answer["workflows"]] == _ids(path, query)[:LONGEST], query.name
            assert answer["analytics"]["total_workflows"] == 458
            assert answer["total_count"] == _count(path, query), query.name


LONGEST = 60
"""Rows of a page: each order is asked both ways, so both ends are seen."""


def _asked(query: Query) -> dict[str, Any]:
    """The parameters of the API behind a query on the table."""
    asked = dict(query.parameters)
    if "search" in asked:
        asked["search"] = asked["search"][1:-1]
    by, order = query.sqlite.partition(" order by ")[2].split(",")[0].split()
    return asked | {"sort_by": by, "sort_order": order, "limit": min(asked["limit"], LONGEST)}


def _ids(path: Path, query: Query) -> list[int]:
    return [row["id"] for row in _asked_of_sqlite(path, query.sqlite, query)]


def _count(path: Path, query: Query) -> int:
    text = query.sqlite.partition(" order by ")[0].replace("select *", "select count(*) as n")
    [row] = _asked_of_sqlite(path, text, query)
    return int(row["n"])


def _asked_of_sqlite(path: Path, text: str, query: Query) -> list[Any]:
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


def begun(database: Database, tenant: Tenant, external_id: str | None = None) -> UUID:
    """A native run of the tenant, running."""
    conn = database.connect(org_id=tenant.org_id)
    run_id: UUID = conn.execute(
        "select mainstem.start_workflow_execution(%s, 'web', %s, null, null) as id",
        [tenant.workflow_id, external_id],
    ).fetchone()["id"]  # type: ignore[index]
    return run_id


def worked_on(database: Database, tenant: Tenant) -> UUID:
    """A run with three steps, one of them open, and a context that is not folded yet."""
    run_id = begun(database, tenant, "claim-7")
    conn = database.connect(org_id=tenant.org_id)
    for number in (1, 2, 3):
        conn.execute("select mainstem.start_workflow_step(%s, %s, %s)", [run_id, tenant.node_id, number])
    for number in (1, 2):
        conn.execute(
            "select mainstem.complete_workflow_step(mainstem.step_id(%s, %s), 'completed', '{}')",
            [run_id, number],
        )
    for key, value in {"nl_input": '"Read it"', "total_tokens": "1200", "actual_cost_total": "0.25"}.items():
        conn.execute("select mainstem.set_workflow_context(%s, %s, %s::jsonb)", [run_id, key, value])
    return run_id


async def test_a_native_run_has_sensible_values_from_its_steps_and_its_context(
    database: Database, tenant: Tenant
) -> None:
    run_id = worked_on(database, tenant)
    database.rows(
        "update mainstem.user_workflow_run set started_at = '2025-11-16 23:30:00+00', created_at = '2025-11-16 23:30:00+00'"
        " where run_id = %s returning run_id", run_id
    )  # fmt: skip
    async with serving(database.url) as client:
        [item] = (await listed(client))["workflows"]
    assert item == {name: field.default for name, field in (FIELDS | BESIDE).items()} | {
        "id": number_of(run_id), "run_id": str(run_id), "adw_id": "claim-7", "workflow_template": "intake",
        "status": "running", "native_status": "running", "steps_total": 3, "steps_completed": 2,
        "success_rate": pytest.approx(200 / 3), "nl_input": "Read it", "total_tokens": 1200, "actual_cost_total": 0.25,
        "created_at": "2025-11-16T23:30:00.000000Z", "start_time": "2025-11-16T23:30:00.000000Z",
        "hour_of_day": 23, "day_of_week": 6,
    } | {name: item[name] for name in ("updated_at", "current_phase", "phase_durations", "bottleneck_phase", "phase_count")}  # fmt: skip
    assert item["phase_count"] in {1, 3}
    assert item["current_phase"]
    assert sum(item["phase_durations"].values()) == 0


async def test_midnight_and_monday_are_zero_in_the_zone_of_the_config(
    database: Database, tenant: Tenant
) -> None:
    run_id = begun(database, tenant)
    database.rows(
        "update mainstem.user_workflow_run set started_at = '2025-11-16 23:30:00+00' where run_id = %s returning 1",
        run_id,
    )
    async with serving(database.url, history_timezone="Europe/Berlin") as client:
        [item] = (await listed(client))["workflows"]
    assert (item["hour_of_day"], item["day_of_week"], item["adw_id"]) == (0, 0, str(run_id))


def test_the_specification_tells_clients_of_four_statuses() -> None:
    item = create_app(ServerConfig(url="")).openapi()["components"]["schemas"]["HistoryItem"]["properties"]
    assert item["status"]["enum"] == ["pending", "running", "completed", "failed"]
    assert item["id"]["type"] == "integer"


def test_a_zone_that_is_none_is_refused_before_anybody_asks() -> None:
    with pytest.raises(BadArgument, match="'Mars' is no time zone"):
        create_app(ServerConfig(url="", history_timezone="Mars"))


@pytest.fixture
def five(database: Database, tenant: Tenant) -> dict[str, UUID]:
    """A run of each kind of end, and two that go on."""
    conn = database.connect()
    runs = {
        name: begun(database, tenant, name)
        for name in ("completed", "failed", "cancelled", "timeout", "running", "waiting")
    }
    for name in ("completed", "failed", "cancelled", "timeout"):
        conn.execute("select mainstem.complete_workflow_execution(%s, %s, 'why')", [runs[name], name])
    database.rows("update mainstem.user_workflow_run set status = 'waiting' where run_id = %s returning 1", runs["waiting"])  # fmt: skip
    return runs


async def test_status_is_one_of_the_old_four_and_the_native_one_beside_it(
    database: Database, five: dict[str, UUID]
) -> None:
    async with serving(database.url) as client:
        answer = await listed(client)
        told = {row["native_status"]: row["status"] for row in answer["workflows"]}
        assert told == {
            "completed": "completed", "failed": "failed", "cancelled": "failed", "timeout": "failed",
            "running": "running", "waiting": "running",
        }  # fmt: skip
        counts = {
            asked: (await listed(client, status=asked))["total_count"]
            for asked in ("failed", "cancelled", "timeout", "running", "waiting", "completed,cancelled", "unknown", "")
        }  # fmt: skip
        assert counts == {
            "failed": 3, "cancelled": 1, "timeout": 1, "running": 2, "waiting": 1, "completed,cancelled": 2,
            "unknown": 0, "": 6,
        }  # fmt: skip
        assert answer["analytics"]["workflows_by_status"] == {"completed": 1, "failed": 3, "running": 2}
        assert answer["analytics"]["success_rate_percent"] == pytest.approx(100 / 6)
    async with serving(database.url, history_native_status=True) as client:
        assert {row["status"] for row in (await listed(client))["workflows"]} == set(told)


async def test_trends_compare_the_completed_runs_of_two_windows(database: Database, tenant: Tenant) -> None:
    conn = database.connect()
    for days, cost in ((1, 3.0), (10, 2.0), (40, 1.0), (5, 0.0)):
        run_id = begun(database, tenant)
        conn.execute(
            "select mainstem.set_workflow_context(%s, 'actual_cost_total', to_jsonb(%s::numeric))",
            [run_id, cost],
        )
        conn.execute("select mainstem.complete_workflow_execution(%s, 'completed')", [run_id])
        database.rows(
            "update mainstem.user_workflow_run set created_at = mainstem.clock() - make_interval(days => %s)"
            " where run_id = %s returning 1", days, run_id
        )  # fmt: skip
    async with serving(database.url) as client:
        told = (await listed(client))["analytics"]
    assert (told["cost_trend_7day"], told["cost_trend_30day"]) == (pytest.approx(50), pytest.approx(150))
    assert (told["total_cost"], told["avg_cost"]) == (6.0, 2.0)


OUTSIDE: tuple[dict[str, Any], ...] = (
    {"limit": -1}, {"limit": 1001}, {"offset": -1}, {"sort_order": "desc"}, {"limit": "many"}, {"search": "\0"}
)  # fmt: skip


async def test_a_parameter_outside_its_bounds_is_a_problem(database: Database) -> None:
    async with serving(database.url) as client:
        for asked in OUTSIDE:
            answer = await client.get(HISTORY, params=asked)
            assert (answer.status_code, answer.headers["content-type"]) == (
                422,
                "application/problem+json",
            ), asked


async def test_beyond_ten_thousand_an_answer_says_what_pages_better(database: Database) -> None:
    async with serving(database.url) as client:
        near = await client.get(HISTORY, params={"offset": 10_000, "limit": 1000})
        far = await client.get(HISTORY, params={"offset": 10_001})
    assert (near.status_code, far.status_code) == (200, 200)
    assert "Mainstem-Notice" not in near.headers
    assert "/api/v1/runs" in far.headers["Mainstem-Notice"]


async def test_an_unknown_order_is_that_of_the_beginning(database: Database, five: dict[str, UUID]) -> None:
    async with serving(database.url) as client:
        usual, unknown = await listed(client), await listed(client, sort_by="drop table")
        backwards = await listed(client, sort_order="ASC")
    assert usual["workflows"] == unknown["workflows"]
    assert [row["adw_id"] for row in backwards["workflows"]] == list(five)


async def test_a_native_run_is_found_by_its_integer_and_by_no_other(
    database: Database, five: dict[str, UUID]
) -> None:
    async with serving(database.url) as client:
        for name, run_id in five.items():
            number = number_of(run_id)
            found = (await client.get(f"{HISTORY}/{number}")).json()
            assert (found["id"], found["adw_id"]) == (number, name)
        for number in (0, 14, number_of(new_run_id()), (1 << 63) - 1):
            missing = await client.get(f"{HISTORY}/{number}")
            assert (missing.status_code, missing.json()["code"]) == (404, "MS001")


async def test_an_old_id_finds_its_run_and_tells_of_others_that_have_it(
    database: Database, five: dict[str, UUID]
) -> None:
    for name in ("failed", "completed"):
        database.rows(
            "update mainstem.user_workflow_run set legacy_trace_id = 14 where run_id = %s returning 1",
            five[name],
        )
    async with serving(database.url) as client:
        found = await client.get(f"{HISTORY}/14")
    assert found.json()["id"] == 14
    other = ({str(five["failed"]), str(five["completed"])} - {found.json()["run_id"]}).pop()
    assert other in found.headers["Mainstem-Notice"]


def test_integers_of_native_runs_are_safe_in_javascript_until_2109() -> None:
    first, last = (
        number_of(UUID(int=((moment << 80) | 0x7 << 76 | rest)))
        for moment, rest in ((1_700_000_000_000, 0), (4_398_046_511_103, (1 << 76) - 1))
    )
    assert 2**51 < first < last < 2**53
    made = {number_of(new_run_id()) for _ in range(10_000)}
    assert len(made) == 10_000


async def test_runs_of_another_tenant_are_neither_listed_nor_counted_nor_found(
    database: Database, tenant: Tenant
) -> None:
    other = make_tenant(database)
    foreign = begun(database, other)
    async with serving(database.url) as client:
        answer = await listed(client)
        assert (answer["workflows"], answer["total_count"]) == ([], 0)
        assert answer["analytics"] == HistoryAnalytics().model_dump()
        assert (await client.get(f"{HISTORY}/{number_of(foreign)}")).status_code == 404
    async with serving(database.url, org_id=other.org_id) as client:
        assert [row["run_id"] for row in (await listed(client))["workflows"]] == [str(foreign)]


async def test_a_failure_is_a_failure_and_never_an_empty_list(database: Database) -> None:
    async with serving(database.url) as client:
        database.connect(None, None).execute("alter table mainstem.user_workflow_run rename to gone")
        answer = await client.get(HISTORY)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.json()["code"] == "MS105"


async def test_a_list_that_takes_longer_than_its_budget_is_a_problem(
    database: Database, five: dict[str, UUID]
) -> None:
    async with serving(database.url, budget=0.05) as client:
        with closing(database.connect(None, None)) as conn, conn.transaction():
            conn.execute("lock table mainstem.user_workflow_run in access exclusive mode")
            answer = await client.get(HISTORY)
    assert (answer.status_code, answer.json()["code"]) == (503, "MS113")


async def test_what_does_not_fit_a_field_leaves_the_row_in_the_list(
    database: Database, five: dict[str, UUID]
) -> None:
    odd = """{"total_tokens": 1e400, "issue_number": "seven", "success_rate": "NaN", "cost_breakdown": {"by_phase": [1]},
              "token_breakdown": "no", "anomaly_flags": [{"a": 1}, 2], "worktree_path": 7, "structured_input": [],
              "phase_durations": {"plan": 1.9}, "input_tokens": true}"""
    database.rows(
        "update mainstem.user_workflow_run set context = %s::jsonb where run_id = %s returning 1",
        odd,
        five["completed"],
    )
    async with serving(database.url) as client:
        answer = await listed(client, search="completed")
        [item], told = answer["workflows"], answer["analytics"]
        for column in ("total_tokens", "issue_number", "actual_cost_total"):
            assert (await listed(client, sort_by=column))["total_count"] == 6
    assert item["anomaly_flags"] == ['{"a": 1}', "2"]
    assert (item["worktree_path"], item["issue_number"], item["success_rate"]) == ("7", None, None)
    assert (item["structured_input"], item["token_breakdown"], item["input_tokens"]) == (None, None, 0)
    assert item["cost_breakdown"]["by_phase"] is None
    assert item["phase_durations"] == {"plan": 1}
    assert item["total_tokens"] == 0
    assert told["avg_tokens"] == pytest.approx(1.7976931348623157e308)


async def test_a_run_for_a_test_is_no_history(database: Database, five: dict[str, UUID]) -> None:
    database.rows(
        "update mainstem.user_workflow_run set is_test = true where run_id = %s returning 1", five["failed"]
    )
    async with serving(database.url) as client:
        answer = await listed(client)
    assert answer["total_count"] == answer["analytics"]["total_workflows"] == 5

"""The views on a small ledger whose numbers were worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from callers import Caller

from conftest import Clock, Database, Tenant
from mainstem.ids import new_run_id, step_id

COLUMNS = {
    "v_active_workflow_configs": (
        "config_id org_id workflow_id name config_type config_data created_at created_by activated_at activated_by workflow_name org_name"
        " + channel version priority is_enabled"
    ),
    "v_workflow_execution_summary": (
        "run_id workflow_id channel status start_time end_time duration_ms error_message created_by workflow_name total_steps completed_steps"
        " failed_steps avg_step_duration_ms + org_id external_id driver workflow_version"
    ),
    "v_workflow_channel_performance": (
        "workflow_id channel execution_count success_count failure_count avg_duration_ms min_duration_ms max_duration_ms median_duration_ms"
        " p95_duration_ms + success_rate org_id"
    ),
    "v_node_execution_stats": (
        "node_id node_code node_description execution_count success_count failure_count skip_count avg_duration_ms avg_retry_count"
        " max_retry_count + workflow_id org_id"
    ),
    "v_workflow_execution_timeline": (
        "event_id run_id step_id event_type event_data timestamp workflow_id channel node_id node_code node_description + org_id"
    ),
    "v_failed_steps_analysis": (
        "step_id run_id node_id status error_message retry_count duration_ms node_code node_description workflow_id channel workflow_name"
        " + org_id step_number start_time error_details"
    ),
    "v_workflow_usage": (
        "+ workflow_id workflow_name node_code model day step_count calls tokens_in tokens_out cost org_id"
    ),
}
"""What the first documentation has (trace_id is run_id now), and after the + what this ledger adds."""


def test_each_view_has_the_columns_it_always_had_and_ours_after_them(database: Database) -> None:
    for view, columns in COLUMNS.items():
        found = database.rows(
            "select column_name from information_schema.columns where table_schema = 'mainstem' and table_name = %s"
            " order by ordinal_position",
            view,
        )
        assert [row["column_name"] for row in found] == columns.replace("+", "").split(), view


class Book:
    """Runs and steps entered as they stand, times given as `ago`, durations in milliseconds."""

    def __init__(self, database: Database, tenant: Tenant) -> None:
        self.conn = database.connect(None)
        self.tenant = tenant

    def run(
        self, status: str, duration: int | None, *, ago: str = "1 hour", channel: str = "web", **more: Any
    ) -> UUID:
        run_id = new_run_id()
        columns = {
            "run_id": run_id, "org_id": self.tenant.org_id, "workflow_id": self.tenant.workflow_id, "driver": "caller",
            "status": status, "channel": channel, "duration_ms": duration,
            "error_message": "why" if status == "failed" else None, **more,
        }  # fmt: skip
        self._enter("user_workflow_run", columns, ago, is_over=status not in ("running", "pending"))
        return run_id

    def step(
        self,
        run_id: UUID,
        number: int,
        status: str,
        duration: int | None,
        *,
        ago: str = "1 hour",
        **more: Any,
    ) -> UUID:
        columns = {
            "step_id": step_id(run_id, number), "run_id": run_id, "step_number": number, "org_id": self.tenant.org_id,
            "node_id": self.tenant.node_id, "status": status, "duration_ms": duration,
            "error_message": "why" if status == "failed" else None, **more,
        }  # fmt: skip
        self._enter("user_workflow_run_step", columns, ago, is_over=status not in ("running", "pending"))
        return step_id(run_id, number)

    def _enter(self, table: str, columns: dict[str, Any], ago: str, *, is_over: bool) -> None:
        places = ", ".join(["%s"] * len(columns))
        times = "now() - %s::interval, " + ("now()" if is_over else "null")
        query = f"insert into mainstem.{table} ({', '.join(columns)}, started_at, ended_at) values ({places}, {times})"
        self.conn.execute(query, [*columns.values(), ago])


@pytest.fixture
def book(database: Database, tenant: Tenant) -> Book:
    return Book(database, tenant)


@pytest.fixture
def view(database: Database, tenant: Tenant) -> Callable[[str], list[dict[str, Any]]]:
    """What the tenant sees in a view."""
    caller = Caller.at(database, tenant)
    return lambda name: caller.rows(f"select * from mainstem.{name}")


def test_the_summary_counts_the_steps_of_each_run(
    book: Book, view: Callable[[str], list[dict[str, Any]]]
) -> None:
    busy = book.run("failed", 9000, external_id="EXT-1", created_by=book.tenant.user_id)
    book.step(busy, 1, "completed", 100)
    book.step(busy, 2, "completed", 200)
    book.step(busy, 3, "failed", 600)
    book.step(busy, 4, "running", None)
    empty = book.run("running", None, channel="voice")
    rows = {row["run_id"]: row for row in view("v_workflow_execution_summary")}
    assert set(rows) == {busy, empty}
    counted = ("total_steps", "completed_steps", "failed_steps", "avg_step_duration_ms")
    assert [rows[busy][name] for name in counted] == [4, 2, 1, Decimal(300)]
    assert [rows[empty][name] for name in counted] == [0, 0, 0, None]
    said = ("status", "duration_ms", "error_message", "workflow_name", "external_id", "created_by")
    assert [rows[busy][name] for name in said] == [
        "failed",
        9000,
        "why",
        "intake",
        "EXT-1",
        book.tenant.user_id,
    ]
    assert rows[busy]["end_time"] > rows[busy]["start_time"]
    assert (rows[empty]["end_time"], rows[empty]["channel"]) == (None, "voice")


def test_channels_are_measured_over_thirty_days_with_the_success_rate_of_what_ended(
    book: Book, view: Callable[[str], list[dict[str, Any]]]
) -> None:
    for duration in (100, 200, 300, 400):
        book.run("completed", duration)
    book.run("failed", 1000)
    book.run("cancelled", 500)
    book.run("timeout", 2000)
    book.run("running", None)
    book.run("completed", 77, ago="31 days")
    book.run("completed", 77, is_test=True)
    book.run("running", None, channel="voice")
    rows = {row["channel"]: row for row in view("v_workflow_channel_performance")}
    assert set(rows) == {"web", "voice"}
    web = rows["web"]
    assert (web["execution_count"], web["success_count"], web["failure_count"]) == (8, 4, 1)
    assert (web["min_duration_ms"], web["max_duration_ms"]) == (100, 2000)
    assert round(web["avg_duration_ms"], 2) == Decimal("642.86")
    assert web["median_duration_ms"] == 400
    assert web["p95_duration_ms"] == pytest.approx(1700)
    assert web["success_rate"] == Decimal("0.5714")
    assert (rows["voice"]["execution_count"], rows["voice"]["success_rate"]) == (1, None)


def test_nodes_are_measured_over_thirty_days(book: Book, view: Callable[[str], list[dict[str, Any]]]) -> None:
    first, second = book.run("completed", 10), book.run("failed", 10)
    book.step(first, 1, "completed", 100)
    book.step(first, 2, "skipped", 0)
    book.step(second, 1, "failed", 800, retry_count=3)
    book.step(second, 2, "running", None)
    book.step(second, 3, "completed", 50, node_id=None, node_key="extract")
    book.step(book.run("completed", 1, ago="31 days"), 1, "completed", 1)
    book.step(book.run("completed", 1, is_test=True), 1, "completed", 1)
    rows = {row["node_code"]: row for row in view("v_node_execution_stats")}
    assert set(rows) == {"Read", "extract"}
    read = rows["Read"]
    assert read["node_id"] == book.tenant.node_id
    assert [read[f"{name}_count"] for name in ("execution", "success", "failure", "skip")] == [4, 1, 1, 1]
    assert read["avg_duration_ms"] == Decimal(300)
    assert (read["avg_retry_count"], read["max_retry_count"]) == (Decimal("0.75"), 3)
    assert (rows["extract"]["node_id"], rows["extract"]["execution_count"]) == (None, 1)


def test_usage_is_summed_by_workflow_node_model_and_day(
    book: Book, view: Callable[[str], list[dict[str, Any]]]
) -> None:
    large, small = (
        {"model": model, "calls": 1, "tokens_in": 100, "tokens_out": 10, "cost": cost}
        for model, cost in (("large", 0.1), ("small", 0.02))
    )
    run_id = book.run("completed", 10)
    for number, usage in enumerate(([large, small], [large], [], "much"), 1):
        book.step(run_id, number, "completed", 5, metadata=json.dumps({"usage": usage}))
    book.step(run_id, 5, "completed", 5)
    book.step(
        book.run("completed", 10, is_test=True), 1, "completed", 5, metadata=json.dumps({"usage": [large]})
    )
    rows = {row["model"]: row for row in view("v_workflow_usage")}
    assert set(rows) == {"large", "small"}
    said = ("workflow_name", "step_count", "calls", "tokens_in", "tokens_out", "cost")
    assert [rows["large"][name] for name in said] == ["intake", 2, 2, 200, 20, Decimal("0.2")]
    assert [rows["small"][name] for name in said] == ["intake", 1, 1, 100, 10, Decimal("0.02")]


def test_failed_steps_of_the_last_week_come_latest_first(
    book: Book, view: Callable[[str], list[dict[str, Any]]]
) -> None:
    run_id = book.run("failed", 10, channel="efax")
    older = book.step(run_id, 1, "failed", 5, ago="6 days", retry_count=2)
    newer = book.step(run_id, 2, "failed", 6, ago="1 day", error_details='{"type": "Timeout"}')
    book.step(run_id, 3, "failed", 7, ago="8 days")
    book.step(run_id, 4, "completed", 7)
    rows = view("v_failed_steps_analysis")
    assert [row["step_id"] for row in rows] == [newer, older]
    said = (
        "error_message",
        "retry_count",
        "duration_ms",
        "node_code",
        "channel",
        "workflow_name",
        "step_number",
    )
    assert [rows[1][name] for name in said] == ["why", 2, 5, "Read", "efax", "intake", 1]
    assert rows[0]["error_details"] == {"type": "Timeout"}


def test_the_timeline_tells_a_run_in_the_order_in_which_it_happened(
    database: Database, tenant: Tenant, clock: Clock
) -> None:
    caller = Caller.at(database, tenant)
    steps: dict[str, UUID] = {}
    run_id = caller.start_run(external_id="EXT-1")

    def later(function: str, *arguments: Any) -> Any:
        clock.advance(seconds=1)
        return caller.call(function, *arguments)

    steps["read"] = later("start_workflow_step", run_id, tenant.node_id, 1)
    later("add_workflow_event", steps["read"], "page_read")
    later("add_workflow_event", run_id, "member_called")
    open_rows = timeline(caller, run_id)
    later("complete_workflow_step", steps["read"], "failed", None, "unreadable")
    later("retry_workflow_step", steps["read"])
    steps["ask"] = later("start_workflow_step", run_id, tenant.node_id, 2)
    later("complete_workflow_step", steps["ask"], "completed")
    later("complete_workflow_step", steps["read"], "completed")
    later("complete_workflow_execution", run_id, "completed")
    rows = timeline(caller, run_id)
    assert [(row["event_type"], row["step_id"]) for row in rows] == [
        ("workflow_started", None),
        ("page_read", steps["read"]),
        ("member_called", None),
        ("step_started", steps["read"]),
        ("step_retried", steps["read"]),
        ("step_started", steps["ask"]),
        ("step_completed", steps["ask"]),
        ("step_completed", steps["read"]),
        ("workflow_completed", None),
    ]
    logged = [row for row in open_rows if row["event_id"] is not None]
    assert logged == [row for row in rows if row["event_type"] in ("page_read", "member_called")], (
        "folded or not reads the same"
    )
    told = {row["event_type"]: row for row in rows}
    assert told["workflow_started"]["event_data"]["external_id"] == "EXT-1"
    assert told["step_retried"]["event_data"]["error_message"] == "unreadable"
    assert told["workflow_completed"]["event_data"]["status"] == "completed"
    assert {row["node_code"] for row in rows if row["step_id"]} == {"Read"}


def timeline(caller: Caller, run_id: UUID) -> list[dict[str, Any]]:
    return caller.rows("select * from mainstem.v_workflow_execution_timeline where run_id = %s", run_id)


def test_the_active_configs_show_who_activated_them_when_and_for_what(
    database: Database, tenant: Tenant
) -> None:
    caller = Caller.at(database, tenant)
    config_id = caller.value(
        "insert into mainstem.user_workflow_config (org_id, config_type, workflow_id, name, config_data)"
        " values (%s, 'workflow', %s, 'strict', '{\"a\": 1}') returning config_id",
        tenant.org_id,
        tenant.workflow_id,
    )
    assert caller.rows("select * from mainstem.v_active_workflow_configs") == []
    caller.call("activate_workflow_config", config_id, None)
    caller.call("activate_workflow_config", config_id, tenant.user_id)
    [row] = caller.rows("select * from mainstem.v_active_workflow_configs")
    assert (row["config_id"], row["name"], row["config_data"]) == (config_id, "strict", {"a": 1})
    assert (row["workflow_name"], row["org_name"], row["activated_by"]) == (
        "intake",
        "default",
        tenant.user_id,
    )
    last = caller.value("select max(activated_at) from mainstem.user_workflow_config_activation")
    assert row["activated_at"] == last

"""What every function and every view reads of a ledger with 90 leaves: those that were asked for, and no others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from ninety_days import ITS_DAY, TIMES, Connection, Ledger, day_of, kept_at_last, ninety_days
from questions import FUNCTIONS, VIEWS, Apart, Asks, Lists, Within

from mainstem.ledger import runs
from mainstem.ledger.call import Call, perform

STATES = {"a caller's": None, "owned, nothing to fold": "owned"}

LEAVES = re.compile(r"user_workflow_(run|run_step|event)\b")
"""A partitioned table's name, in whatever a function's text says."""


def rows(table: dict[str, list[Any]], kind: type) -> list[Any]:
    return [
        pytest.param(name, row, id=f"{name}-{number}")
        for name, rows in table.items() for number, row in enumerate(rows) if isinstance(row, kind)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def ledger(server_url: str) -> Iterator[Ledger]:
    with ninety_days(server_url) as made:
        yield made


def ask(conn: Connection, ledger: Ledger, asks: Asks, live: list[UUID], number: int) -> None:
    step = UUID(bytes=live[0].bytes[:13] + bytes([0, 0, 1]))
    parameters = ledger.ids | {"runs": sorted(live), "run": live[0], "step": step, "flush": number}
    for statement in asks.statement.split(";"):
        conn.execute(statement, parameters).fetchall()


def test_every_function_and_every_view_has_its_row(ledger: Ledger) -> None:
    functions = ledger.superuser.execute(
        "select distinct proname::text from pg_proc where pronamespace = 'mainstem'::regnamespace"
    ).fetchall()
    views = ledger.superuser.execute(
        "select viewname::text from pg_views where schemaname = 'mainstem'"
    ).fetchall()
    assert {name for (name,) in functions} == set(FUNCTIONS)
    assert {name for (name,) in views} == set(VIEWS)


@pytest.mark.parametrize(("name", "asks"), [*rows(FUNCTIONS, Asks), *rows(VIEWS, Asks)])
def test_a_call_reads_the_leaves_that_it_asks_for(ledger: Ledger, name: str, asks: Asks) -> None:
    times = 1 if asks.why else TIMES
    live = ledger.live_runs(
        STATES.get(asks.of, asks.of), times=times * asks.many, loose_ends=asks.of != "owned, nothing to fold"
    )
    if asks.of == "owned, nothing to fold":
        ledger.superuser.execute("update mainstem.user_workflow_run_step set status = 'skipped', ended_at = started_at"
                                 " where run_id = any(%s) and status = 'running'", [live])  # fmt: skip
    with ledger.watched() as seen, ledger.as_role(asks.role) as conn:
        for number in kept_at_last(conn, times):
            ask(conn, ledger, asks, live[number * asks.many : (number + 1) * asks.many], number)
    if asks.why:
        assert seen.days() <= asks.reads
    else:
        assert seen.days() == asks.reads
    assert set(asks.reaches) <= seen.functions


@pytest.mark.parametrize(("name", "lists"), rows(VIEWS, Lists))
def test_a_list_reads_all_rows_only_of_the_leaves_that_it_asks_for(
    ledger: Ledger, name: str, lists: Lists
) -> None:
    leaves = read(ledger, lists.query, ledger.ids)
    assert leaves
    assert {day for day, how in leaves if how == "Seq Scan"} <= lists.days


def read(ledger: Ledger, query: str, parameters: Any) -> set[tuple[int, str]]:
    """Of each leaf that was read the day, and how it was read."""
    with ledger.as_role("mainstem_app") as conn:
        [(plan,)] = conn.execute(f"explain (analyze, timing off, format json) {query}", parameters).fetchall()
    return {
        (day_of(node["Relation Name"], ledger.days), node["Node Type"])
        for node in nodes(plan[0]["Plan"])
        if node.get("Relation Name", "")[-14:] in ledger.days and node["Actual Loops"] > 0
    }


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


@pytest.mark.parametrize(("name", "within"), rows(FUNCTIONS, Within))
def test_a_function_that_only_another_calls_is_reached_there(name: str, within: Within) -> None:
    assert name in {
        reached for row in FUNCTIONS[within.function] if isinstance(row, Asks) for reached in row.reaches
    }


@pytest.mark.parametrize(("name", "_apart"), rows(FUNCTIONS, Apart))
def test_a_function_apart_names_no_partitioned_table(ledger: Ledger, name: str, _apart: Apart) -> None:
    [(source,)] = ledger.superuser.execute(
        "select coalesce(pg_get_function_sqlbody(oid), prosrc) from pg_proc where pronamespace = 'mainstem'::regnamespace and proname = %s",
        [name],
    ).fetchall()
    called = set(re.findall(r"mainstem\.(\w+)\(", source)) & set(FUNCTIONS)
    assert not LEAVES.search(source)
    assert [other for other in called if not isinstance(FUNCTIONS[other][0], Apart)] == []


@pytest.mark.parametrize("call", [runs.read_run, runs.outcome, runs.is_there, lambda run: runs.endings_of([run]), runs.get_context],
                         ids=["read", "outcome", "is there", "endings", "context"])  # fmt: skip
def test_what_a_client_asks_of_a_run_reads_its_leaf(
    ledger: Ledger, call: Callable[[UUID], Call[Any]]
) -> None:
    live = ledger.live_runs(None)
    with ledger.watched() as seen, ledger.as_role("mainstem_app") as conn:
        for number in kept_at_last(conn, TIMES):
            perform(conn, call(live[number]), org_id=ledger.ids["org"])
    assert seen.days() == {ITS_DAY}


def days_ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


@pytest.mark.parametrize(
    ("which", "days"),
    [
        ({}, {-1, 0, 1}),
        ({"workflow": "intake"}, {-1, 0, 1}),
        ({"since": days_ago(20), "before": days_ago(19)}, {-20, -19}),
        ({"before": days_ago(30)}, {-31, -30}),
    ],
    ids=["all", "of a workflow", "of a day", "before a day"],
)  # fmt: skip
def test_a_page_of_runs_reads_leaves_until_it_is_full(
    ledger: Ledger, which: dict[str, Any], days: set[int]
) -> None:
    page = runs.list_runs(runs.Filter(**which))
    assert {day for day, _ in read(ledger, page.query, page.parameters)} <= days


def test_runs_of_an_external_id_are_found_by_an_index_in_each_leaf(ledger: Ledger) -> None:
    page = runs.list_runs(runs.Filter(external_id="x-777"))
    assert {day for day, how in read(ledger, page.query, page.parameters) if how == "Seq Scan"} <= {
        0,
        1,
    }  # as long as they are small

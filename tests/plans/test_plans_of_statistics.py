"""Statistics of a window read the leaves of that window, of a ledger with 90, and of the others only what an index finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from ninety_days import Ledger, ninety_days
from test_plans import read

from mainstem.ledger import analytics, home, nodes, workflows
from mainstem.ledger.analytics import Which
from mainstem.ledger.call import Call
from mainstem.ledger.windows import Window

SEVEN = Window(7)
WEEK, FORTNIGHT = set(range(-7, 2)), set(range(-13, 2))


@pytest.fixture(scope="module")
def ledger(server_url: str) -> Iterator[Ledger]:
    with ninety_days(server_url) as made:
        made.superuser.execute("analyze")
        yield made


@pytest.mark.parametrize(
    ("call", "days"),
    [
        (lambda workflow: nodes.list_nodes(workflow, SEVEN), WEEK),
        (lambda _: analytics.summary(Which(window=SEVEN)), WEEK),
        (lambda _: analytics.latency(Which(window=SEVEN), "workflow"), WEEK),
        (lambda _: analytics.latency(Which(window=SEVEN), "node"), WEEK),
        (lambda _: analytics.latency(Which(window=SEVEN), "channel"), WEEK),
        (lambda _: analytics.heatmap(Which(window=SEVEN), "UTC"), WEEK),
        (lambda _: analytics.channels(SEVEN), WEEK),
        (lambda _: analytics.slowest_nodes(Which(window=SEVEN)), WEEK),
    ],
    ids=["nodes", "summary", "by workflow", "by node", "by channel", "heatmap",
         "channels", "slowest nodes"],
)  # fmt: skip
def test_statistics_read_the_leaves_of_their_window(
    ledger: Ledger, call: Callable[[UUID], Call[Any]], days: set[int]
) -> None:
    asked = call(ledger.ids["workflow"])
    seen = {day for day, _ in read(ledger, asked.query, asked.parameters)}
    assert seen <= days
    assert seen >= {-6, 0}


@pytest.mark.parametrize("name", ["workflows", "a workflow"])
def test_statistics_of_workflows_are_read_from_an_index_and_no_row_is(ledger: Ledger, name: str) -> None:
    one = ledger.ids["workflow"]
    asked: Call[Any] = (
        workflows.list_workflows(SEVEN) if name == "workflows" else workflows.read_workflow(one, SEVEN)
    )
    found = read(ledger, asked.query, asked.parameters)
    assert {day for day, how in found if how != "Index Only Scan"} <= FORTNIGHT
    assert {day for day, _ in found} >= {-6, 0}


def test_home_reads_every_row_of_the_last_day_only(ledger: Ledger) -> None:
    asked = home.read_home()
    found = read(ledger, asked.query, asked.parameters)
    assert {day for day, _ in found} <= set(range(-30, 2))
    assert {day for day, how in found if how == "Seq Scan"} <= {-1, 0, 1}

"""Branches that begin and come together unevenly: whatever order they go on in, and however often the run is begun anew."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import Mainstem, Worker
from mainstem.graph.program import graph_workflow

pytestmark = ON_ONE_SERVER


def drawn(name: str, nodes: dict[str, Any], ways: str) -> Any:
    """A graph whose nodes of one letter wait for a signal of that name."""
    letters = {key for pair in ways.split() for key in pair.split(">") if len(key) == 1}
    asked = {key: {"kind": "approval", "config": {"signal": key}} for key in sorted(letters)}
    ends = {
        "start": {"type": "entry"},
        "done": {"type": "outcome", "data_bindings": {"all": {"expression": "keys(nodes)"}}},
    }
    edges = [dict(zip(("from", "to"), pair.split(">"), strict=True)) for pair in ways.split()]
    return graph_workflow({"name": name, "nodes": {**ends, **asked, **nodes}, "edges": edges})


UNEVEN = drawn(
    "uneven",
    {"fork": {}, "inner": {"join": "all"}, "outer": {"join": "all"}},
    "start>a start>fork fork>b fork>c b>inner b>d c>inner inner>outer d>outer a>outer outer>done",
)
IN_TURN = drawn(
    "in-turn",
    {"one": {"join": "all"}, "two": {"join": "all"}, "between": {}},
    "start>a start>b start>c a>one b>one one>between between>two c>two two>done",
)
FIRST = drawn(
    "first-then-all",
    {"first": {"join": "any"}, "after": {}, "both": {"join": "all"}},
    "start>a start>b start>c a>first b>first first>after after>both c>both both>done",
)


async def steps_after(ms: Mainstem, database: Database, flow: Any, order: str) -> tuple[Any, Counter[str]]:
    """The result, and how often each node ran, when the answers come in this order; each finds the run at rest."""
    async with Worker(ms, [flow]):
        run = await ms.start(flow)
        for letter in order:
            await until(
                lambda: database.rows("select from mainstem.user_workflow_run_queue where state = 'waiting'")
            )
            await ms.signal(run.run_id, letter, payload=True)
        result = await asyncio.wait_for(run.result(), 20)
    recorded = await ms.get_run(run.run_id)
    assert {step.status for step in recorded.steps} == {"completed"}
    return result, Counter(str(step.node_key) for step in recorded.steps if ":" not in str(step.node_key))


@pytest.mark.parametrize("order", ["abcd", "dcba", "bdac", "cabd"])
async def test_a_join_of_all_runs_once_when_all_have_come(
    ms: Mainstem, database: Database, order: str
) -> None:
    result, ran = await steps_after(ms, database, UNEVEN, order)
    assert ran == dict.fromkeys(("start", "a", "fork", "b", "c", "d", "inner", "outer", "done"), 1)
    assert set(result["all"]) == set(ran) - {"done"}


async def test_who_is_first_is_decided_anew_for_each_item_of_a_map(ms: Mainstem, database: Database) -> None:
    """Each item is a graph with a join of its own, all of one name; the run is begun anew between them."""
    items = {"items": {"value": [1, 2]}, "start": {"value": 0}}
    words = {"kind": "map", "config": {"workflow": "first-then-all", "at_once": 1}, "data_bindings": items}
    outer = {
        "start": {"type": "entry"},
        "each": words,
        "done": {"type": "outcome", "data_bindings": {"all": {"node": "each"}}},
    }
    edges = [{"from": "start", "to": "each"}, {"from": "each", "to": "done"}]
    flow = graph_workflow({"name": "items", "nodes": outer, "edges": edges}, workflows=[FIRST])
    result, ran = await steps_after(ms, database, flow, "abcabc")
    assert len(result["all"]) == 2
    assert (ran["after"], ran["first"], ran["both"]) == (2, 2, 2)


@pytest.mark.parametrize("order", ["abc", "cba"])
async def test_a_join_behind_another_waits_for_it(ms: Mainstem, database: Database, order: str) -> None:
    result, ran = await steps_after(ms, database, IN_TURN, order)
    assert ran == dict.fromkeys(("start", "a", "b", "c", "one", "between", "two", "done"), 1)
    assert set(result["all"]) == set(ran) - {"done"}


@pytest.mark.parametrize(("order", "first"), [("abc", "a"), ("bca", "b"), ("cba", "b")])
async def test_behind_a_join_of_any_another_waits_for_all(
    ms: Mainstem, database: Database, order: str, first: str
) -> None:
    result, ran = await steps_after(ms, database, FIRST, order)
    assert ran == dict.fromkeys(("start", "a", "b", "c", "first", "after", "both", "done"), 1)
    assert {"a", "b"} & set(result["all"]) == {first}

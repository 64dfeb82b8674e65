"""A run as spans and as a graph, two runs side by side, and patches that do what they say."""

from __future__ import annotations

import copy
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from conftest import Database, Tenant
from mainstem import Mainstem, Retry, Worker, gather, sleep, step, workflow
from mainstem.errors import RunFailed
from mainstem.server.patches import patch
from mainstem.server.shapes.runs import PatchOperation
from serving import serving

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text(alphabet="ab/~", max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(alphabet="ab/~", max_size=2), inner, max_size=4)
    ),
    max_leaves=12,
)


def applied(document: Any, operations: list[PatchOperation]) -> Any:
    """RFC 6902, as far as a patch of ours goes."""
    root: Any = {"": copy.deepcopy(document)}
    for one in operations:
        *parents, last = [
            "",
            *(part.replace("~1", "/").replace("~0", "~") for part in one.path.split("/")[1:]),
        ]
        place: Any = root
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        key = int(last) if isinstance(place, list) else last
        if one.op == "remove":
            del place[key]
        elif isinstance(place, list) and one.op == "add":
            place.insert(int(key), one.value)
        else:
            assert (one.op == "add") == (isinstance(place, dict) and key not in place)
            place[key] = one.value
    return root[""]


def typed(value: Any) -> Any:
    """true is not 1."""
    match value:
        case dict():
            return {key: typed(inner) for key, inner in value.items()}
        case list():
            return [typed(inner) for inner in value]
        case _:
            return (type(value).__name__, value)


@given(values, values)
def test_a_patch_makes_the_second_of_the_first(a: Any, b: Any) -> None:
    operations = patch(a, b)
    assert typed(applied(a, operations)) == typed(b)
    assert patch(a, copy.deepcopy(a)) == []


@step(retry=Retry(attempts=2, first=0.01))
async def look(page: int) -> int:
    if page == 13:
        raise RuntimeError("page 13 is missing")
    return page


@step
async def decide(pages: int) -> str:
    return f"{pages} pages"


@workflow("drawn")
async def drawn(last: int) -> str:
    await sleep(0.01)
    pages = await gather(look(1), look(last))
    return await decide(len(pages))


@pytest.fixture
async def two_runs(database: Database) -> tuple[Database, UUID, UUID]:
    async with Mainstem(database.url) as ms, Worker(ms, [drawn]):
        good = await ms.start(drawn, 2)
        bad = await ms.start(drawn, 13)
        await good.result()
        with pytest.raises(RunFailed):
            await bad.result()
    return database, good.run_id, bad.run_id


async def test_a_run_is_drawn_and_compared(two_runs: tuple[Database, UUID, UUID]) -> None:
    database, good, bad = two_runs
    async with serving(database.url) as client:
        spans = (await client.get(f"/api/v1/runs/{bad}/timeline")).json()["spans"]
        kinds = [(span["kind"], span["status"]) for span in spans]
        assert ("run", "failed") in kinds
        assert ("wait", "completed") in kinds
        attempts = [
            (span["kind"], span["attempt"], span["status"])
            for span in spans
            if span["node_key"] == "look" and span["step_number"] == 3
        ]
        assert [one for one in attempts if one[0] != "wait"] in (
            [("attempt", 1, "failed"), ("step", 2, "failed")],
            [("step", 1, "completed")],
        )
        assert all(span["ended"] is None or span["began"] <= span["ended"] for span in spans)

        graph = (await client.get(f"/api/v1/runs/{good}/graph")).json()
        assert [(node["key"], node["runs"], node["status"]) for node in graph["nodes"]] == [
            ("sleep", 1, "completed"), ("look", 2, "completed"), ("decide", 1, "completed")
        ]  # fmt: skip
        assert {(edge["from"], edge["to"]) for edge in graph["edges"]} == {
            ("sleep", "look"),
            ("look", "decide"),
        }

        told = (await client.get(f"/api/v1/runs/{good}/compare", params={"with": str(bad)})).json()
        assert (told["a"]["status"], told["b"]["status"], told["first_difference"]) == (
            "completed",
            "failed",
            "look",
        )
        assert told["input"] == [{"op": "replace", "path": "/last", "value": 13}]
        assert [(pair["key"], pair["b"] is None) for pair in told["steps"]][-1] == ("decide", True)
        assert told["a"]["steps"] == {"total": 4, "completed": 4, "failed": 0, "running": 0}
        events = (await client.get(f"/api/v1/runs/{bad}/events")).json()["events"]
        assert [one["event"]["event_type"] for one in events] == ["attempt_failed"]


async def test_what_was_defined_and_not_run_is_in_the_graph(database: Database, tenant: Tenant) -> None:
    graph = {
        "nodes": [
            {"key": "read", "label": "Read", "type": "entry"},
            {"key": "pay", "type": "outcome"},
            {"no": "key"},
        ],
        "edges": [{"from": "read", "to": "pay", "label": "approved"}, {"from": "read"}],
    }
    with database.connect("mainstem_app", tenant.org_id) as conn:
        row = conn.execute(
            "select mainstem.start_workflow_execution(%s, 'web', null, %s, null) as run_id",
            [tenant.workflow_id, Jsonb({"graph": graph})],
        ).fetchone()
    assert row is not None
    async with serving(database.url) as client:
        told = (await client.get(f"/api/v1/runs/{row['run_id']}/graph")).json()
    assert told == {
        "nodes": [
            {
                "key": "read",
                "label": "Read",
                "type": "entry",
                "status": None,
                "runs": 0,
                "steps": [],
                "skipped_reason": "not reached: the run is running",
            },
            {
                "key": "pay",
                "label": "pay",
                "type": "outcome",
                "status": None,
                "runs": 0,
                "steps": [],
                "skipped_reason": "not reached: the run is running",
            },
        ],
        "edges": [
            {
                "from": "read",
                "to": "pay",
                "label": "approved",
                "taken": False,
                "why": None,
                "condition": None,
                "value": None,
            }
        ],
    }

"""Kinds of nodes against what they call: a service over HTTP, a database, a cache."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from graph_functions import executed
from graphs import linear

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem import Mainstem, RunFailed, Terms, Worker
from mainstem.graph.program import graph_workflow
from mainstem.graph.written import checked_graph
from mainstem.ledger import definitions
from mainstem.ledger.runs import register_workflow

pytestmark = ON_ONE_SERVER


class Members(BaseHTTPRequestHandler):
    """A service: /members/ID, and what it was sent; /busy is busy once."""

    asked: list[tuple[str, str, Any]] = []  # noqa: RUF012  (of the one server of a test)
    busy = 0

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.asked.append((self.command, self.path, json.loads(self.rfile.read(length) or b"null")))
        if self.path.startswith("/busy") and Members.busy:
            Members.busy -= 1
            self._answer(503, {"error": "busy"})
        else:
            self._answer(404 if "nobody" in self.path else 200, {"member": self.path})

    do_GET = do_POST  # noqa: N815

    def _answer(self, status: int, body: Any) -> None:
        told = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.send_header("Retry-After", "0.01")
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: Any) -> None:
        """Quietly."""


@pytest.fixture
def service() -> Iterator[str]:
    Members.asked.clear()
    executed.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Members) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def result_of(ms: Mainstem, node: dict[str, Any], **given: Any) -> Any:
    flow = graph_workflow(linear("calls", **node))
    async with Worker(ms, [flow]):
        run = await ms.start(flow, **given)
        return (await asyncio.wait_for(run.result(), 20))["result"]


async def test_a_request_is_filled_from_the_inputs_and_its_answer_is_json(ms: Mainstem, service: str) -> None:
    node = {
        "kind": "http",
        "config": {"method": "POST", "url": f"{service}/members/{{member}}"},
        "data_bindings": {"member": {"input": "member"}, "amount": {"value": 3}},
    }
    assert await result_of(ms, node, member="a/b?c") == {
        "status": 200,
        "body": {"member": "/members/a%2Fb%3Fc"},
    }
    assert Members.asked == [("POST", "/members/a%2Fb%3Fc", {"amount": 3})]


async def test_a_busy_service_is_asked_again_and_one_that_refuses_is_not(ms: Mainstem, service: str) -> None:
    Members.busy = 1
    busy = {"kind": "http", "config": {"url": f"{service}/busy"}, "retry": {"attempts": 3, "first": "10ms"}}
    assert (await result_of(ms, busy))["status"] == 200
    assert len(Members.asked) == 2
    with pytest.raises(RunFailed, match="answered 404"):
        await result_of(ms, {"kind": "http", "config": {"url": f"{service}/nobody"}})
    assert len(Members.asked) == 3


async def published_result(ms: Mainstem, database: Database, node: dict[str, Any]) -> Any:
    graph = checked_graph(linear("asks", **node)).as_written
    workflow_id = database.perform(register_workflow("asks", None))
    made = database.perform(definitions.publish(workflow_id, graph))
    database.perform(definitions.activate(workflow_id, made.version))
    async with Worker(ms, [], Terms(graphs=True, databases={"claims": database.url})):
        run = await ms.start("asks")
        return (await asyncio.wait_for(run.result(), 20))["result"]


async def test_a_statement_takes_its_inputs_as_parameters(ms: Mainstem, database: Database) -> None:
    node = {
        "kind": "sql",
        "config": {
            "database": "claims",
            "query": "select %(name)s as name, %(amount)s::numeric + 0.5 as amount, date '2026-03-01' as day",
            "rows": "one",
        },
        "data_bindings": {"name": {"value": "'; drop table claims; --"}, "amount": {"value": 3}},
    }
    assert await published_result(ms, database, node) == {
        "name": "'; drop table claims; --",
        "amount": 3.5,
        "day": "2026-03-01",
    }


@pytest.mark.parametrize(
    ("config", "refusal"),
    [
        ({"query": "select 1"}, "has no database 'default'; it has: claims"),
        ({"database": "claims", "query": "select nothing"}, 'column "nothing" does not exist'),
        ({"database": "claims", "query": "values (1), (2)", "rows": "value"}, "gave 2 rows"),
    ],
)
async def test_a_statement_that_cannot_be_done_says_why(
    ms: Mainstem, database: Database, config: dict[str, Any], refusal: str
) -> None:
    with pytest.raises(RunFailed, match=refusal):
        await published_result(ms, database, {"kind": "sql", "config": config})


def remembered(name: str, **words: Any) -> dict[str, Any]:
    """A graph whose node squares an item, and is cached; other words take the place of these."""
    node = {
        "kind": "python",
        "config": {"function": "graph_functions:square"},
        "data_bindings": {"item": {"input": "item"}},
        "cache": {"ttl": "1h"},
    }
    return linear(name, **{**node, **words})


@pytest.mark.parametrize("condition", [None, "output > `10`"])
async def test_what_a_node_gave_is_given_again_to_whoever_runs_it_with_the_same_inputs(
    ms: Mainstem, condition: str | None
) -> None:
    graph = remembered("remembered")
    if condition is not None:
        graph["edges"] += [{"from": "middle", "to": "done", "label": "large", "condition": condition}]
        graph["nodes"]["done"]["join"] = "any"
    flow = graph_workflow(graph)
    executed.clear()
    for item in (3, 3, 4):
        async with Worker(ms, [flow]):  # each a worker of its own
            run = await ms.start(flow, item=item)
            assert (await asyncio.wait_for(run.result(), 20))["result"] == item * item
    assert executed["square"] == 2
    [listed, _] = (await ms.list_cached()).results
    assert listed.step == ("middle" if condition is None else "middle:cached")
    assert await ms.clear_cache(step=listed.step) == 2


async def test_a_visit_too_many_is_refused_though_the_answer_is_remembered(ms: Mainstem) -> None:
    graph = remembered("round", type="decision", max_visits=2)
    graph["edges"] += [{"from": "middle", "to": "middle", "condition": "output > `10`"}]
    graph["edges"][1]["condition"] = "output <= `10`"
    flow = graph_workflow(graph)
    executed.clear()
    async with Worker(ms, [flow]):
        with pytest.raises(RunFailed, match="middle was come by 3 times, and max_visits is 2"):
            await asyncio.wait_for((await ms.start(flow, item=4)).result(), 20)
    assert executed["square"] == 1


async def test_what_a_node_gave_is_not_given_to_one_that_requires_more(ms: Mainstem) -> None:
    words: dict[str, Any] = {"config": {"function": "graph_functions:ask_again"}}
    words["data_bindings"] = {"round_number": {"input": "round"}}
    easy = graph_workflow(remembered("easy", **words))
    required = {"round": {"type": "number", "maximum": 5}}
    strict = graph_workflow(remembered("strict", **words, output_requirements=required))
    async with Worker(ms, [easy, strict]):
        given = await asyncio.wait_for((await ms.start(easy, round=9)).result(), 20)
        assert given["result"]["round"] == 9
        with pytest.raises(RunFailed, match=r"output\.round: 9 is 9, more than 5"):
            await asyncio.wait_for((await ms.start(strict, round=9)).result(), 20)


async def test_a_function_in_another_process_is_remembered_too(ms: Mainstem) -> None:
    flow = graph_workflow(
        remembered(
            "whereabouts",
            config={"function": "graph_functions:whereabouts", "executor": "process"},
            data_bindings={"name": {"input": "name"}},
        )
    )
    given = []
    for _ in range(2):
        async with Worker(ms, [flow]):  # each with processes of its own
            given.append(await asyncio.wait_for((await ms.start(flow, name="here")).result(), 20))
    assert given[0] == given[1]
    assert [one.step for one in (await ms.list_cached()).results] == ["middle:call"]


async def test_a_node_whose_approval_nobody_answers_leaves_by_its_error_edge(ms: Mainstem) -> None:
    graph: dict[str, Any] = linear("unanswered", kind="approval", config={"timeout": "50ms"})
    graph["nodes"]["late"] = {"type": "outcome", "data_bindings": {"late": {"value": True}}}
    graph["edges"] += [{"from": "middle", "to": "late", "on_error": True, "errors": ["ApprovalTimedOut"]}]
    flow = graph_workflow(graph)
    async with Worker(ms, [flow]):
        assert await asyncio.wait_for((await ms.start(flow)).result(), 20) == {"late": True}

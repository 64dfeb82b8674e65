"""LangGraph with its Postgres checkpointer at the engine bench's work.

It has no queue and no worker: a run is `graph.ainvoke` with a thread of its own, durability "sync": a node's checkpoint is stored
before the next node begins. A saver has one lock, so there are several, on one pool of connections, pipelining as
AsyncPostgresSaver does by itself.
"""

from __future__ import annotations

import asyncio
import operator
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypedDict
from uuid import uuid4

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from loop import run
from peer import Order, Run, in_tasks, serve
from work import FAN, NAPS, STEPS, TEN, VALUE, WAIT

SAVERS = 16
POOL = 20


class Carried(TypedDict):
    value: dict[str, Any]


class Gathered(TypedDict):
    value: dict[str, Any]
    results: Annotated[list[dict[str, Any]], operator.add]


Node = Callable[[Carried], Awaitable[Carried]]


async def noop(state: Carried) -> Carried:
    return {"value": state["value"]}


async def nap(state: Carried) -> Carried:
    await asyncio.sleep(WAIT)
    return {"value": state["value"]}


async def one_of_many(state: Carried) -> dict[str, Any]:
    return {"results": [state["value"]]}


def in_a_row(node: Node) -> Any:
    """Ten nodes in a line: no condition is asked."""
    graph: Any = StateGraph(Carried)
    names = [f"step_{number}" for number in range(STEPS)]
    for name in names:
        graph.add_node(name, node)
    for before, after in zip([START, *names], [*names, END], strict=True):
        graph.add_edge(before, after)
    return graph


def fanned_out() -> Any:
    graph: Any = StateGraph(Gathered)
    graph.add_node("one", one_of_many)
    graph.add_conditional_edges(
        START, lambda state: [Send("one", {"value": state["value"]})] * FAN.steps, ["one"]
    )
    graph.add_edge("one", END)
    return graph


GRAPHS = {TEN.name: in_a_row(noop), FAN.name: fanned_out(), NAPS.name: in_a_row(nap)}


async def main(url: str) -> None:
    settings = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    pool: Any = AsyncConnectionPool(url, min_size=POOL, max_size=POOL, kwargs=settings, open=False)
    async with pool:
        savers = [AsyncPostgresSaver(pool) for _ in range(SAVERS)]
        await savers[0].setup()
        compiled = {
            name: [graph.compile(checkpointer=saver) for saver in savers] for name, graph in GRAPHS.items()
        }

        async def run_all(order: Order) -> list[Run]:
            graphs = compiled[order.shape]

            async def run_one(number: int) -> None:
                config = {"configurable": {"thread_id": str(uuid4())}}
                await graphs[number % SAVERS].ainvoke({"value": VALUE}, config, durability="sync")

            return await in_tasks(order, run_one)

        await serve(run_all)


if __name__ == "__main__":
    run(main(sys.argv[1]))

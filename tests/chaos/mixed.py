"""Workflows of every kind, whose steps leave a witness."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from psycopg import AsyncConnection

import mainstem
from mainstem import (
    ONCE,
    Retry,
    approval,
    child,
    gather,
    schedule,
    set_context,
    sleep,
    start_child,
    step,
    step_info,
    uuid,
    wait_for_signal,
    workflow,
)
from mainstem.graph.program import graph_workflow
from mainstem.graph.read import read_graph
from witness import append

PAY = "insert into public.payment (run_id, value) values (%s, %s)"
SIGNALS = 3
STAGES = 3


def made() -> list[str]:
    """What an execution gives: no two give the same."""
    info = step_info()
    return [str(info.run_id), str(info.step_number), f"{random.getrandbits(64):016x}"]


async def at_work() -> list[str]:
    info = step_info()
    append("begun", f"{info.run_id} {info.step_number}")
    await asyncio.sleep(random.uniform(0.05, 0.25))
    return made()


def heard(result: list[str]) -> str:
    """The value, noted by the witness: the code goes on with it."""
    append("told", " ".join(result), fsync=True)
    return result[2]


@step(retry=Retry(attempts=20, first=0.01, longest=0.05))
async def work() -> list[str]:
    result = await at_work()
    if random.random() < 0.02:
        raise ConnectionError("now and then it fails, and is tried again")
    return result


@step(retry=Retry(attempts=5, first=0.05))
async def work_again() -> list[str]:
    result = await at_work()
    if step_info().attempt == 1:
        raise ConnectionError("the first attempt fails, whoever makes it")
    return result


@step(retry=ONCE)
async def work_when_retried() -> list[str]:
    result = await at_work()
    if step_info().attempt == 1:
        raise RuntimeError("it fails until somebody takes the run back")
    return result


@step(transactional=True, retry=Retry(attempts=20, first=0.01, longest=0.05))
async def pay(conn: AsyncConnection[Any]) -> list[str]:
    result = await at_work()
    await conn.execute(PAY, [step_info().run_id, result[2]])
    return result


async def worked() -> str:
    return heard(await work())


@workflow("sequence")
async def sequence(name: str) -> list[str]:
    return [await worked() for _ in range(8)]


@workflow("staged")
async def staged(name: str) -> list[str]:
    values = []
    for stage in range(STAGES):
        await set_context("stage", stage)
        values.append(await worked())
    return values


@workflow("fan-out")
async def fan_out(name: str) -> list[str]:
    both = await gather(worked(), worked())

    async def one(_number: int) -> str:
        return await worked()

    return [*both, *await mainstem.map(one, range(6), limit=3)]


@workflow("stubborn")
async def stubborn(name: str) -> list[str]:
    return [await worked(), heard(await work_again()), await worked()]


@workflow("failing")
async def failing(name: str) -> list[str]:
    return [await worked(), heard(await work_when_retried()), await worked()]


@workflow("sleeper")
async def sleeper(name: str) -> list[str]:
    first = await worked()
    await sleep(0.4)
    return [first, await worked()]


@workflow("listener")
async def listener(name: str) -> list[str]:
    """A sender who does not know whether it was heard says it again: each word counts once."""
    words: set[int] = set()
    values = []
    while len(words) < SIGNALS:
        words.add(await wait_for_signal("word"))
        values.append(await worked())
    return values


@workflow("asking")
async def asking(name: str) -> list[str]:
    first = await worked()
    return [first, await worked(), await approval("supervisor")]


@workflow("part")
async def part(name: str) -> list[str]:
    return [await worked(), str(await uuid())]


@workflow("family")
async def family(name: str) -> list[str]:
    async def one(number: int) -> list[str]:
        await start_child(part, f"{name} aside {number}")
        return await child(part, f"{name} part {number}")

    parts = await mainstem.map(one, range(3))
    return [await worked(), *(value for values in parts for value in values)]


@workflow("paying")
async def paying(name: str) -> list[str]:
    return [await worked(), heard(await pay()), await worked()]


@workflow("keyed", queue="limited")
async def keyed(name: str) -> list[str]:
    return [await worked() for _ in range(3)]


@workflow("unwanted")
async def unwanted(name: str) -> list[str]:
    """Until somebody cancels it, and its child with it."""
    return [await worked(), *await child(lasting, name)]


@workflow("lasting")
async def lasting(name: str) -> list[str]:
    """It waits when all is over, and is to."""
    return [await worked(), await wait_for_signal("never")]


@schedule(every=1, name="ticks", overlap="allow", missed="all")
@workflow("ticking")
async def ticking(scheduled_for: str = "") -> list[str]:
    return [await worked()]


async def graph_work(number: int = 0) -> dict[str, Any]:
    """Of a graph's node."""
    result = await at_work()
    return {"made": result, "amount": number}


drawn = graph_workflow(
    read_graph(
        """
name: drawn
nodes:
  begin:
    type: entry
    input_requirements: {name: {type: string}}
  first: {kind: python, config: {function: "mixed:graph_work"}, data_bindings: {number: {value: 7}}}
  left: {kind: python, config: {function: "mixed:graph_work"}}
  right: {kind: python, config: {function: "mixed:graph_work"}}
  both: {join: all, data_bindings: {left: {node: left}, right: {node: right}}}
  done:
    type: outcome
    data_bindings:
      first: {node: first, path: made}
      left: {node: left, path: made}
      right: {node: right, path: made}
edges:
  - {from: begin, to: first}
  - {from: first, to: left}
  - {from: first, to: right}
  - {from: left, to: both}
  - {from: right, to: both}
  - {from: both, to: done}
"""
    )
)

STARTED = (
    *(
        sequence,
        staged,
        fan_out,
        stubborn,
        failing,
        sleeper,
        listener,
        asking,
        family,
        paying,
        keyed,
        unwanted,
    ),
    drawn,
)
"""Kinds that are started again and again; one of `lasting` is enough."""
ALL = (*STARTED, part, lasting, ticking)

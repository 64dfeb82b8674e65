"""Each row of docs/bad-weather.md, as it says."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Database

from mainstem import Mainstem, Retry, Worker, add_event, step, wait_for_signal, workflow
from mainstem.errors import MainstemError, every_error
from mainstem.model import Run

DOCS = Path(__file__).parent.parent.parent / "docs/bad-weather.md"
ROWS = [
    tuple(cell.strip() for cell in line.strip("|\n ").split("|"))
    for line in DOCS.read_text(encoding="utf-8").split("## The server")[0].splitlines()
    if re.search(r"MS\d\d\d", line)
]


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


INPUTS: dict[str, Callable[[], Any]] = {
    "NUL in a text": lambda: {"pages": ["fine", "a\0b"]},
    "NaN": lambda: {"score": math.nan},
    "infinity": lambda: [1, -math.inf],
    "a lone surrogate": lambda: "half of a pair: \ud83d",
    "10,000 levels deep": lambda: deep(10_000),
    "100 MB of text": lambda: "x" * 100_000_000,
    "bytes": lambda: {"page": b"%PDF"},
    "a type without JSON form": lambda: {"when": object()},
}
MESSAGES = {"NUL in a text": "before\0after", "a lone surrogate": "before\ud83dafter"}


@step(retry=Retry(attempts=3, first=0.01))
async def give(name: str) -> Any:
    return INPUTS[name]()


@step(retry=Retry(attempts=3, first=0.01))
async def take(value: Any) -> int:
    return len(str(value))


@step(retry=Retry(attempts=3, first=0.01))
async def tell(name: str) -> None:
    add_event("told", INPUTS[name]())


@step(retry=Retry(attempts=1))
async def fail(name: str) -> None:
    raise ValueError(MESSAGES[name])


@workflow("weather")
async def weather(place: str, name: str) -> Any:
    match place:
        case "output of a step":
            await give(name)
        case "input of a step":
            await take(INPUTS[name]())
        case "output of a workflow":
            return INPUTS[name]()
        case "data of an event":
            await tell(name)
        case "message of an error":
            await fail(name)
        case "goes on":
            return await wait_for_signal("go")
    return None


@workflow("taking")
async def taking(value: Any) -> None: ...


async def ended(ms: Mainstem, place: str, name: str) -> Run:
    """The run of one row, when it is over."""
    handle = await ms.start(weather, place, name)
    await asyncio.gather(handle.result(), return_exceptions=True)
    return await ms.get_run(handle.run_id)


@pytest.mark.parametrize(("name", "place", "stored", "error", "status"), ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS])
async def test_the_table_says_what_happens(
    ms: Mainstem, name: str, place: str, stored: str, error: str, status: str
) -> None:
    class_name, code = error.split()
    expected = every_error()[code]
    assert expected.__name__ == class_name
    async with Worker(ms, [weather, taking]):
        if stored.startswith("nothing"):
            await refused_at_once(ms, place, name, status, expected)
            return
        run = await ended(ms, place, name)
    assert run.status == status
    assert run.error_message
    found = (run.error_details or {})["code"]
    if place == "output of a workflow":
        assert (run.output_data, run.steps, found) == (None, [], code)
        return
    [recorded] = run.steps
    assert (recorded.status, recorded.output_data, recorded.retry_count) == ("failed", None, 0)
    if place == "input of a step":
        assert recorded.input_data is None
    if place == "message of an error":
        assert recorded.error_message == "before\ufffdafter"
    else:
        assert (recorded.error_details or {})["code"] == code


async def refused_at_once(ms: Mainstem, place: str, name: str, status: str, expected: type[MainstemError]) -> None:
    """Who gives the value is told, and the run is as it was."""
    value = INPUTS[name]()
    if status == "not begun":
        with pytest.raises(expected):
            await ms.start(taking, value)
        assert (await ms.list_runs()).runs == []
        return
    run = await ms.start(weather, "goes on", name)
    with pytest.raises(expected):
        await (ms.signal(run.run_id, "go", value) if place == "payload of a signal" else ms.set_context(run.run_id, "key", value))
    await ms.signal(run.run_id, "go", "well")
    assert await asyncio.wait_for(run.result(), 10) == "well"
    assert (await ms.get_run(run.run_id)).context == {}


def test_every_input_stands_in_the_table() -> None:
    assert {row[0] for row in ROWS} == set(INPUTS)


async def test_a_record_that_the_server_refuses_fails_alone(database: Database) -> None:
    """Past the check in front: bytes that only PostgreSQL finds wrong, among many that are right."""
    from mainstem.errors import UnstorableValue
    from mainstem.ledger.recorder import STEPS
    from mainstem.ledger.records import StepRecord
    from recorder.writers import writers

    async with writers(database.url) as crew:
        [run_id] = await crew.start(1)
        poison = StepRecord(run_id, 1, 50, 1, b"poison", 0, b"completed", ended_ns=0, output_data=b'{"a": "\\u0000"}')
        results = await asyncio.gather(
            *(crew.write(run_id, number) for number in range(1, 50)),
            crew.recorder.put(STEPS, poison),
            *(crew.write(run_id, number) for number in range(51, 100)),
            return_exceptions=True,
        )
    assert [type(result) for result in results if result is not None] == [UnstorableValue]
    assert database.value("select count(*) from mainstem.user_workflow_run_step") == 98

"""Every value of docs/bad-weather.md in every place of it, and what the tables say of it."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from writers import writers

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem import (
    Mainstem,
    Retry,
    RunFailed,
    StepFailed,
    Worker,
    add_event,
    add_screenshot,
    set_context,
    step,
    used_endpoint,
    wait_for_signal,
    workflow,
)
from mainstem.errors import MainstemError, UnstorableValue, every_error
from mainstem.ids import new_run_id
from mainstem.ledger.recorder import STARTS, STEPS, WAITS
from mainstem.ledger.records import StartRecord, StepRecord, WaitRecord
from mainstem.model import DEFAULT_ORG

DOCS = (Path(__file__).parents[2] / "docs/bad-weather.md").read_text(encoding="utf-8")


def table(first_header: str) -> dict[str, list[str]]:
    """The rows of the table that begins so, by their first cell."""
    _, _, below = DOCS.partition(f"\n| {first_header} |")
    lines = below.partition("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {first: rest for first, *rest in rows}


ERRORS = table("input")
PLACES = table("given as")
MESSAGES = table("in the message")


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


INPUTS: dict[str, Callable[[], Any]] = {
    "NUL in a text": lambda: {"pages": ["fine", "a\0b"]},
    "NUL in a key": lambda: {"a\0b": 1},
    "NaN": lambda: {"score": math.nan},
    "infinity": lambda: [1, -math.inf],
    "a lone surrogate": lambda: "half of a pair: \ud83d",
    "10,000 levels deep": lambda: deep(10_000),
    "100 MB of text": lambda: "x" * 100_000_000,
    "bytes": lambda: {"page": b"%PDF"},
    "a type without JSON form": lambda: {"when": object()},
}
IN_MESSAGES = {"NUL": "before\0after", "a lone surrogate": "before\ud83dafter"}
executed: Counter[str] = Counter()
twice = Retry(attempts=2, first=0.01)


@step(retry=twice)
async def give(name: str) -> Any:
    executed["output of a step"] += 1
    return INPUTS[name]()


@step(retry=twice)
async def take(value: Any) -> None:
    executed["input of a step"] += 1


@step(retry=twice)
async def tell(name: str, how: str) -> None:
    executed[how] += 1
    match how:
        case "data of an event":
            add_event("told", INPUTS[name]())
        case "screenshot":
            add_screenshot(INPUTS[name]())
        case "endpoint":
            used_endpoint(INPUTS[name]())


@step(retry=Retry(attempts=1))
async def fail(name: str) -> None:
    raise ValueError(IN_MESSAGES[name])


async def meet(place: str, name: str) -> Any:
    match place:
        case "output of a step":
            await give(name)
        case "input of a step":
            await take(INPUTS[name]())
        case "context, in the workflow":
            await set_context("key", INPUTS[name]())
        case "output of a workflow":
            return INPUTS[name]()
        case "message":
            await fail(name)
        case _:
            await tell(name, place)
    return "never"


@workflow("careless")
async def careless(place: str, name: str) -> Any:
    return await meet(place, name)


@workflow("careful")
async def careful(place: str, name: str) -> list[str]:
    try:
        await meet(place, name)
    except MainstemError as error:
        return [f"{type(error).__name__} {error.code}", getattr(error, "error_type", "")]
    return []


@workflow("patient")
async def patient(value: Any = None) -> Any:
    return await wait_for_signal("go")


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    executed.clear()


def test_each_row_of_the_tables_has_its_case_and_each_case_its_row() -> None:
    assert set(ERRORS) == set(INPUTS)
    assert set(PLACES) == {*IN_THE_CODE, *FROM_OUTSIDE}
    assert set(MESSAGES) == set(IN_MESSAGES)


async def in_a_step(ms: Mainstem, place: str, name: str, error: str) -> list[str]:
    """What happens to a step, and the code around it, as the table's row."""
    failed = await ms.start(careless, place, name)
    goes_on = await ms.start(careful, place, name)
    told, error_type = await goes_on.result()
    with pytest.raises(RunFailed):
        await failed.result()
    runs = [await ms.get_run(run.run_id) for run in (failed, goes_on)]
    assert [run.status for run in runs] == ["failed", "completed"]
    state = "failed, or goes on when the code catches it"
    if not runs[0].steps:
        assert (told, error_type) == (error, "")
        assert [run.context for run in runs] == [{}, {}]
        return ["nothing", "the code: the error", state]
    for run in runs:
        [recorded] = run.steps
        assert [recorded.error_details["type"], recorded.error_details["code"]] == error.split()
        assert (recorded.status, recorded.retry_count, recorded.output_data) == ("failed", 0, None)
        assert (recorded.events, recorded.screenshots, run.endpoints_used) == ([], [], [])
    assert error_type == error.split(maxsplit=1)[0]
    assert executed[place] == (0 if place == "input of a step" else 2)
    without = "input" if runs[0].steps[0].input_data is None else "output"
    more = {"input of a step": "; it was not executed", "data of an event": "; no event"}
    more |= {"screenshot": "; no screenshot", "endpoint": "; no endpoint"}
    stored = f"the step as failed, without {without}, with the error{more.get(place, '')}"
    return [stored, f"the code: {told}", state]


async def at_the_end(ms: Mainstem, place: str, name: str, error: str) -> list[str]:
    run = await ms.start(careless, place, name)
    with pytest.raises(RunFailed) as told:
        await run.result()
    recorded = await ms.get_run(run.run_id)
    assert (recorded.output_data, recorded.steps) == (None, [])
    assert [recorded.error_details["type"], recorded.error_details["code"]] == error.split()
    stored = "the run, without output, with the error"
    return [stored, f"who waits for it: RunFailed {told.value.code}", str(recorded.status)]


async def at_the_start(ms: Mainstem, place: str, name: str, error: str) -> list[str]:
    with pytest.raises(every_error()[error.split()[1]]):
        await ms.start(patient, INPUTS[name](), external_id="refused")
    runs = (await ms.list_runs()).runs
    assert all(run.external_id != "refused" for run in runs)
    return ["nothing", "the caller: the error", "not begun"]


async def from_outside(ms: Mainstem, place: str, name: str, error: str) -> list[str]:
    run = await ms.start(patient)
    ask = ms.signal if place == "payload of a signal" else ms.set_context
    with pytest.raises(every_error()[error.split()[1]]):
        await ask(run.run_id, "go", INPUTS[name]())
    await ms.signal(run.run_id, "go", "well")
    assert await run.result() == "well"
    assert (await ms.get_run(run.run_id)).context == {}
    who = "sender" if place == "payload of a signal" else "caller"
    return ["nothing", f"the {who}: the error", "goes on"]


IN_THE_CODE = (
    "output of a step",
    "input of a step",
    "data of an event",
    "screenshot",
    "endpoint",
    "context, in the workflow",
)
FROM_OUTSIDE = {
    "output of a workflow": at_the_end,
    "input of a workflow": at_the_start,
    "payload of a signal": from_outside,
    "context, from outside": from_outside,
}


@ON_ONE_SERVER
@pytest.mark.parametrize("name", ERRORS)
async def test_every_value_meets_in_every_place_what_the_table_says(ms: Mainstem, name: str) -> None:
    [error] = ERRORS[name]
    met = {}
    async with asyncio.timeout(60), Worker(ms, [careless, careful, patient]):
        for place in PLACES:
            met[place] = await FROM_OUTSIDE.get(place, in_a_step)(ms, place, name, error)
    assert met == PLACES


@ON_ONE_SERVER
@pytest.mark.parametrize("name", MESSAGES)
async def test_the_message_of_an_error_is_always_kept(ms: Mainstem, name: str) -> None:
    [stored] = MESSAGES[name]
    kept = f"before{chr(int(stored.removeprefix('U+'), 16))}after"
    async with Worker(ms, [careless]):
        run = await ms.start(careless, "message", name)
        with pytest.raises(RunFailed, match=kept):
            await asyncio.wait_for(run.result(), 10)
    recorded = await ms.get_run(run.run_id)
    assert [recorded.error_message, recorded.steps[0].error_message] == [kept, kept]


POISON = {
    "NUL in jsonb": b'{"a": "\\u0000"}',
    "no JSON": b"{",
    "no UTF-8": b'"\xff"',
    "NaN": b"NaN",
}


@ON_ONE_SERVER
@pytest.mark.parametrize("poison", POISON)
async def test_a_record_that_the_server_refuses_fails_alone(database: Database, poison: str) -> None:
    """Past the check in front: bytes that only PostgreSQL finds wrong, in the same flush as many that are right."""
    async with writers(database.url) as crew:
        [run_id] = await crew.start(1)
        output = POISON[poison]
        results = await asyncio.gather(
            *(crew.write(run_id, number) for number in range(1, 50)),
            crew.recorder.put(
                STEPS, StepRecord(run_id, 1, 50, 1, b"poison", 0, b"completed", 0, 0, None, output)
            ),
            *(crew.write(run_id, number) for number in range(51, 100)),
            return_exceptions=True,
        )
    assert [type(result) for result in results if result is not None] == [UnstorableValue]
    assert database.value("select count(*) from mainstem.user_workflow_run_step") == 98


@ON_ONE_SERVER
async def test_a_record_that_cannot_even_be_packed_fails_alone(database: Database) -> None:
    async with writers(database.url) as crew:
        run_ids = await crew.start(3)
        lone = WaitRecord(run_ids[0], 1, 1, 1, "signal", "wait", signal="\ud800")
        beyond = StepRecord(run_ids[1], 1, 2**40, 1, b"far", 0, b"completed", 0)
        results = await asyncio.gather(
            crew.write(run_ids[2], 1),
            crew.recorder.put(WAITS, lone),
            crew.recorder.put(STEPS, beyond),
            crew.write(run_ids[2], 2),
            return_exceptions=True,
        )
        assert [type(result) for result in results] == [
            type(None),
            UnstorableValue,
            UnstorableValue,
            type(None),
        ]
        await crew.write(run_ids[2], 3)
    assert database.value("select count(*) from mainstem.user_workflow_run_step") == 3


@ON_ONE_SERVER
async def test_each_start_gets_its_own_answer_when_one_of_its_flush_is_refused(database: Database) -> None:
    async with writers(database.url) as crew:
        records = [StartRecord(new_run_id(), DEFAULT_ORG, crew.workflow_id, "web", b"{}") for _ in range(9)]
        records[2].input_data = POISON["NUL in jsonb"]
        records[6].channel = "pigeon"
        begun = (crew.recorder.put(STARTS, record) for record in records)
        answers = await asyncio.gather(*begun, return_exceptions=True)
    told = [
        type(answer).__name__ if isinstance(answer, BaseException) else (answer[0].kind, answer[0].run_id)
        for answer in answers
    ]
    expected: list[Any] = [("started", record.run_id) for record in records]
    expected[2], expected[6] = "UnstorableValue", ("no channel", records[6].run_id)
    assert told == expected


@ON_ONE_SERVER
async def test_a_step_whose_error_nobody_catches_leaves_others_alone(ms: Mainstem) -> None:
    async with Worker(ms, [careless, patient]):
        bad = [await ms.start(careless, "output of a step", name) for name in ("NaN", "bytes")]
        good = await ms.start(patient)
        await ms.signal(good.run_id, "go", 1)
        assert await asyncio.wait_for(good.result(), 10) == 1
        for run in bad:
            with pytest.raises(RunFailed, match=r"cannot be stored: .* at \$"):
                await asyncio.wait_for(run.result(), 10)


def test_the_errors_of_the_tables_are_ours() -> None:
    known = {f"{cls.__name__} {code}" for code, cls in every_error().items()}
    assert {error for [error] in ERRORS.values()} <= known
    assert f"{StepFailed.__name__} {StepFailed.code}" in known

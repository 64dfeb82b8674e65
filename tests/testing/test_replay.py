"""Recorded runs against new code, with no database: which would misfit, and why. Nothing is executed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import (
    ONCE,
    Mainstem,
    Worker,
    gather,
    get_context,
    set_context,
    step,
    testing,
    wait_for_signal,
    workflow,
)
from mainstem.model import Run
from typed import Terminal

pytestmark = ON_ONE_SERVER

done: list[str] = []


@step(retry=ONCE)
async def read(page: int) -> int:
    done.append(f"read {page}")
    return page


@step(retry=ONCE)
async def judge(text: str) -> str:
    done.append(f"judge {text}")
    if text == "bad":
        raise ValueError("no words for it")
    return f"judged {text}"


@workflow("recorded")
async def recorded(text: str) -> str:
    pages = await gather(read(1), read(2))
    await set_context("pages", pages)
    told = await judge(text)
    if text == "open":
        await wait_for_signal("go")
    return f"{told} {await get_context('pages')}"


@workflow("recorded")
async def with_a_step_more_at_the_end(text: str) -> str:
    told = await recorded(text)
    await read(3)
    return told


@workflow("recorded")
async def with_another_order(text: str) -> str:
    told = await judge(text)
    await gather(read(1), read(2))
    return told


@workflow("recorded")
async def with_other_words(text: str) -> str:
    return (await recorded(text)).upper()


@pytest.fixture
async def runs(ms: Mainstem) -> AsyncIterator[list[Run]]:
    """One that completed, one that failed, one that waits."""
    done.clear()
    async with Worker(ms, [recorded]):
        handles = [await ms.start(recorded, text) for text in ("good", "bad", "open")]
        for handle, status in zip(handles, ("completed", "failed", "waiting"), strict=True):
            await until(partial(reached, ms, handle, status))
    found = [await ms.get_run(handle.run_id) for handle in handles]
    done.clear()
    yield found
    assert done == [], "nothing is executed"


async def reached(ms: Mainstem, handle: Any, status: str) -> bool:
    return (await ms.get_run(handle.run_id)).status == status


async def test_the_code_that_recorded_them_fits_them_all(runs: list[Run]) -> None:
    told = await testing.replay(recorded, runs)
    assert [one.verdict for one in told] == ["same", "same", "goes on"]
    assert all(one.fits for one in told)


async def test_code_that_does_more_than_a_run_that_has_ended_is_a_misfit_for_it_alone(
    runs: list[Run],
) -> None:
    told = await testing.replay(with_a_step_more_at_the_end, runs)
    assert [one.verdict for one in told] == ["misfit", "same", "goes on"]
    assert "read" in told[0].reason


async def test_code_in_another_order_fits_none_and_says_where(runs: list[Run]) -> None:
    told = await testing.replay(with_another_order, runs)
    assert [one.verdict for one in told] == ["misfit", "same", "misfit"] or {one.verdict for one in told} == {
        "misfit"
    }
    assert "the record goes on with step" in told[0].reason


async def test_code_that_ends_otherwise_is_told(runs: list[Run]) -> None:
    told = await testing.replay(with_other_words, runs)
    assert [one.verdict for one in told] == ["differs", "same", "goes on"]


async def test_exported_runs_are_replayed_from_a_file(
    runs: list[Run], database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = tmp_path / "runs.ndjson"
    words = ("runs", "export", "workflow:recorded", "--steps", "--output", str(exported))
    assert (await asyncio.to_thread(Terminal(database.url).type, *words)).exit_code == 0
    documents = testing.runs_of(exported)
    assert {one["run_id"] for one in documents} == {str(run.run_id) for run in runs}
    told = await testing.replay(recorded, documents)
    assert sorted(one.verdict for one in told) == ["goes on", "same", "same"]
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    nowhere = Terminal("postgresql://nowhere.invalid/")
    fitting, misfitting = (
        f"{Path(__file__).stem}:{name}" for name in ("recorded", "with_a_step_more_at_the_end")
    )
    lines = await asyncio.to_thread(nowhere.lines, "runs", "replay", fitting, str(exported))
    assert {line["run"] for line in lines} == {str(run.run_id) for run in runs}
    replayed = await asyncio.to_thread(nowhere.type, "runs", "replay", misfitting, str(exported))
    assert replayed.exit_code == 1

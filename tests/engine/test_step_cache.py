"""Cached steps: made once for all who ask for the same, for as long as they say, by whoever lives."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from counted import executed, fresh_counts, gate

from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database, Tenant
from mainstem import ONCE, Cache, Mainstem, Retry, RunFailed, Worker, gather, hours, step, workflow
from mainstem.model import Run
from typed import Terminal

__all__ = ["fresh_counts"]
pytestmark = ON_ONE_SERVER


@step(cache=Cache(ttl=hours(1)))
async def rate(currency: str, day: int = 1) -> dict[str, Any]:
    executed["rate"] += 1
    return {"currency": currency, "day": day, "made": executed["rate"]}


@step(cache=Cache(ttl=3600, key=lambda currency, **_: currency))
async def rate_of_any_day(currency: str, day: int) -> int:
    executed["any day"] += 1
    return executed["any day"]


@step(name="scoped", cache=Cache(ttl=3600, scope="workflow"))
async def of_workflow() -> int:
    executed["workflow"] += 1
    return executed["workflow"]


@step(cache=Cache(ttl=3600, scope="run"))
async def of_run() -> int:
    executed["run"] += 1
    return executed["run"]


@workflow("rates")
async def rates(currency: str, day: int = 1) -> dict[str, Any]:
    return await rate(currency, day)


@workflow("any-day")
async def any_day(day: int) -> int:
    return await rate_of_any_day("EUR", day)


@workflow("scopes")
async def scopes() -> list[int]:
    return [await of_workflow(), await of_workflow(), await of_run(), await of_run()]


@workflow("other-scopes")
async def other_scopes() -> list[int]:
    return [await of_workflow(), await of_run()]


@step(retry=ONCE, cache=Cache(ttl=3600))
def at_the_gate(fails: bool) -> str:
    executed["gate"] += 1
    gate.wait(30)
    if fails and executed["gate"] == 1:
        raise ValueError("the first one fails")
    return f"made by {executed['gate']}"


@workflow("gated")
async def gated(fails: bool = False) -> str:
    return await at_the_gate(fails)


@workflow("side-by-side")
async def side_by_side() -> list[str]:
    return await gather(at_the_gate(False), at_the_gate(False))


def bad_key(number: int) -> str:
    raise LookupError("no key today")


@step(retry=Retry(attempts=2, first=0.01), cache=Cache(ttl=60, key=bad_key))
async def keyless(number: int) -> int:
    return number


@workflow("keyless")
async def without_key() -> int:
    return await keyless(1)


async def run_of(ms: Mainstem, *started: Any) -> Run:
    handle = await ms.start(*started)
    await handle.result()
    return await ms.get_run(handle.run_id)


async def test_the_second_run_is_given_what_the_first_one_made(ms: Mainstem) -> None:
    async with Worker(ms, [rates]):
        first, second = await run_of(ms, rates, "EUR"), await run_of(ms, rates, "EUR")
        other = await run_of(ms, rates, "USD")
    assert executed["rate"] == 2
    assert second.output_data == first.output_data != other.output_data
    [made], [given] = first.steps, second.steps
    assert (given.status, given.output_data) == ("completed", made.output_data)
    found = given.metadata["cached_from"]
    assert (UUID(found["run_id"]), found["step_number"]) == (first.run_id, 1)
    assert "cached_from" not in made.metadata


async def test_a_result_stands_for_its_time(ms: Mainstem, clock: Clock) -> None:
    async with Worker(ms, [rates]):
        await run_of(ms, rates, "EUR")
        clock.advance(seconds=3500)
        await run_of(ms, rates, "EUR")
        assert executed["rate"] == 1
        clock.advance(seconds=200)
        again = await run_of(ms, rates, "EUR")
        assert executed["rate"] == 2
        assert again.output_data["made"] == 2


async def test_what_of_the_input_counts_is_what_the_key_says(ms: Mainstem) -> None:
    async with Worker(ms, [any_day]):
        assert [(await run_of(ms, any_day, day)).output_data for day in (1, 2)] == [1, 1]


async def test_a_cache_is_shared_as_widely_as_its_scope_says(ms: Mainstem) -> None:
    async with Worker(ms, [scopes, other_scopes]):
        assert [(await run_of(ms, scopes)).output_data for _ in range(2)] == [[1, 1, 1, 1], [1, 1, 2, 2]]
        assert (await run_of(ms, other_scopes)).output_data == [2, 3]


async def test_another_tenant_is_given_nothing(
    ms: Mainstem, database: Database, other_tenant: Tenant
) -> None:
    async with Worker(ms, [rates]), Mainstem(database.url, org_id=other_tenant.org_id) as theirs:
        await run_of(ms, rates, "EUR")
        await run_of(theirs, rates, "EUR")
        assert executed["rate"] == 2
        [listed] = (await theirs.list_cached()).results
        assert listed.step == "rate"


async def test_many_at_once_on_several_workers_make_it_once(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [gated]), Mainstem(database.url) as other, Worker(other, [gated]):
        handles = [await client.start(gated) for client in (ms, other) for _ in range(5)]
        await until(lambda: executed["gate"])
        gate.set()
        assert {await handle.result() for handle in handles} == {"made by 1"}
    assert executed["gate"] == 1


async def test_branches_of_one_run_make_it_once(ms: Mainstem) -> None:
    gate.set()
    async with Worker(ms, [side_by_side]):
        assert (await run_of(ms, side_by_side)).output_data == ["made by 1"] * 2


async def test_when_it_fails_another_one_makes_it(ms: Mainstem) -> None:
    async with Worker(ms, [gated]):
        handles = [await ms.start(gated, True) for _ in range(2)]
        await until(lambda: executed["gate"])
        gate.set()
        ended = await asyncio.gather(*(handle.result() for handle in handles), return_exceptions=True)
    assert sorted(map(str, ended)) == ["made by 2", "the first one fails"]
    assert [type(one) for one in ended if isinstance(one, Exception)] == [RunFailed]


async def test_a_run_that_is_cancelled_while_it_makes_it_leaves_it_to_another(ms: Mainstem) -> None:
    async with Worker(ms, [gated]):
        first = await ms.start(gated)
        await until(lambda: executed["gate"])
        second = await ms.start(gated)
        await ms.cancel(first.run_id)
        await until(lambda: executed["gate"] == 2)
        gate.set()
        assert await second.result() == "made by 2"


async def test_a_lease_ends_when_its_run_is_nobodys_any_more(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [gated]) as worker:
        first = await ms.start(gated)
        await until(lambda: executed["gate"])
        database.connect(None, None).execute(
            "update mainstem.user_workflow_step_cache set run_id = %s", [uuid4()]
        )  # as if it were made on a worker that was reaped
        second = await ms.start(gated)
        await until(lambda: executed["gate"] == 2)
        assert worker.worker_id is not None
        gate.set()
        assert await second.result() == await first.result() == "made by 2"
    [kept] = (await ms.list_cached()).results
    assert kept.run_id == second.run_id


async def test_what_is_cleared_is_made_again(ms: Mainstem) -> None:
    async with Worker(ms, [rates, any_day]):
        for currency in ("EUR", "USD"):
            await run_of(ms, rates, currency)
        await run_of(ms, any_day, 1)
        first = await ms.list_cached(limit=2)
        rest = await ms.list_cached(after=first.next)
        assert [one.step for one in (*first.results, *rest.results)] == ["rate_of_any_day", "rate", "rate"]
        [_, usd] = first.results
        assert (usd.label, usd.workflow, usd.is_there) == ('{"currency":"USD","day":1}', "rates", True)
        assert await ms.clear_cache(key=usd.key) == 1
        assert await ms.clear_cache(workflow="any-day") == 1
        assert await ms.clear_cache(step="nothing") == 0
        for currency in ("EUR", "USD"):
            await run_of(ms, rates, currency)
        assert executed["rate"] == 3
        assert await ms.clear_cache() == 2


async def test_what_is_cleared_while_it_is_made_is_not_kept(ms: Mainstem) -> None:
    async with Worker(ms, [gated]):
        handle = await ms.start(gated)
        await until(lambda: executed["gate"])
        assert await ms.clear_cache(step="at_the_gate") == 1
        gate.set()
        assert await handle.result() == "made by 1"
        assert (await ms.list_cached()).results == []


async def test_a_key_function_that_raises_fails_the_step(ms: Mainstem) -> None:
    async with Worker(ms, [without_key]):
        with pytest.raises(RunFailed, match="no key today"):
            await (await ms.start(without_key)).result()


async def test_expired_results_are_swept(ms: Mainstem, database: Database, clock: Clock) -> None:
    async with Worker(ms, [rates]):
        await run_of(ms, rates, "EUR")
    clock.advance(days=1)
    assert (await ms.list_cached()).results == []
    async with Worker(ms, [rates]):
        await until(lambda: database.value("select count(*) from mainstem.user_workflow_step_cache") == 0)


async def test_the_command_line_lists_and_clears_and_notes_it(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [rates]):
        await run_of(ms, rates, "EUR")
    terminal = Terminal(database.url)
    [listed] = terminal.lines("cache", "list")
    assert (listed["step"], listed["is_there"]) == ("rate", True)
    assert terminal.error("cache", "clear")[:2] == (2, "MS010")
    assert terminal.lines("cache", "clear", "--step", "rate") == [{"cleared": 1}]
    assert terminal.lines("cache", "list") == []
    [noted] = database.rows("select action, target, details from mainstem.user_workflow_audit")
    assert (noted["action"], noted["target"]) == ("cache.clear", "rate")

"""What several runs share: the places of a key, the times of a schedule, one result of a cached step, the active version."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from manual_worker import ManualWorker, ending, manual_workers, wait
from psycopg.types.json import Jsonb
from sessions import Session, refusal, sessions, start_engine_runs, start_record, unhindered

from conftest import Clock, Database, Tenant
from mainstem.ledger import step_cache
from mainstem.ledger.breakpoints import NewBreakpoint, create_breakpoint, hit_breakpoint
from mainstem.ledger.queues import Limits, put_limits
from mainstem.ledger.step_cache import Place
from mainstem.model import ClaimedRun

FIRE = "select mainstem._fire_schedule_v1(%s, %s, %s, %s, 0, null, %s)"


@pytest.fixture
async def two(database: Database) -> AsyncIterator[list[ManualWorker]]:
    async with manual_workers(database, 2) as made:
        yield made


@pytest.fixture
async def people(database: Database) -> AsyncIterator[list[Session]]:
    async with sessions(database, 2) as made:
        yield made


async def keyed(database: Database, people: list[Session], tenant: Tenant, count: int = 2) -> None:
    """Runs of one key, of which one may run."""
    database.perform(put_limits("default", Limits(per_key_running=1)))
    await start_engine_runs(
        people[0], *(start_record(tenant, concurrency_key="member 7") for _ in range(count))
    )


async def test_a_place_of_a_key_is_free_when_its_run_has_ended_and_not_before(
    database: Database, two: list[ManualWorker], people: list[Session], tenant: Tenant
) -> None:
    await keyed(database, people, tenant)
    one, other = two
    [run] = await one.claim()
    await one.session.begin()
    assert await one.flush(ending(run)) == []
    assert await unhindered(other.claim()) == []
    await one.session.rollback()
    assert await other.claim() == []
    assert await one.flush(ending(run)) == []
    assert len(await other.claim()) == 1


async def test_two_claims_at_once_for_the_last_place_of_a_key_wait_for_one_another_and_one_gets_it(
    database: Database, two: list[ManualWorker], people: list[Session], tenant: Tenant
) -> None:
    await keyed(database, people, tenant, 3)
    one, other = two
    await one.session.begin()
    assert len(await one.claim()) == 1
    late = await other.session.blocked(other.claim())
    await one.session.commit()
    assert await late == []


async def test_a_claim_that_is_rolled_back_gives_its_place_to_who_waited(
    database: Database, two: list[ManualWorker], people: list[Session], tenant: Tenant
) -> None:
    await keyed(database, people, tenant)
    one, other = two
    await one.session.begin()
    assert len(await one.claim()) == 1
    late = await other.session.blocked(other.claim())
    await one.session.rollback()
    assert len(await late) == 1


async def test_a_run_that_is_suspended_gives_its_place_and_takes_one_again_when_it_is_signalled(
    database: Database, two: list[ManualWorker], people: list[Session], tenant: Tenant
) -> None:
    await keyed(database, people, tenant)
    one, other = two
    [waiting] = await one.claim()
    await one.flush(wait(waiting, "word"))
    [running] = await other.claim()
    await people[0].call("send_workflow_signal", waiting.run_id, "word", Jsonb(1))
    assert await one.claim() == []
    await other.flush(ending(running))
    assert [run.run_id for run in await one.claim()] == [waiting.run_id]


async def test_a_fork_of_a_run_with_a_key_takes_a_place_of_it(
    database: Database, two: list[ManualWorker], people: list[Session], tenant: Tenant
) -> None:
    await keyed(database, people, tenant, 1)
    one, other = two
    [run] = await one.claim()
    fork = await people[0].call("fork_workflow_run", run.run_id)
    assert await other.claim() == []
    assert await one.flush(ending(run)) == []
    assert [claimed.run_id for claimed in await other.claim()] == [fork]


async def scheduled(session: Session, tenant: Tenant, **more: Any) -> tuple[UUID, datetime]:
    """One that comes round every hour; its id and its next time."""
    comes: datetime = await session.value("select mainstem.clock() + interval '1 hour'")
    definition = {
        "name": "hourly", "workflow_id": str(tenant.workflow_id), "every": "1 hour", "zone": "UTC", "channel": "web",
        "workflow_version": 1, "queue": "default", "priority": 0, "missed": "once", "missed_window": "1 day",
        "overlap": "allow", "input_data": {}, **more,
    }  # fmt: skip
    made = await session.value(
        "select mainstem.put_workflow_schedule(%s::jsonb, %s, false)", json.dumps(definition), comes
    )
    return made, comes


async def fire(worker: ManualWorker, tenant: Tenant, schedule_id: UUID, tick: datetime) -> str:
    following = tick + timedelta(hours=1)
    said: str = await worker.session.value(FIRE, tenant.org_id, schedule_id, tick, [tick], following)
    return said


async def test_of_two_workers_that_fire_a_time_at_once_one_does_and_the_other_waits_for_nothing(
    two: list[ManualWorker], people: list[Session], tenant: Tenant, clock: Clock
) -> None:
    schedule_id, tick = await scheduled(people[0], tenant)
    clock.advance(seconds=3601)
    one, other = two
    await one.session.begin()
    assert await fire(one, tenant, schedule_id, tick) == "fired"
    assert await unhindered(fire(other, tenant, schedule_id, tick)) == "elsewhere"
    await one.session.commit()
    assert await fire(other, tenant, schedule_id, tick) == "elsewhere"
    assert await people[0].value("select count(*) from mainstem.user_workflow_run") == 1


async def test_a_time_whose_firing_was_rolled_back_is_fired_by_the_next(
    two: list[ManualWorker], people: list[Session], tenant: Tenant, clock: Clock
) -> None:
    schedule_id, tick = await scheduled(people[0], tenant)
    clock.advance(seconds=3601)
    await two[0].session.begin()
    await fire(two[0], tenant, schedule_id, tick)
    await two[0].session.rollback()
    assert await fire(two[1], tenant, schedule_id, tick) == "fired"
    assert len(await two[0].claim()) == 1


async def test_a_schedule_that_is_paused_while_it_is_fired_fires_this_time_and_no_other(
    two: list[ManualWorker], people: list[Session], tenant: Tenant, clock: Clock
) -> None:
    schedule_id, tick = await scheduled(people[0], tenant)
    clock.advance(seconds=3601)
    await two[0].session.begin()
    await fire(two[0], tenant, schedule_id, tick)
    pause = "update mainstem.user_workflow_schedule set is_paused = true where schedule_id = %s"
    late = await people[0].blocked(people[0].rows(pause, schedule_id))
    await two[0].session.commit()
    await late
    assert await fire(two[1], tenant, schedule_id, tick + timedelta(hours=1)) == "elsewhere"
    assert len(await two[1].claim()) == 1


async def runs_of_two(
    two: list[ManualWorker], people: list[Session], tenant: Tenant
) -> tuple[ClaimedRun, ClaimedRun]:
    await start_engine_runs(people[0], start_record(tenant), start_record(tenant))
    [first] = await two[0].claim(1)
    [second] = await two[1].claim(1)
    return first, second


async def ask(worker: ManualWorker, run: ClaimedRun) -> str:
    call = step_cache.take("digest", Place(run, 1), step="read", label="{}")
    return (await worker.session.perform(call)).answer


async def fill(worker: ManualWorker, run: ClaimedRun, output: bytes | None) -> None:
    await worker.session.perform(step_cache.fill("digest", Place(run, 1), output, 60))


async def fenced(two: list[ManualWorker], clock: Clock) -> None:
    """The first was silent for longer than its lease, and the other has seen it."""
    clock.advance(seconds=16)
    await two[1].heartbeat()
    await two[1].reap()


async def test_of_two_runs_that_want_one_result_at_once_one_makes_it_and_the_other_gets_it(
    two: list[ManualWorker], people: list[Session], tenant: Tenant
) -> None:
    first, second = await runs_of_two(two, people, tenant)
    one, other = two
    await one.session.begin()
    assert await ask(one, first) == "yours"
    late = await other.session.blocked(ask(other, second))
    await one.session.commit()
    assert await late == "held"
    await fill(one, first, b'"read"')
    assert await ask(other, second) == "there"


async def test_a_result_that_failed_is_made_by_who_waited(
    two: list[ManualWorker], people: list[Session], tenant: Tenant
) -> None:
    first, second = await runs_of_two(two, people, tenant)
    assert await ask(two[0], first) == "yours"
    assert await ask(two[1], second) == "held"
    await fill(two[0], first, None)
    assert await ask(two[1], second) == "yours"


async def test_a_result_whose_maker_lost_its_run_is_made_by_who_waited_and_the_late_one_is_dropped(
    two: list[ManualWorker], people: list[Session], tenant: Tenant, clock: Clock
) -> None:
    first, second = await runs_of_two(two, people, tenant)
    one, other = two
    assert await ask(one, first) == "yours"
    await fenced(two, clock)
    assert await ask(other, second) == "yours"
    await fill(one, first, b'"too late"')
    assert await ask(one, first) == "held"
    await fill(other, second, b'"in time"')
    assert await people[0].value("select output_data from mainstem.user_workflow_step_cache") == "in time"


async def test_a_result_that_comes_after_its_maker_was_fenced_is_dropped_though_nobody_else_wants_it(
    two: list[ManualWorker], people: list[Session], tenant: Tenant, clock: Clock
) -> None:
    first, second = await runs_of_two(two, people, tenant)
    one, other = two
    assert await ask(one, first) == "yours"
    await fenced(two, clock)
    await fill(one, first, b'"too late"')
    assert await ask(other, second) == "yours"


async def test_a_one_shot_breakpoint_is_not_used_up_by_a_worker_that_was_fenced(
    two: list[ManualWorker], people: list[Session], tenant: Tenant, clock: Clock
) -> None:
    first, second = await runs_of_two(two, people, tenant)
    one, other = two
    workflow = await people[0].value("select name from mainstem.user_workflow")
    made = await people[0].perform(create_breakpoint(NewBreakpoint(workflow=workflow, one_shot=True)))
    await fenced(two, clock)
    assert not await one.session.perform(hit_breakpoint(made, first))
    assert await other.session.perform(hit_breakpoint(made, second))
    assert not await other.session.perform(hit_breakpoint(made, second))


async def published(session: Session, tenant: Tenant, name: str) -> int:
    graph = Jsonb({"name": name, "nodes": [], "edges": []})
    rows = await session.rows(
        "select * from mainstem.publish_workflow_graph(%s, %s, %s)", tenant.workflow_id, graph, name
    )
    number: int = rows[0]["version"]
    return number


async def version_of(session: Session, tenant: Tenant) -> int:
    """Of a run that is begun now with the version that is active."""
    [(run_id, _)] = await start_engine_runs(session, start_record(tenant, workflow_version=0))
    number: int = await session.value(
        "select workflow_version from mainstem.user_workflow_run where run_id = %s", run_id
    )
    return number


async def test_a_run_that_begins_while_a_version_is_activated_waits_for_nothing_and_has_the_old_one(
    people: list[Session], tenant: Tenant
) -> None:
    editor, starter = people
    for name in ("first", "second"):
        await published(editor, tenant, name)
    await editor.call("activate_workflow_version", tenant.workflow_id, 1)
    await editor.begin()
    await editor.call("activate_workflow_version", tenant.workflow_id, 2)
    assert await unhindered(version_of(starter, tenant)) == 1
    await editor.commit()
    assert await version_of(starter, tenant) == 2


async def test_two_who_publish_at_once_get_two_numbers_and_the_same_graph_twice_one(
    people: list[Session], tenant: Tenant
) -> None:
    one, other = people
    await one.begin()
    assert await published(one, tenant, "first") == 1
    late = await other.blocked(published(other, tenant, "second"))
    await one.commit()
    assert await late == 2
    await one.begin()
    assert await published(one, tenant, "third") == 3
    same = await other.blocked(published(other, tenant, "third"))
    await one.commit()
    assert await same == 3


async def test_of_two_who_activate_at_once_the_second_replaces_the_first(
    people: list[Session], tenant: Tenant
) -> None:
    one, other = people
    for name in ("first", "second"):
        await published(one, tenant, name)
    await one.begin()
    await one.call("activate_workflow_version", tenant.workflow_id, 1)
    late = await other.blocked(other.call("activate_workflow_version", tenant.workflow_id, 2))
    await one.commit()
    assert await late == 1
    assert await one.call("roll_back_workflow", tenant.workflow_id) == 1
    assert await refusal(other.call("roll_back_workflow", tenant.workflow_id)) == "MS006"

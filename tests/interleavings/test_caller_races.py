"""Callers at once: nothing is lost, and the one who came second is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sessions import Session, outcomes, refusal, sessions, start_caller_run

from conftest import Database, Tenant

COMPLETE = "complete_workflow_execution"


@pytest.fixture
async def pair(database: Database) -> AsyncIterator[tuple[Session, Session]]:
    async with sessions(database, 2) as (first, second):
        yield first, second


@pytest.fixture
async def run_id(pair: tuple[Session, Session], tenant: Tenant) -> UUID:
    return await start_caller_run(pair[0], tenant)


async def step_status(session: Session, run_id: UUID, number: int = 1) -> Any:
    query = "select status from mainstem.user_workflow_run_step where run_id = %s and step_number = %s"
    return await session.value(query, run_id, number)


async def run_status(session: Session, run_id: UUID) -> Any:
    return await session.value("select status from mainstem.user_workflow_run where run_id = %s", run_id)


async def test_of_two_who_start_the_same_step_number_the_second_is_told(
    pair: tuple[Session, Session], tenant: Tenant, run_id: UUID
) -> None:
    first, second = pair
    await first.begin()
    step = await first.call("start_workflow_step", run_id, tenant.node_id, 1, '"first"')
    late = await second.blocked(second.call("start_workflow_step", run_id, tenant.node_id, 1, '"second"'))
    await first.commit()
    assert await refusal(late) == "MS004"
    assert await second.rows(
        "select step_id, input_data from mainstem.user_workflow_run_step where run_id = %s", run_id
    ) == [{"step_id": step, "input_data": "first"}]


async def test_a_step_number_that_was_rolled_back_is_free_for_who_waited(
    pair: tuple[Session, Session], tenant: Tenant, run_id: UUID
) -> None:
    first, second = pair
    await first.begin()
    await first.call("start_workflow_step", run_id, tenant.node_id, 1)
    late = await second.blocked(second.call("start_workflow_step", run_id, tenant.node_id, 1))
    await first.rollback()
    await late
    assert await step_status(second, run_id) == "running"


async def test_of_eight_who_start_the_same_step_at_once_one_does(database: Database, tenant: Tenant) -> None:
    async with sessions(database, 8) as eight:
        for number in range(1, 6):
            run_id = await start_caller_run(eight[0], tenant)
            found = await outcomes(
                *(s.call("start_workflow_step", run_id, tenant.node_id, number) for s in eight)
            )
            assert sorted(map(str, found))[1:] == ["MS004"] * 7


async def test_a_step_completed_twice_at_once_keeps_its_first_ending(
    pair: tuple[Session, Session], tenant: Tenant, run_id: UUID
) -> None:
    first, second = pair
    step = await first.call("start_workflow_step", run_id, tenant.node_id, 1)
    await first.begin()
    await first.call("complete_workflow_step", step, "completed", '"first"')
    late = await second.blocked(second.call("complete_workflow_step", step, "failed", '"second"', "no"))
    await first.commit()
    assert await refusal(late) == "MS005"
    query = "select status, output_data from mainstem.user_workflow_run_step where run_id = %s"
    assert await second.rows(query, run_id) == [{"status": "completed", "output_data": "first"}]


async def test_of_two_who_retry_a_step_at_once_one_does(
    pair: tuple[Session, Session], tenant: Tenant, run_id: UUID
) -> None:
    first, second = pair
    step = await first.call("start_workflow_step", run_id, tenant.node_id, 1)
    await first.call("complete_workflow_step", step, "failed")
    await first.begin()
    await first.call("retry_workflow_step", step)
    late = await second.blocked(second.call("retry_workflow_step", step))
    await first.commit()
    assert await refusal(late) == "MS006"
    query = "select retry_count, jsonb_array_length(events) as kept from mainstem.user_workflow_run_step where run_id = %s"
    assert await second.rows(query, run_id) == [{"retry_count": 1, "kept": 1}]


@pytest.mark.parametrize("endings", [("complete", "cancel"), ("cancel", "complete")])
async def test_complete_against_cancel_the_first_stands_and_the_second_is_told(
    pair: tuple[Session, Session], run_id: UUID, endings: tuple[str, str]
) -> None:
    first, second = pair

    async def end(session: Session, how: str) -> Any:
        if how == "cancel":
            return await session.call("cancel_workflow_run", run_id)
        return await session.call(COMPLETE, run_id, "completed")

    await first.begin()
    await end(first, endings[0])
    late = await second.blocked(end(second, endings[1]))
    await first.commit()
    assert await refusal(late) == "MS003"
    assert await run_status(second, run_id) == {"complete": "completed", "cancel": "cancelled"}[endings[0]]


async def test_a_step_is_not_started_in_a_run_that_ends_at_that_moment(
    pair: tuple[Session, Session], tenant: Tenant, run_id: UUID
) -> None:
    first, second = pair
    await first.begin()
    await first.call(COMPLETE, run_id, "completed")
    late = await second.blocked(second.call("start_workflow_step", run_id, tenant.node_id, 1))
    await first.commit()
    assert await refusal(late) == "MS003"
    assert await second.rows("select * from mainstem.user_workflow_run_step where run_id = %s", run_id) == []


async def test_a_run_that_ends_sees_the_step_that_was_started_at_that_moment(
    pair: tuple[Session, Session], tenant: Tenant, run_id: UUID
) -> None:
    first, second = pair
    await first.begin()
    await first.call("start_workflow_step", run_id, tenant.node_id, 1)
    late = await second.blocked(second.call(COMPLETE, run_id, "completed"))
    await first.commit()
    await late
    assert (await run_status(second, run_id), await step_status(second, run_id)) == ("completed", "cancelled")


async def test_two_who_share_a_lock_and_both_go_on_to_write_deadlock(
    database: Database, tenant: Tenant
) -> None:
    """The obvious form: hold the run FOR SHARE while starting a step in it, write it when ending it."""
    async with sessions(database, 2, role=None) as (first, second):
        run_id = await start_caller_run(first, tenant)
        for session in (first, second):
            await session.begin()
            await session.rows("select from mainstem.user_workflow_run where run_id = %s for share", run_id)
        end = "update mainstem.user_workflow_run set updated_at = now() where run_id = %s"
        waiting = await first.blocked(first.rows(end, run_id))
        assert sorted(map(str, await outcomes(waiting, second.rows(end, run_id)))) == ["40P01", "[]"]


async def test_two_who_both_start_a_step_and_then_end_the_run_do_not_deadlock(
    pair: tuple[Session, Session], tenant: Tenant, run_id: UUID
) -> None:
    first, second = pair
    for session in pair:
        await session.begin()
    await first.call("start_workflow_step", run_id, tenant.node_id, 1)
    late = await second.blocked(second.call("start_workflow_step", run_id, tenant.node_id, 2))
    await first.call(COMPLETE, run_id, "completed")
    await first.commit()
    assert await refusal(late) == "MS003"
    await second.rollback()
    assert (await run_status(second, run_id), await step_status(second, run_id)) == ("completed", "cancelled")


async def test_an_event_is_in_the_fold_of_a_step_that_ends_at_that_moment(
    pair: tuple[Session, Session], tenant: Tenant, run_id: UUID
) -> None:
    first, second = pair
    step = await first.call("start_workflow_step", run_id, tenant.node_id, 1)
    await first.begin()
    await first.call("add_workflow_event", step, "just_before")
    late = await second.blocked(second.call("complete_workflow_step", step, "completed"))
    await first.commit()
    await late
    assert (
        await second.value(
            "select events -> 0 ->> 'event_type' from mainstem.user_workflow_run_step where run_id = %s",
            run_id,
        )
        == "just_before"
    )
    assert await refusal(first.call("add_workflow_event", step, "just_after")) == "MS005"

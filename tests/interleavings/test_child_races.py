"""The end of a child against the wait of its parent, and against whoever cancels: told once, nobody waits for ever, no deadlock."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from manual_worker import ManualWorker, ending, manual_workers
from psycopg.types.json import Jsonb
from sessions import Session, sessions, start_engine_runs, start_record, unhindered

from conftest import Database, Tenant
from mainstem.ledger import queue
from mainstem.ledger.records import WaitRecord
from mainstem.model import ClaimedRun

START = {
    "workflow": "intake",
    "workflow_version": 1,
    "channel": "web",
    "queue": "children",
    "priority": 0,
    "tags": [],
    "input_data": {"claim": 7},
}
NEVER_HELD = """
create or replace function mainstem._hold_parent_v1(parent_step uuid) returns boolean language sql as 'select true'
"""


def wait(run: ClaimedRun, *, kind: str = "child", suspend: bool = True, number: int = 1) -> WaitRecord:
    return WaitRecord(
        run.run_id,
        run.epoch,
        number,
        1,
        kind,
        f"{kind}:intake",
        given=json.dumps(START).encode(),
        suspend=suspend,
    )


@dataclass
class Family:
    """A parent that its worker owns, and a child that another worker owns."""

    above: ManualWorker
    below: ManualWorker
    parent: ClaimedRun
    child: ClaimedRun

    async def asked(self, *, suspend: bool = True) -> dict[int, str]:
        """What the parent's wait is answered now, by step; 0 for the run."""
        told = await self.above.answers(wait(self.parent, suspend=suspend))
        return {(row["step_number"] or 0): row["answer"] for row in told}

    async def again(self) -> ClaimedRun:
        [claimed] = await self.above.claim()
        assert claimed.run_id == self.parent.run_id
        return claimed


@pytest.fixture
async def caller(database: Database) -> AsyncIterator[Session]:
    async with sessions(database, 1) as (session,):
        yield session


@pytest.fixture
async def family(database: Database, tenant: Tenant, caller: Session) -> AsyncIterator[Family]:
    async with manual_workers(database, 2) as (above, below):
        await start_engine_runs(caller, start_record(tenant))
        [parent] = await above.claim()
        await above.flush(wait(parent, suspend=False))
        [child] = await below.claim(queues=("children",))
        yield Family(above, below, parent, child)


async def test_a_child_is_begun_with_the_step_that_waits_and_only_once(
    family: Family, caller: Session, tenant: Tenant
) -> None:
    assert await family.asked(suspend=False) == {1: "open"}
    rows = await caller.rows(
        "select run_id, parent_step_id, input_data from mainstem.user_workflow_run order by run_id"
    )
    assert len(rows) == 2
    [step] = await caller.rows("select step_id, metadata, status from mainstem.user_workflow_run_step")
    assert step["metadata"]["child"] == str(family.child.run_id)
    assert family.child.input_data == {"claim": 7}
    assert {row["parent_step_id"] for row in rows} == {None, step["step_id"]}


async def test_a_flush_that_is_rolled_back_has_begun_no_child(
    database: Database, tenant: Tenant, caller: Session
) -> None:
    async with manual_workers(database) as (worker,):
        await start_engine_runs(caller, start_record(tenant))
        [parent] = await worker.claim()
        await worker.session.begin()
        await worker.flush(wait(parent))
        await worker.session.rollback()
        assert await caller.value("select count(*) from mainstem.user_workflow_run") == 1
        await worker.flush(wait(parent))
        assert await caller.value("select count(*) from mainstem.user_workflow_run") == 2


async def test_a_child_that_has_ended_before_its_parent_waits_is_taken(family: Family) -> None:
    assert await family.below.flush(ending(family.child)) == []
    assert await family.asked() == {1: "signal"}


async def test_a_child_that_ends_while_its_parent_is_suspended_wakes_it(family: Family) -> None:
    assert await family.asked() == {1: "open", 0: "suspended"}
    assert await family.above.claim() == []
    await family.below.flush(ending(family.child))
    family.parent = await family.again()
    assert await family.asked() == {1: "signal"}


async def test_a_child_whose_end_is_not_committed_when_its_parent_waits_is_taken_after(
    family: Family,
) -> None:
    await family.below.session.begin()
    assert await family.below.flush(ending(family.child)) == []
    assert await unhindered(family.asked()) == {0: "busy"}
    await family.below.session.commit()
    assert await family.asked() == {1: "signal"}


async def test_a_child_that_ends_while_the_suspension_is_not_committed_comes_again_and_wakes(
    family: Family,
) -> None:
    await family.above.session.begin()
    assert (await family.asked())[0] == "suspended"
    assert await unhindered(family.below.flush(ending(family.child))) == [(family.child.run_id, "busy")]
    await family.above.session.commit()
    assert await family.below.flush(ending(family.child)) == []
    family.parent = await family.again()
    assert await family.asked() == {1: "signal"}


async def test_without_the_parents_lock_taken_first_the_flush_would_wait(
    family: Family, database: Database
) -> None:
    database.connect(role=None, org_id=None).execute(NEVER_HELD)
    await family.above.session.begin()
    assert (await family.asked())[0] == "suspended"
    late = await family.below.session.blocked(family.below.flush(ending(family.child)))
    await family.above.session.commit()
    await late
    family.parent = await family.again()  # not lost: who forgets the order waits, and tells
    assert await family.asked() == {1: "signal"}


async def test_a_users_open_transaction_on_the_parent_holds_up_no_flush(
    family: Family, caller: Session
) -> None:
    await family.asked()
    await caller.begin()
    await caller.call("send_workflow_signal", family.parent.run_id, "word", Jsonb(1))
    assert await unhindered(family.below.flush(ending(family.child))) == [(family.child.run_id, "busy")]
    await caller.commit()
    assert await family.below.flush(ending(family.child)) == []
    family.parent = await family.again()
    assert await family.asked() == {1: "signal"}


async def test_a_parent_that_is_cancelled_while_its_child_ends_holds_up_no_flush(
    family: Family, caller: Session
) -> None:
    await family.asked()
    await caller.begin()
    assert await caller.call("cancel_workflow_run", family.parent.run_id, "sent twice") == "cancelled"
    assert await unhindered(family.below.flush(ending(family.child))) == [(family.child.run_id, "busy")]
    await caller.commit()
    [request] = await family.below.heartbeat()
    assert (request.run_id, request.cancel_reason) == (family.child.run_id, "sent twice")
    assert await family.below.flush(ending(family.child, "cancelled")) == []
    assert await caller.value("select count(*) from mainstem.user_workflow_run_queue") == 0


async def test_a_cancel_waits_for_a_child_that_is_ending_and_no_deadlock_comes_of_it(
    database: Database, family: Family
) -> None:
    async with sessions(database, 1, role=None) as (canceller,):
        await family.asked()
        await family.below.session.begin()
        assert await family.below.flush(ending(family.child)) == []
        late = await canceller.blocked(
            canceller.call("cancel_workflow_run", family.parent.run_id, "sent twice")
        )
        await family.below.session.commit()
        assert await late == "cancelled"
    assert await family.above.claim() == []


async def test_parent_and_child_cancelled_at_the_same_moment_wait_in_one_order(
    database: Database, family: Family, caller: Session
) -> None:
    await family.asked()
    await family.below.session.rows(
        "update mainstem.user_workflow_run_queue set state = 'ready', worker_id = null"
    )
    async with sessions(database, 2, role=None) as (one, other):
        await one.begin()
        assert await one.call("cancel_workflow_run", family.parent.run_id, "sent twice") == "cancelled"
        late = await other.blocked(other.call("cancel_workflow_run", family.child.run_id, "no longer wanted"))
        await one.commit()
        with pytest.raises(Exception, match="is over"):
            await late
        statuses = await caller.rows("select status, error_message from mainstem.user_workflow_run")
    assert [(row["status"], row["error_message"]) for row in statuses] == [("cancelled", "sent twice")] * 2


async def test_a_child_whose_time_is_over_while_it_is_cancelled_ends_once_and_without_a_deadlock(
    database: Database, family: Family
) -> None:
    """Who ends what is overdue has the child's lock and tells its parent; who cancels has the parent's."""
    await family.asked()
    await family.below.session.rows(
        "update mainstem.user_workflow_run_queue set state = 'ready', worker_id = null, deadline_at = now()"
        " where run_id = %s",
        family.child.run_id,
    )
    async with sessions(database, 1, role=None) as (canceller,):
        await canceller.begin()
        hold = "select 1 from mainstem.user_workflow_run_queue where run_id = %s for no key update"
        await canceller.rows(hold, family.parent.run_id)  # as a cancel does first
        assert await unhindered(family.below.session.perform(queue.end_overdue())) == 0
        assert (
            await canceller.call("cancel_workflow_run", family.child.run_id, "no longer wanted")
            == "cancelled"
        )
        await canceller.commit()
    assert await family.below.session.perform(queue.end_overdue()) == 0
    family.parent = await family.again()
    [answer] = await family.above.answers(wait(family.parent))
    assert answer["payload"]["details"]["type"] == "RunCancelled"


async def test_a_child_whose_time_is_over_wakes_its_parent(family: Family) -> None:
    await family.asked()
    await family.below.session.rows(
        "update mainstem.user_workflow_run_queue set state = 'ready', worker_id = null, deadline_at = now()"
        " where run_id = %s",
        family.child.run_id,
    )
    assert await family.below.session.perform(queue.end_overdue()) == 1
    family.parent = await family.again()
    [answer] = await family.above.answers(wait(family.parent))
    assert answer["payload"]["details"] == {
        "type": "RunFailed", "status": "timeout", "run_id": str(family.child.run_id),
    }  # fmt: skip


async def test_a_child_cancelled_before_its_parent_is_taken_as_cancelled(
    database: Database, family: Family, caller: Session
) -> None:
    await family.asked()
    await family.below.flush(ending(family.child, "cancelled"))
    family.parent = await family.again()
    [answer] = await family.above.answers(wait(family.parent))
    assert (answer["answer"], answer["payload"]["details"]["type"]) == ("failed", "RunCancelled")


async def test_a_lost_answer_is_given_again_and_begins_no_second_child(
    family: Family, caller: Session, tenant: Tenant
) -> None:
    await family.below.flush(ending(family.child, "failed", error_message="out of ink"))
    said = [await family.above.answers(wait(family.parent)) for _ in range(2)]
    assert said[0][0]["payload"] == said[1][0]["payload"]
    assert said[0][0]["payload"]["message"] == "out of ink"
    assert await caller.value("select count(*) from mainstem.user_workflow_run") == 2
    assert await caller.value("select signals from mainstem.user_workflow_run_queue") == 0


async def test_a_run_that_is_only_begun_is_answered_with_its_id(
    family: Family, caller: Session, tenant: Tenant
) -> None:
    [answer] = await family.above.answers(wait(family.parent, kind="start", number=2))
    assert answer["answer"] == "signal"
    found = await caller.rows(
        "select parent_step_id from mainstem.user_workflow_run where run_id = %s", answer["payload"]
    )
    assert [row["parent_step_id"] for row in found] == [UUID(int=family.parent.run_id.int + 2)]
    await family.asked()
    [begun] = await family.below.claim(queues=("children",))
    assert await family.below.flush(ending(begun)) == []
    assert await family.above.claim() == []  # its end is nobody's business


async def test_a_queue_that_is_rebuilt_waits_for_the_child_as_before(
    family: Family, caller: Session, database: Database
) -> None:
    await family.asked()
    database.rows(
        "delete from mainstem.user_workflow_run_queue where run_id = %s returning 1", family.parent.run_id
    )
    assert await caller.call("rebuild_workflow_queue") == 1
    assert await family.above.claim() == []
    await family.below.flush(ending(family.child))
    family.parent = await family.again()
    assert await family.asked() == {1: "signal"}

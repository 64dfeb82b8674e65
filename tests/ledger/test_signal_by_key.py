"""A signal to whatever runs of a workflow are under way for an external id."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from conftest import Database, Tenant
from mainstem import Mainstem
from mainstem.errors import NotFound
from mainstem.ledger import runs
from mainstem.ledger.call import perform


@pytest.fixture
def intake(ms: Mainstem, tenant: Tenant) -> Mainstem:
    return ms


async def begin(ms: Mainstem, key: str | None, workflow: str = "intake") -> UUID:
    return (await ms.start(workflow, external_id=key)).run_id


def signals(database: Database) -> list[tuple[UUID, str, Any]]:
    rows = database.rows("select run_id, name, payload from mainstem.user_workflow_signal order by run_id")
    return [(row["run_id"], row["name"], row["payload"]) for row in rows]


async def test_every_run_of_the_workflow_that_is_under_way_for_the_key_is_told(
    intake: Mainstem, database: Database
) -> None:
    first, second = [await begin(intake, "claim-7") for _ in range(2)]
    over = await begin(intake, "claim-7")
    await intake.cancel(over)
    await begin(intake, "claim-8")
    await begin(intake, None)
    assert await intake.signal_key("intake", "claim-7", "paid", {"amount": 3}) == 2
    assert signals(database) == [(run, "paid", {"amount": 3}) for run in sorted((first, second))]


async def test_a_key_that_nobody_is_under_way_for_is_not_found_and_says_so(
    intake: Mainstem, database: Database
) -> None:
    await begin(intake, "claim-7")
    for workflow, key in (("intake", "claim-9"), ("billing", "claim-7")):
        with pytest.raises(NotFound, match=key):
            await intake.signal_key(workflow, key, "paid")
    assert signals(database) == []


async def test_another_tenants_runs_with_the_same_key_are_not_told(
    intake: Mainstem, database: Database, other_tenant: Tenant
) -> None:
    async with Mainstem(database.url, org_id=other_tenant.org_id) as other:
        theirs = await begin(other, "claim-7")
        with pytest.raises(NotFound):
            await intake.signal_key("intake", "claim-7", "paid")
        assert await other.signal_key("intake", "claim-7", "paid") == 1
    assert [run for run, _, _ in signals(database)] == [theirs]


async def test_all_are_told_or_none(intake: Mainstem, database: Database) -> None:
    await begin(intake, "claim-7")
    await begin(intake, "claim-7")
    conn = database.connect(org_id=None)
    call = runs.signal_key("intake", "claim-7", "paid", b"1")
    with conn.transaction(force_rollback=True):
        assert perform(conn, call, org_id=intake.org_id) == 2
    assert signals(database) == []

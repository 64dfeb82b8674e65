"""Idempotency keys: the same request begins one run, another under its key is told so, and the batch goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from callers import Caller

from conftest import Clock, Database, Tenant
from mainstem import Mainstem
from mainstem.errors import IdempotencyConflict
from mainstem.ids import new_run_id
from mainstem.ledger.call import perform
from mainstem.ledger.records import COMPOSITES, OIDS_SQL, StartRecord, register
from mainstem.ledger.runs import start_runs


class Starter:
    """One tenant's session that begins batches of engine runs."""

    def __init__(self, database: Database, tenant: Tenant) -> None:
        self.caller = Caller.at(database, tenant)
        register(self.caller.conn)
        self.oids = {row["typname"]: row["oid"] for row in self.caller.rows(OIDS_SQL, list(COMPOSITES))}

    def record(self, key: str | None = None, digest: bytes | None = b"one", **more: Any) -> StartRecord:
        tenant = self.caller.tenant
        return StartRecord(
            new_run_id(),
            tenant.org_id,
            tenant.workflow_id,
            "web",
            b"{}",
            idempotency_key=key,
            request_digest=digest,
            **more,
        )

    def start(self, *records: StartRecord) -> list[tuple[UUID, str]]:
        return perform(
            self.caller.conn, start_runs(self.oids, list(records)), org_id=self.caller.tenant.org_id
        )


@pytest.fixture
def starter(database: Database, tenant: Tenant) -> Starter:
    return Starter(database, tenant)


def count(database: Database) -> tuple[int, int]:
    """Runs, and queue rows."""
    return (
        database.value("select count(*) from mainstem.user_workflow_run"),
        database.value("select count(*) from mainstem.user_workflow_run_queue"),
    )


def test_the_same_key_gives_the_run_that_it_began(database: Database, starter: Starter) -> None:
    first = starter.record("fax-7")
    assert starter.start(first) == [(first.run_id, "started")]
    assert starter.start(starter.record("fax-7")) == [(first.run_id, "existing")]
    assert count(database) == (1, 1)


def test_another_request_under_the_key_is_a_conflict_and_begins_nothing(
    database: Database, starter: Starter
) -> None:
    first = starter.record("fax-7")
    starter.start(first)
    assert starter.start(starter.record("fax-7", b"two")) == [(first.run_id, "conflict")]
    assert count(database) == (1, 1)


def test_a_batch_says_for_each_what_happened_and_one_that_is_refused_fails_no_other(
    database: Database, starter: Starter
) -> None:
    known = starter.record("known")
    starter.start(known)
    batch = [
        starter.record("new"),
        starter.record("known"),
        starter.record("new"),
        starter.record("new", b"two"),
        starter.record(),
        replace(starter.record("elsewhere"), workflow_id=uuid4()),
        replace(starter.record("by fax"), channel="telex"),
        starter.record("by whom", created_by=uuid4()),
        starter.record("known", b"two"),
        starter.record(),
    ]
    new = batch[0].run_id
    assert starter.start(*batch) == [
        (new, "started"),
        (known.run_id, "existing"),
        (new, "existing"),
        (new, "conflict"),
        (batch[4].run_id, "started"),
        (batch[5].run_id, "no workflow"),
        (batch[6].run_id, "no channel"),
        (batch[7].run_id, "no user"),
        (known.run_id, "conflict"),
        (batch[9].run_id, "started"),
    ]
    assert count(database) == (4, 4)


def test_a_refused_start_does_not_take_its_key(starter: Starter) -> None:
    starter.start(replace(starter.record("fax-7"), channel="telex"))
    again = starter.record("fax-7")
    assert starter.start(again) == [(again.run_id, "started")]


def test_a_key_belongs_to_its_workflow_and_its_tenant(
    database: Database, starter: Starter, other_tenant: Tenant
) -> None:
    elsewhere = starter.caller.value(
        "insert into mainstem.user_workflow (org_id, name) values (mainstem.current_org(), 'another') returning workflow_id"
    )
    mine, another = starter.record("fax-7"), replace(starter.record("fax-7"), workflow_id=elsewhere)
    assert [answer for _, answer in starter.start(mine, another)] == ["started", "started"]
    assert [answer for _, answer in Starter(database, other_tenant).start(replace(
        starter.record("fax-7"), org_id=other_tenant.org_id, workflow_id=other_tenant.workflow_id))] == ["started"]  # fmt: skip


def test_a_key_is_free_again_when_it_has_expired(database: Database, starter: Starter, clock: Clock) -> None:
    first, second = starter.record("fax-7"), starter.record("fax-7", b"two")
    starter.start(first)
    clock.advance(days=29)
    assert starter.start(starter.record("fax-7")) == [(first.run_id, "existing")]
    clock.advance(days=2)
    assert starter.start(second) == [(second.run_id, "started")]
    assert starter.start(starter.record("fax-7", b"two")) == [(second.run_id, "existing")]
    assert count(database) == (2, 2)


async def test_the_client_gives_the_first_run_and_refuses_another_input(tenant: Tenant, ms: Mainstem) -> None:
    first = await ms.start("intake", idempotency_key="fax-7", member=7)
    again = await ms.start("intake", idempotency_key="fax-7", member=7)
    assert (again.run_id, first.is_new, again.is_new) == (first.run_id, True, False)
    with pytest.raises(IdempotencyConflict):
        await ms.start("intake", idempotency_key="fax-7", member=8)

"""Sealing: what a past partition gets, killed in the middle, and with writers about."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest
from past import (
    Started,
    indexes_of,
    insert_step,
    keys_of,
    leaf_of,
    owner,
    past_run,
    reading,
    wait_for_lock,
)

from conftest import Clock, Database, Tenant
from mainstem.errors import DatabaseError, UpgradeBlocked
from mainstem.ledger import leaves as leaf_module
from mainstem.ledger import partitions
from mainstem.ledger.sealing import INDEXES, KEYS

__all__ = ["owner", "past_run"]

SEALED = [
    (column, True)
    for column in ("context", "input_data", "output_data", "input_data", "output_data", "step_id", "words")
]


def test_the_next_four_weeks_have_leaves_and_making_them_again_changes_nothing(
    database: Database, owner: psycopg.Connection[Any], clock: Clock
) -> None:
    clock.advance(days=100)
    assert {task.verb for task in partitions.tasks(owner)} == {"make", "seal"}
    partitions.make_ahead(owner)
    made = [leaf.suffix for leaf in partitions.leaves(owner)]
    assert [task for task in partitions.tasks(owner) if task.verb == "make"] == []
    partitions.make_ahead(owner)
    assert [leaf.suffix for leaf in partitions.leaves(owner)] == made


def test_a_sealed_leaf_has_its_keys_and_indexes_and_takes_late_steps(
    database: Database, owner: psycopg.Connection[Any], tenant: Tenant, past_run: UUID
) -> None:
    leaf = leaf_of(owner)
    assert leaf.due == "seal"
    partitions.seal(owner, leaf)
    assert sorted(indexes_of(database, leaf)) == sorted(SEALED)
    assert keys_of(database, leaf) == {"steps_have_their_run": True, "steps_have_their_node": True}
    assert leaf_of(owner).due is None

    insert_step(database, tenant, past_run, 2)
    insert_step(database, tenant, past_run, 3, node=None)
    assert (
        database.value("select count(*) from mainstem.user_workflow_run_step where run_id = %s", past_run)
        == 3
    )
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="steps_have_their_run"):
        insert_step(database, tenant, UUID(int=past_run.int ^ (1 << 30)), 1)


def test_the_current_leaf_is_not_due_for_sealing(owner: psycopg.Connection[Any]) -> None:
    assert [leaf.due for leaf in partitions.leaves(owner) if not leaf.is_past] == [None] * 2


@pytest.mark.parametrize(
    ("orphan", "key"),
    [
        ({"run": UUID("0194684d-8000-7000-8000-00000e000000")}, "user_workflow_run"),
        ({"node": UUID(int=7)}, "user_workflow_node"),
    ],
)
def test_sealing_finds_a_step_without_its_run_or_node_and_goes_on_when_it_is_repaired(
    database: Database,
    owner: psycopg.Connection[Any],
    tenant: Tenant,
    past_run: UUID,
    orphan: dict[str, Any],
    key: str,
) -> None:
    insert_step(database, tenant, past_run, 9, **orphan)
    leaf = leaf_of(owner)
    with pytest.raises(DatabaseError, match=key):
        partitions.seal(owner, leaf)
    assert leaf_of(owner).sealed_at is None

    database.rows("delete from mainstem.user_workflow_run_step where step_number = 9 returning 1")
    partitions.seal(owner, leaf)
    assert keys_of(database, leaf) == {"steps_have_their_run": True, "steps_have_their_node": True}
    assert leaf_of(owner).sealed_at is not None


def test_sealing_that_was_killed_while_it_made_an_index_is_carried_on(
    database: Database, owner: psycopg.Connection[Any], past_run: UUID
) -> None:
    leaf = leaf_of(owner)
    with reading(database, "select 1 from mainstem.user_workflow_run_step"):  # CONCURRENTLY waits for it
        sealing = Started(lambda: partitions.seal(owner, leaf))
        wait_for_lock(database, owner)
        database.rows("select pg_terminate_backend(%s)", owner.info.backend_pid)
        assert isinstance(sealing.outcome(), psycopg.errors.AdminShutdown)
    assert indexes_of(database, leaf) == [("step_id", False)]

    partitions.seal(database.connect("mainstem_owner", None), leaf)
    assert sorted(indexes_of(database, leaf)) == sorted(SEALED)


def test_sealing_that_was_killed_before_it_validated_is_carried_on(
    database: Database, owner: psycopg.Connection[Any], past_run: UUID
) -> None:
    leaf = leaf_of(owner)
    owner.execute(KEYS[0].statement(leaf))
    assert keys_of(database, leaf) == {"steps_have_their_run": False}
    partitions.seal(owner, leaf)
    assert set(keys_of(database, leaf).values()) == {True}


def test_who_writes_does_not_wait_behind_sealing_which_goes_on_when_the_leaf_is_free(
    database: Database, owner: psycopg.Connection[Any], tenant: Tenant, past_run: UUID
) -> None:
    leaf = leaf_of(owner)
    for index in INDEXES:
        owner.execute(index.statement(leaf))
    with psycopg.connect(database.url) as writer:
        insert_step(database, tenant, past_run, 2, conn=writer)
        sealing = Started(lambda: partitions.seal(owner, leaf))
        wait_for_lock(database, owner)
        with psycopg.connect(database.url, options="-c statement_timeout=2s", autocommit=True) as other:
            insert_step(database, tenant, past_run, 3, conn=other)
    assert sealing.outcome() is None
    assert leaf_of(owner).sealed_at is not None


def test_sealing_gives_up_when_somebody_holds_the_leaf_for_long(
    database: Database,
    owner: psycopg.Connection[Any],
    tenant: Tenant,
    past_run: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leaf_module, "PATIENCE", 0.1)
    leaf = leaf_of(owner)
    for index in INDEXES:
        owner.execute(index.statement(leaf))
    with psycopg.connect(database.url) as writer:
        insert_step(database, tenant, past_run, 2, conn=writer)
        with pytest.raises(UpgradeBlocked, match="in use"):
            partitions.seal(owner, leaf)

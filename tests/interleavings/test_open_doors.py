"""Doors between tenants that the obvious form leaves open, each beside ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sessions import Session, refusal, sessions

from conftest import Database, Tenant

SET_LOCAL = "select set_config('app.current_org_id', %s, true)"


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Session]:
    """For whom row security is forced, in a schema for what is obvious."""
    database.connect(None).execute("create schema obvious authorization mainstem_owner")
    async with sessions(database, 1, role="mainstem_owner") as (session,):
        await session.rows("grant usage on schema obvious to mainstem_app")
        yield session


@pytest.fixture
async def tenants(database: Database, owner: Session) -> AsyncIterator[Session]:
    """A session of the role of all tenants, which has named none yet."""
    async with sessions(database, 1, org_id=None) as (session,):
        yield session


async def test_a_setting_that_was_set_for_one_transaction_breaks_the_obvious_policy_in_the_next(
    owner: Session, tenants: Session, tenant: Tenant
) -> None:
    """After SET LOCAL the setting is '', and '' is no uuid."""
    await owner.rows("create table obvious.run (org_id uuid)")
    await owner.rows("alter table obvious.run enable row level security")
    await owner.rows(
        "create policy tenant on obvious.run using (org_id = current_setting('app.current_org_id', true)::uuid)"
    )
    await owner.rows("grant select on obvious.run to mainstem_app")
    assert await tenants.rows("select * from obvious.run") == [], "before the first, it is absent"
    await tenants.begin()
    await tenants.rows(SET_LOCAL, str(tenant.org_id))
    await tenants.rows("select * from obvious.run")
    await tenants.commit()
    assert await refusal(tenants.rows("select * from obvious.run")) == "22P02"


async def test_a_setting_that_was_set_for_one_transaction_shows_nothing_in_the_next(
    tenants: Session, tenant: Tenant
) -> None:
    for _ in range(2):
        await tenants.begin()
        await tenants.rows(SET_LOCAL, str(tenant.org_id))
        assert await tenants.rows("select name from mainstem.user_workflow") == [{"name": "intake"}]
        await tenants.commit()
        assert await tenants.rows("select name from mainstem.user_workflow") == []
    assert (
        await refusal(tenants.call("start_workflow_execution", tenant.workflow_id, "web", None, None, None))
        == "MS001"
    )


async def test_a_forced_owner_without_a_policy_validates_a_key_over_an_orphan(
    owner: Session, tenant: Tenant
) -> None:
    """It sees no row, and so no orphan. With a policy for the owner, as ours have, it is found."""
    await owner.rows("create table obvious.run (run_id uuid primary key, org_id uuid)")
    await owner.rows("create table obvious.step (run_id uuid, org_id uuid)")
    await owner.rows("insert into obvious.step values (%s, %s)", uuid4(), tenant.org_id)
    for table in ("run", "step"):
        await owner.rows(f"alter table obvious.{table} enable row level security")
        await owner.rows(f"alter table obvious.{table} force row level security")
    key = "alter table obvious.step add constraint step_of_a_run foreign key (run_id) references obvious.run not valid"
    validate = "alter table obvious.step validate constraint step_of_a_run"
    await owner.rows(key)
    await owner.rows(validate)
    await owner.rows("alter table obvious.step drop constraint step_of_a_run")
    for table in ("run", "step"):
        await owner.rows(f"create policy everything on obvious.{table} to mainstem_owner using (true)")
    await owner.rows(key)
    assert await refusal(owner.rows(validate)) == "23503"


async def test_a_key_without_the_tenant_in_it_links_into_another_and_tells_what_is_there(
    owner: Session, tenants: Session, tenant: Tenant, other_tenant: Tenant
) -> None:
    await owner.rows("create table obvious.workflow (workflow_id uuid primary key)")
    await owner.rows("create table obvious.node (org_id uuid, workflow_id uuid references obvious.workflow)")
    await owner.rows("insert into obvious.workflow values (%s)", other_tenant.workflow_id)
    await owner.rows("grant insert on obvious.node to mainstem_app")
    obvious = "insert into obvious.node values (%s, %s)"
    ours = "insert into mainstem.user_workflow_node (org_id, workflow_id, label) values (%s, %s, 'Read')"
    await tenants.rows("select set_config('app.current_org_id', %s, false)", str(tenant.org_id))
    await tenants.rows(obvious, tenant.org_id, other_tenant.workflow_id)
    assert await refusal(tenants.rows(obvious, tenant.org_id, uuid4())) == "23503", (
        "so the other one is there"
    )
    for of_another_or_nobody in (other_tenant.workflow_id, uuid4()):
        assert await refusal(tenants.rows(ours, tenant.org_id, of_another_or_nobody)) == "23503"


async def test_a_name_that_is_unique_among_all_tells_that_another_has_it(
    owner: Session, tenants: Session, tenant: Tenant, other_tenant: Tenant
) -> None:
    await owner.rows("create table obvious.workflow (org_id uuid, name text unique)")
    await owner.rows("insert into obvious.workflow values (%s, 'payroll')", other_tenant.org_id)
    await owner.rows("grant insert on obvious.workflow to mainstem_app")
    await owner.rows(
        "insert into mainstem.user_workflow (org_id, name) values (%s, 'payroll')", other_tenant.org_id
    )
    await tenants.rows("select set_config('app.current_org_id', %s, false)", str(tenant.org_id))
    assert (
        await refusal(tenants.rows("insert into obvious.workflow values (%s, 'payroll')", tenant.org_id))
        == "23505"
    )
    await tenants.rows(
        "insert into mainstem.user_workflow (org_id, name) values (%s, 'payroll')", tenant.org_id
    )

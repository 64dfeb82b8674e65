"""Keys: none tells a tenant of another's rows, and none links a row to another's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tenants import Neighbours, two_tenants

UNIQUE = """
select i.indexrelid::regclass::text, i.indrelid::regclass::text, a.attname
  from pg_index i join pg_class c on c.oid = i.indrelid
  join pg_attribute org on org.attrelid = c.oid and org.attname = 'org_id'
  left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
 where c.relnamespace = 'mainstem'::regnamespace and not c.relispartition and (i.indisunique or i.indisexclusion)
"""

NOT_BY_TENANT = {
    "organization": "org_id is the key",
    "user_workflow_run": "partitioned by run_id, which is 50 random bits that nobody else is told",
    "user_workflow_run_step": "as its run",
    "user_workflow_event": "as its run",
    "user_workflow_run_queue": "as its run",
    "user_workflow_signal": "as its run",
    "user_workflow_run_context": "as its run",
    "tenant_login": "logins belong to the cluster; no tenant may read or write it",
}
"""Tables whose primary key does not begin with org_id, and why that tells nobody anything."""

FOREIGN_KEYS = """
select k.conrelid::regclass::text, k.conname,
       array_position(k.conkey, mine.attnum), array_position(k.confkey, theirs.attnum)
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_attribute mine on mine.attrelid = k.conrelid and mine.attname = 'org_id'
  join pg_attribute theirs on theirs.attrelid = k.confrelid and theirs.attname = 'org_id'
 where k.contype = 'f' and c.relnamespace = 'mainstem'::regnamespace and k.conparentid = 0
"""

MINE_TO_THEIRS = {
    "a run of another's workflow": (
        ("insert into mainstem.user_workflow_run (run_id, org_id, workflow_id, channel, driver)"
        " values (mainstem.new_run_id(), %(mine)s, %(target)s, 'web', 'caller')"), "workflow"),
    "a run by another's user": (
        ("insert into mainstem.user_workflow_run (run_id, org_id, workflow_id, channel, driver, created_by)"
        " values (mainstem.new_run_id(), %(mine)s, %(workflow)s, 'web', 'caller', %(target)s)"), "user"),
    "a node of another's workflow": (
        "insert into mainstem.user_workflow_node (org_id, workflow_id, label) values (%(mine)s, %(target)s, 'x')", "workflow"),
    "an activation of another's config": (
        ("insert into mainstem.user_workflow_config_activation (org_id, config_id, config_type)"
        " values (%(mine)s, %(target)s, 'workflow')"), "config"),
    "an edge to another's node": (
        ("insert into mainstem.user_workflow_transition (org_id, workflow_id, from_node, to_node, action_label)"
        " values (%(mine)s, %(workflow)s, %(node)s, %(target)s, 'x')"), "node"),
}  # fmt: skip
"""A row of mine that would refer to another tenant's, and to what of theirs."""


@pytest.fixture(scope="module")
def neighbours(server_url: str) -> Iterator[Neighbours]:
    with two_tenants(server_url) as made:
        yield made


def test_every_unique_key_begins_with_the_tenant(neighbours: Neighbours) -> None:
    others = {
        table.removeprefix("mainstem.")
        for _key, table, first in neighbours.superuser.execute(UNIQUE)
        if first != "org_id" or table == "mainstem.organization"
    }
    assert others == set(NOT_BY_TENANT)


def test_a_table_that_is_not_keyed_by_tenant_has_no_other_unique_key(neighbours: Neighbours) -> None:
    keys: dict[str, int] = {}
    for _key, table, _first in neighbours.superuser.execute(UNIQUE):
        keys[table.removeprefix("mainstem.")] = keys.get(table.removeprefix("mainstem."), 0) + 1
    assert {table: keys[table] for table in NOT_BY_TENANT} == dict.fromkeys(NOT_BY_TENANT, 1)


def test_every_foreign_key_between_tenants_tables_carries_the_tenant_on_both_sides(
    neighbours: Neighbours,
) -> None:
    found = neighbours.superuser.execute(FOREIGN_KEYS).fetchall()
    assert len(found) > 20
    assert [key for *key, mine, theirs in found if mine is None or mine != theirs] == []


@pytest.mark.parametrize("link", MINE_TO_THEIRS)
def test_another_tenants_row_is_as_unknown_as_one_that_does_not_exist(
    neighbours: Neighbours, link: str
) -> None:
    statement, target = MINE_TO_THEIRS[link]
    told = [refusal(neighbours, statement, there) for there in (neighbours.theirs[target], uuid4())]
    assert told[0] == told[1]
    assert told[0][0] == "23503"


def refusal(neighbours: Neighbours, statement: str, target: Any) -> tuple[str | None, str]:
    parameters = neighbours.mine | {"mine": neighbours.mine["org"], "target": target}
    with neighbours.as_role("mainstem_app", str(neighbours.mine["org"])) as conn:
        with pytest.raises(psycopg.Error) as refused:
            conn.execute(statement, parameters)
        return refused.value.sqlstate, str(refused.value).replace(str(target), "…")


def test_a_name_of_anothers_is_free_for_me(neighbours: Neighbours) -> None:
    their = neighbours.theirs["org"]
    neighbours.superuser.execute(
        "insert into mainstem.user_workflow (org_id, name) values (%s, 'secret project')", [their]
    )
    neighbours.superuser.execute(
        "insert into mainstem.app_user (org_id, email) values (%s, 'ben@example.test')", [their]
    )
    with neighbours.as_role("mainstem_app", str(neighbours.mine["org"])) as conn:
        conn.execute(
            "insert into mainstem.user_workflow (org_id, name) values (mainstem.current_org(), 'secret project')"
        )
        conn.execute(
            "insert into mainstem.app_user (org_id, email) values (mainstem.current_org(), 'Ben@example.test')"
        )


def test_validating_a_foreign_key_as_the_owner_finds_an_orphan(neighbours: Neighbours) -> None:
    """A forced owner without a policy of its own would see no rows, and find nothing."""
    run, org = neighbours.mine["engine_run"], neighbours.mine["org"]
    with neighbours.as_role("mainstem_owner", None) as conn, conn.transaction(force_rollback=True):
        [(leaf,)] = conn.execute(
            "select suffix from mainstem.user_workflow_leaf where lower <= now() and now() < upper"
        ).fetchall()
        conn.execute(f"alter table mainstem.user_workflow_run_step_{leaf} add constraint kept foreign key (run_id)"
                     f" references mainstem.user_workflow_run_{leaf} not valid")  # fmt: skip
        conn.execute(f"alter table mainstem.user_workflow_run_step_{leaf} validate constraint kept")
        conn.execute(f"alter table mainstem.user_workflow_run_step_{leaf} drop constraint kept")
        conn.execute("insert into mainstem.user_workflow_run_step (step_id, run_id, org_id, step_number, node_key)"
                     " select mainstem.step_id(id, 1), id, %s, 1, 'x' from (select mainstem.new_run_id() as id) r", [org])  # fmt: skip
        conn.execute(f"alter table mainstem.user_workflow_run_step_{leaf} add constraint kept foreign key (run_id)"
                     f" references mainstem.user_workflow_run_{leaf} not valid")  # fmt: skip
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            conn.execute(f"alter table mainstem.user_workflow_run_step_{leaf} validate constraint kept")
        assert run is not None

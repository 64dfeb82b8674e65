"""Configs: versions, what is active, the trail of activations, and what applies to a run."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from callers import Caller
from psycopg.types.json import Jsonb

pytest_plugins = ["shared_ledger"]


class Scopes:
    """A tenant's configs, entered by kind."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def enter(self, kind: str, data: dict[str, Any], *, channel: str | None = None, **more: Any) -> UUID:
        tenant = self.caller.tenant
        columns = {
            "org_id": tenant.org_id, "config_type": kind, "channel": channel, "config_data": Jsonb(data),
            "workflow_id": tenant.workflow_id if kind.startswith("workflow") else None, **more,
        }  # fmt: skip
        config_id: UUID = self.caller.value(
            f"insert into mainstem.user_workflow_config ({', '.join(columns)})"
            f" values ({', '.join(['%s'] * len(columns))}) returning config_id",
            *columns.values(),
        )
        return config_id

    def activate(self, kind: str, data: dict[str, Any], **more: Any) -> UUID:
        config_id = self.enter(kind, data, **more)
        self.caller.call("activate_workflow_config", config_id, None)
        return config_id

    def active(self) -> list[UUID]:
        return [
            row["config_id"]
            for row in self.caller.rows("select config_id from mainstem.user_workflow_config where is_active")
        ]

    def resolved(self, channel: str = "web") -> Any:
        return self.caller.call("resolve_workflow_config", self.caller.tenant.workflow_id, channel)

    def of_type(self, kind: str) -> Any:
        tenant = self.caller.tenant
        return self.caller.call("get_active_workflow_config", tenant.org_id, tenant.workflow_id, kind)


@pytest.fixture
def scopes(caller: Caller) -> Scopes:
    return Scopes(caller)


def test_activating_a_version_takes_the_place_of_the_one_before_and_leaves_a_trail(scopes: Scopes) -> None:
    caller = scopes.caller
    first = scopes.enter("workflow", {"limit": 1}, version=1)
    second = scopes.enter("workflow", {"limit": 2}, version=2)
    for config_id, user in ((first, None), (second, caller.tenant.user_id), (first, None), (first, None)):
        caller.call("activate_workflow_config", config_id, user)
        assert scopes.active() == [config_id]
        caller.clock.advance(seconds=1)
    trail = caller.rows("select * from mainstem.user_workflow_config_activation order by activated_at")
    assert [(row["config_id"], row["replaced_config_id"]) for row in trail] == [
        (first, None), (second, first), (first, second), (first, None),
    ]  # fmt: skip
    assert [row["activated_by"] for row in trail] == [None, caller.tenant.user_id, None, None]
    assert {(row["config_type"], row["workflow_id"], row["channel"]) for row in trail} == {
        ("workflow", caller.tenant.workflow_id, None)
    }


def test_an_activation_leaves_the_configs_of_other_scopes_active(scopes: Scopes) -> None:
    kept = {
        scopes.activate("global", {}),
        scopes.activate("channel", {}, channel="web"),
        scopes.activate("channel", {}, channel="voice"),
        scopes.activate("workflow_channel", {}, channel="web"),
        scopes.activate("workflow_channel", {}, channel="voice"),
    }
    kept.add(scopes.activate("workflow", {}))
    assert set(scopes.active()) == kept


def test_the_table_holds_one_active_config_for_each_scope_and_each_version_once(scopes: Scopes) -> None:
    for kind, channel in (
        ("global", None),
        ("channel", "web"),
        ("workflow", None),
        ("workflow_channel", "web"),
    ):
        scopes.activate(kind, {}, channel=channel)
        with pytest.raises(psycopg.errors.UniqueViolation, match="one_active_config_for_each_scope"):
            scopes.enter(kind, {}, channel=channel, version=2, is_active=True)
        with pytest.raises(psycopg.errors.UniqueViolation, match="a_config_s_version_is_its_own"):
            scopes.enter(kind, {}, channel=channel, version=1)


def test_a_config_or_a_user_of_nobody_or_of_another_tenant_is_not_found(
    scopes: Scopes, stranger: Caller
) -> None:
    foreign = Scopes(stranger).enter("global", {})
    caller = scopes.caller
    for config_id in (uuid4(), foreign, None):
        assert caller.refusal("activate_workflow_config", config_id, None) == "MS001"
    own = scopes.enter("global", {})
    for user in (uuid4(), stranger.tenant.user_id):
        assert caller.refusal("activate_workflow_config", own, user) == "MS001"
    assert scopes.active() == []


def test_the_active_config_is_found_by_its_type(scopes: Scopes) -> None:
    kinds: dict[str, str | None] = {
        "global": None,
        "channel": "web",
        "workflow": None,
        "workflow_channel": "voice",
    }
    assert [scopes.of_type(kind) for kind in kinds] == [None] * 4
    for kind, channel in kinds.items():
        scopes.enter(kind, {"of": "one that is not active"}, channel=channel, version=9)
        scopes.activate(kind, {"of": kind}, channel=channel)
    assert [scopes.of_type(kind) for kind in kinds] == [{"of": kind} for kind in kinds]


def test_of_several_channels_the_one_with_the_highest_priority_is_the_active_config(scopes: Scopes) -> None:
    scopes.activate("channel", {"of": "efax"}, channel="efax", priority=1)
    scopes.activate("channel", {"of": "voice"}, channel="voice", priority=7)
    scopes.activate("channel", {"of": "web"}, channel="web", priority=7)
    assert scopes.of_type("channel") == {"of": "voice"}


def test_nobody_reads_the_config_of_another_tenant(scopes: Scopes, stranger: Caller) -> None:
    foreign = Scopes(stranger)
    foreign.activate("global", {"secret": 1})
    foreign.activate("workflow", {"secret": 2})
    caller = scopes.caller
    for kind in ("global", "workflow"):
        assert foreign.of_type(kind) is not None
        assert (
            caller.call(
                "get_active_workflow_config", stranger.tenant.org_id, stranger.tenant.workflow_id, kind
            )
            is None
        )
    assert caller.call("resolve_workflow_config", stranger.tenant.workflow_id, "web") == {}


def test_the_nearer_scope_is_merged_over_the_farther_key_by_key(scopes: Scopes) -> None:
    assert scopes.resolved() == {}
    scopes.activate(
        "global", {"from": "global", "limits": {"pages": 10, "cost": 5}, "tags": ["a", "b"], "old": 1}
    )
    scopes.activate(
        "channel", {"from": "channel", "limits": {"cost": 6}, "channel": {"web": True}}, channel="web"
    )
    scopes.activate("channel", {"from": "another channel"}, channel="voice")
    scopes.activate("workflow", {"from": "workflow", "limits": {"cost": 7, "deep": {"x": 1}}, "tags": ["c"]})
    scopes.activate(
        "workflow_channel", {"from": "both", "limits": {"deep": {"y": 2}}, "old": None}, channel="web"
    )
    assert scopes.resolved() == {
        "from": "both",
        "limits": {"pages": 10, "cost": 7, "deep": {"x": 1, "y": 2}},
        "tags": ["c"],
        "channel": {"web": True},
        "old": None,
    }
    assert scopes.resolved("efax")["from"] == "workflow"
    assert scopes.resolved("voice")["limits"] == {"pages": 10, "cost": 7, "deep": {"x": 1}}


def test_a_config_that_is_not_enabled_applies_to_nothing(scopes: Scopes) -> None:
    scopes.activate("global", {"from": "global"})
    scopes.activate("workflow", {"from": "workflow"}, is_enabled=False)
    assert scopes.resolved() == {"from": "global"}
    assert scopes.of_type("workflow") is None
    assert len(scopes.active()) == 2


async def test_a_run_keeps_the_config_that_applied_when_it_began(scopes: Scopes) -> None:
    caller = scopes.caller
    scopes.activate("global", {"limit": 1, "kept": True})
    first = caller.start_run()
    async with caller.client() as ms:
        engine = await ms.start("intake")
    scopes.activate("workflow", {"limit": 2})
    second = caller.start_run()
    given = caller.call(
        "start_workflow_execution", caller.tenant.workflow_id, "web", None, '{"own": 1}', None
    )
    kept = {run_id: caller.run(run_id)["config_snapshot"] for run_id in (first, engine.run_id, second, given)}
    assert kept == {
        first: {"limit": 1, "kept": True},
        engine.run_id: {"limit": 1, "kept": True},
        second: {"limit": 2, "kept": True},
        given: {"own": 1},
    }

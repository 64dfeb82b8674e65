"""Configs: what applies to the runs of an organization, a channel, a workflow, or a workflow in a channel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from mainstem.errors import BadArgument, NotFound, PreconditionFailed, StateRefused
from mainstem.ledger.call import Call, Row
from mainstem.ledger.cursors import closed, opened
from mainstem.model import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One version of a config. Its scope is what it names: workflow, channel, both or neither (global)."""

    config_id: UUID
    config_type: str
    workflow_id: UUID | None
    workflow: str | None
    channel: str | None
    name: str
    version: int
    config_data: Mapping[str, Json]
    is_active: bool
    is_enabled: bool
    priority: int
    webhook_url: str | None
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    activated_at: datetime | None
    """The last activation."""
    activated_by: UUID | None


@dataclass(frozen=True, slots=True)
class Configs:
    """A page, what changed last first."""

    configs: list[Config]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """A line of the trail."""

    activation_id: UUID
    config_id: UUID
    version: int
    name: str
    replaced_config_id: UUID | None
    activated_at: datetime
    activated_by: UUID | None


@dataclass(frozen=True, slots=True)
class Trail:
    """A page of the activations of a config's scope, latest first."""

    activations: list[Activation]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConfig:
    """A config to be: the next version of its scope and name."""

    workflow_id: UUID | None = None
    channel: str | None = None
    name: str = "default"
    config_data: Mapping[str, Json]
    is_enabled: bool = True
    priority: int = 1
    webhook_url: str | None = None

    @property
    def config_type(self) -> str:
        scopes = [
            word for word, it in (("workflow", self.workflow_id), ("channel", self.channel)) if it is not None
        ]
        return "_".join(scopes) or "global"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFilter:
    """Which configs a list shows; None asks nothing."""

    workflow_id: UUID | None = None
    channel: str | None = None
    config_type: str | None = None
    active: bool | None = None

    @property
    def mark(self) -> tuple[Any, ...]:
        return ("configs", self.workflow_id, self.channel, self.config_type, self.active)


_COLUMNS: LiteralString = (
    "c.config_id, c.config_type, c.workflow_id, w.name as workflow, c.channel, c.name, c.version, c.config_data,"
    " c.is_active, c.is_enabled, c.priority, c.webhook_url, c.created_at, c.created_by, c.updated_at,"
    " a.activated_at, a.activated_by"
)
_BESIDE: LiteralString = (
    " left join mainstem.user_workflow w on w.org_id = c.org_id and w.workflow_id = c.workflow_id"
    " left join lateral (select t.activated_at, t.activated_by from mainstem.user_workflow_config_activation t"
    " where t.org_id = c.org_id and t.config_id = c.config_id order by t.activated_at desc limit 1) a on true"
)


def list_configs(which: ConfigFilter, *, limit: int = 50, after: str | None = None) -> Call[Configs]:
    """A page of configs, what changed last first. Raises BadArgument for a strange cursor."""
    updated_at, config_id = opened(which.mark, after, parts=2)
    asked = {
        "workflow_id": which.workflow_id, "channel": which.channel, "config_type": which.config_type,
        "active": which.active, "updated_at": updated_at, "config_id": config_id, "limit": limit + 1,
    }  # fmt: skip

    def page(rows: list[Row]) -> Configs:
        found = [Config(**row) for row in rows[:limit]]
        more = len(rows) > limit
        return Configs(found, closed(which.mark, found[-1].updated_at, found[-1].config_id) if more else None)

    return Call(
        f"select {_COLUMNS} from mainstem.user_workflow_config c {_BESIDE}"
        " where (%(workflow_id)s::uuid is null or c.workflow_id = %(workflow_id)s)"
        " and (%(channel)s::text is null or c.channel = %(channel)s)"
        " and (%(config_type)s::text is null or c.config_type = %(config_type)s)"
        " and (%(active)s::boolean is null or c.is_active = %(active)s)"
        " and (%(config_id)s::uuid is null or (c.updated_at, c.config_id) < (%(updated_at)s::timestamptz, %(config_id)s::uuid))"
        " order by c.updated_at desc, c.config_id desc limit %(limit)s",
        asked,
        page,
    )


def read_config(config_id: UUID) -> Call[Config]:
    """One config. Raises NotFound."""
    return Call(
        f"select {_COLUMNS} from mainstem.user_workflow_config c {_BESIDE} where c.config_id = %s",
        [config_id],
        lambda rows: Config(**_one(rows, config_id)),
    )


def create_config(new: NewConfig, *, created_by: UUID | None = None) -> Call[UUID]:
    """The next version of its scope and name, not active yet; its id.

    Raises NotFound for a workflow or a channel that the tenant has not, StateRefused when somebody made one at the same moment.
    """
    asked = {
        "config_type": new.config_type, "workflow_id": new.workflow_id, "channel": new.channel, "name": new.name,
        "config_data": json.dumps(new.config_data), "is_enabled": new.is_enabled, "priority": new.priority,
        "webhook_url": new.webhook_url, "created_by": created_by,
    }  # fmt: skip
    return Call(_CREATE, asked, lambda rows: _made(rows[0], new))


_CREATE: LiteralString = """
with scope as (
  select %(workflow_id)s::uuid is null or exists (
           select from mainstem.user_workflow w where w.workflow_id = %(workflow_id)s::uuid) as has_workflow,
         %(channel)s::text is null or exists (
           select from mainstem.user_workflow_channel h where h.channel = %(channel)s::text) as has_channel
), made as (
  insert into mainstem.user_workflow_config
    (org_id, config_type, workflow_id, channel, name, version, config_data, is_enabled, priority, webhook_url, created_by)
  select mainstem.current_org(), %(config_type)s::text, %(workflow_id)s::uuid, %(channel)s::text, %(name)s::text,
         (select coalesce(max(c.version), 0) + 1 from mainstem.user_workflow_config c
           where c.config_type = %(config_type)s::text and c.workflow_id is not distinct from %(workflow_id)s::uuid
             and c.channel is not distinct from %(channel)s::text and c.name = %(name)s::text),
         %(config_data)s::jsonb, %(is_enabled)s::boolean, %(priority)s::integer, %(webhook_url)s::text, %(created_by)s::uuid
    from scope where has_workflow and has_channel
  on conflict do nothing
  returning config_id
)
select scope.has_workflow, scope.has_channel, made.config_id from scope left join made on true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigChange:
    """What a config is to be. config_data of one that was active once is as it was: it says what applied."""

    config_data: Mapping[str, Json]
    is_enabled: bool = True
    priority: int = 1
    webhook_url: str | None = None


def update_config(config_id: UUID, change: ConfigChange, *, unchanged_since: datetime) -> Call[None]:
    """Change a config that nobody has changed since. Raises NotFound, PreconditionFailed, StateRefused."""
    asked = {
        "config_id": config_id, "since": unchanged_since, "config_data": json.dumps(change.config_data),
        "is_enabled": change.is_enabled, "priority": change.priority, "webhook_url": change.webhook_url,
    }  # fmt: skip
    return Call(_UPDATE, asked, lambda rows: _changed(_one(rows, config_id)))


_UPDATE: LiteralString = """
with found as (
  select c.config_id, c.config_data is distinct from %(config_data)s::jsonb and (c.is_active or exists (
           select from mainstem.user_workflow_config_activation a where a.config_id = c.config_id)) as is_history
    from mainstem.user_workflow_config c where c.config_id = %(config_id)s
), changed as (
  update mainstem.user_workflow_config c
     set config_data = %(config_data)s::jsonb, is_enabled = %(is_enabled)s, priority = %(priority)s,
         webhook_url = %(webhook_url)s, updated_at = mainstem.clock()
    from found where c.config_id = found.config_id and not found.is_history and c.updated_at = %(since)s
  returning c.config_id
)
select found.is_history, changed.config_id is not null as is_changed from found left join changed on true
"""


def activate_config(config_id: UUID, *, activated_by: UUID | None = None) -> Call[UUID]:
    """Make it the active one of its scope; the activation's id. Raises NotFound."""
    return Call(
        "select mainstem.activate_workflow_config(%s, %s) as activation_id",
        [config_id, activated_by],
        lambda rows: rows[0]["activation_id"],
    )


def trail_of(config_id: UUID, *, limit: int = 200, after: str | None = None) -> Call[Trail]:
    """What was active in the scope of this config, when, and by whom. Raises NotFound, BadArgument for a strange cursor."""
    of = ("activations", str(config_id))
    at, activation_id = opened(of, after, parts=2)

    def read(rows: list[Row]) -> Trail:
        _one(rows, config_id)
        found = [Activation(**row) for row in rows if row["activation_id"] is not None]
        if len(found) <= limit:
            return Trail(found, None)
        last = found[limit - 1]
        return Trail(found[:limit], closed(of, last.activated_at, last.activation_id))

    return Call(
        "select a.activation_id, a.config_id, of.version, of.name, a.replaced_config_id, a.activated_at, a.activated_by"
        " from mainstem.user_workflow_config c"
        " left join (mainstem.user_workflow_config_activation a"
        " join mainstem.user_workflow_config of on of.org_id = a.org_id and of.config_id = a.config_id)"
        " on a.org_id = c.org_id and a.config_type = c.config_type and a.workflow_id is not distinct from c.workflow_id"
        " and a.channel is not distinct from c.channel"
        " and (%(at)s::timestamptz is null"
        " or (a.activated_at, a.activation_id) < (%(at)s::timestamptz, %(activation_id)s::uuid))"
        " where c.config_id = %(config_id)s order by a.activated_at desc, a.activation_id desc limit %(limit)s",
        {"config_id": config_id, "at": at, "activation_id": activation_id, "limit": limit + 1},
        read,
    )


def _one(rows: list[Row], config_id: UUID) -> Row:
    if not rows:
        raise NotFound(
            f"no config {config_id} in this tenant",
            hint="look at the id, then at the tenant: `mainstem configs list`",
        )
    return rows[0]


def _made(row: Row, new: NewConfig) -> UUID:
    if not row["has_workflow"]:
        raise NotFound(
            f"no workflow {new.workflow_id} in this tenant",
            hint="look at the id, then at the tenant: `mainstem configs list`",
        )
    if not row["has_channel"]:
        raise BadArgument(f"no channel {new.channel!r} in this tenant", hint="list the channels")
    if row["config_id"] is None:
        raise StateRefused("somebody made a version of this config at the same moment", hint="send it again")
    found: UUID = row["config_id"]
    return found


def _changed(row: Row) -> None:
    if row["is_history"]:
        raise StateRefused(
            "this version was active once, and its data says what applied then",
            hint="create the next version, and activate that",
        )
    if not row["is_changed"]:
        raise PreconditionFailed(
            "the config was changed since it was read", hint="read it again, and change that"
        )

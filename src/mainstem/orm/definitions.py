"""Definitions: organizations and their people, workflows and their graphs, configs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mainstem.orm.declared import (
    CONFIG_TYPE,
    WORKFLOW_CHANNEL,
    Json,
    JsonObject,
    Ledger,
    Moment,
    NewId,
    OrgKey,
    RoleName,
)

ORGANIZATION = "mainstem.organization.org_id"
USER = ["mainstem.app_user.org_id", "mainstem.app_user.user_id"]
WORKFLOW = ["mainstem.user_workflow.org_id", "mainstem.user_workflow.workflow_id"]
NODE = ["mainstem.user_workflow_node.org_id", "mainstem.user_workflow_node.node_id"]


class Organization(Ledger):
    """A tenant."""

    __tablename__ = "organization"
    __table_args__ = (CheckConstraint("retention_days >= 1", name="retention_is_at_least_a_day"),)

    org_id: Mapped[NewId]
    name: Mapped[str]
    retention_days: Mapped[int | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class User(Ledger):
    """A person or a service that starts runs and activates configs."""

    __tablename__ = "app_user"

    org_id: Mapped[OrgKey] = mapped_column(ForeignKey(ORGANIZATION))
    user_id: Mapped[NewId]
    email: Mapped[str | None]
    display_name: Mapped[str | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


Index("one_user_for_an_email", User.org_id, func.lower(User.email), unique=True)


class ApiKey(Ledger):
    """An API key: its prefix and its hash, never the key."""

    __tablename__ = "user_api_key"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "user_id"], USER),
        CheckConstraint("role in ('viewer', 'operator', 'admin')", name="key_role_is_known"),
        Index("one_key_for_a_hash", "org_id", "key_hash", unique=True),
        Index("user_api_key_by_hash", "key_hash"),
    )

    org_id: Mapped[OrgKey] = mapped_column(ForeignKey(ORGANIZATION))
    key_id: Mapped[NewId]
    user_id: Mapped[UUID | None]
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[bytes]
    role: Mapped[str] = mapped_column(server_default=text("'viewer'"))
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Channel(Ledger):
    """A way in which an organization's runs come in."""

    __tablename__ = "user_workflow_channel"

    org_id: Mapped[OrgKey] = mapped_column(ForeignKey(ORGANIZATION))
    channel: Mapped[str] = mapped_column(WORKFLOW_CHANNEL, primary_key=True)
    description: Mapped[str | None]
    created_at: Mapped[Moment]


class TenantLogin(Ledger):
    """A database login that is held to one tenant."""

    __tablename__ = "tenant_login"

    login: Mapped[str] = mapped_column(RoleName(), primary_key=True)
    org_id: Mapped[UUID] = mapped_column(ForeignKey(ORGANIZATION))
    created_at: Mapped[Moment]


class Workflow(Ledger):
    """A workflow's definition: a graph, or code that a worker registers under this name."""

    __tablename__ = "user_workflow"
    __table_args__ = (
        UniqueConstraint("org_id", "name", name="a_workflow_s_name_is_its_own"),
        CheckConstraint(
            "status in ('draft', 'active', 'paused', 'archived')", name="workflow_status_is_known"
        ),
        Index("user_workflow_paused", "org_id", "workflow_id", postgresql_where=text("status = 'paused'")),
        ForeignKeyConstraint(["org_id", "created_by"], USER),
    )

    org_id: Mapped[OrgKey] = mapped_column(ForeignKey(ORGANIZATION))
    workflow_id: Mapped[NewId]
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'active'"))
    graph_config: Mapped[Json | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    draft_state: Mapped[Json | None]
    draft_updated_at: Mapped[datetime | None]
    created_at: Mapped[Moment]
    created_by: Mapped[UUID | None]
    updated_at: Mapped[Moment]
    active_version: Mapped[int | None]
    input_schema: Mapped[Json | None]
    code_version: Mapped[int | None]

    nodes: Mapped[list[Node]] = relationship(
        primaryjoin="and_(foreign(Node.org_id) == Workflow.org_id, foreign(Node.workflow_id) == Workflow.workflow_id)",
        order_by="Node.label",
        viewonly=True,
    )
    """Its runs are a query of your own: there may be millions."""


class WorkflowVersion(Ledger):
    """A published definition."""

    __tablename__ = "user_workflow_version"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "workflow_id"], WORKFLOW),
        ForeignKeyConstraint(["org_id", "published_by"], USER),
    )

    org_id: Mapped[OrgKey]
    workflow_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    graph_config: Mapped[Json | None]
    checksum: Mapped[str]
    published_at: Mapped[Moment]
    published_by: Mapped[UUID | None]
    activated_at: Mapped[datetime | None]
    activated_by: Mapped[UUID | None]
    replaced_version: Mapped[int | None]


class Node(Ledger):
    """A node of a workflow's graph."""

    __tablename__ = "user_workflow_node"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "workflow_id"], WORKFLOW),
        Index("user_workflow_node_by_workflow", "org_id", "workflow_id"),
    )

    org_id: Mapped[OrgKey]
    node_id: Mapped[NewId]
    workflow_id: Mapped[UUID]
    label: Mapped[str]
    description: Mapped[str | None]
    metadata_: Mapped[JsonObject] = mapped_column("metadata")
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class Transition(Ledger):
    """An edge of a workflow's graph."""

    __tablename__ = "user_workflow_transition"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "workflow_id"], WORKFLOW),
        ForeignKeyConstraint(["org_id", "from_node"], NODE),
        ForeignKeyConstraint(["org_id", "to_node"], NODE),
    )

    org_id: Mapped[OrgKey]
    workflow_id: Mapped[UUID] = mapped_column(primary_key=True)
    from_node: Mapped[UUID] = mapped_column(primary_key=True)
    to_node: Mapped[UUID] = mapped_column(primary_key=True)
    action_label: Mapped[str] = mapped_column(primary_key=True)
    condition: Mapped[str | None]
    freq: Mapped[int] = mapped_column(server_default=text("1"))


class Template(Ledger):
    """A graph to begin a workflow from."""

    __tablename__ = "user_workflow_template"
    __table_args__ = (
        UniqueConstraint("org_id", "name", name="a_template_s_name_is_its_own"),
        ForeignKeyConstraint(["org_id", "created_by"], USER),
    )

    org_id: Mapped[OrgKey] = mapped_column(ForeignKey(ORGANIZATION))
    template_id: Mapped[NewId]
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None]
    graph_config: Mapped[Json]
    created_at: Mapped[Moment]
    created_by: Mapped[UUID | None]
    updated_at: Mapped[Moment]


class Config(Ledger):
    """A config of an organization, a channel, a workflow, or a workflow in a channel."""

    __tablename__ = "user_workflow_config"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "workflow_id"], WORKFLOW),
        ForeignKeyConstraint(
            ["org_id", "channel"],
            ["mainstem.user_workflow_channel.org_id", "mainstem.user_workflow_channel.channel"],
        ),
        ForeignKeyConstraint(["org_id", "created_by"], USER),
        CheckConstraint("jsonb_typeof(config_data) = 'object'", name="config_data_is_an_object"),
        CheckConstraint(
            """case config_type
                 when 'global' then workflow_id is null and channel is null
                 when 'channel' then workflow_id is null and channel is not null
                 when 'workflow' then workflow_id is not null and channel is null
                 when 'workflow_channel' then workflow_id is not null and channel is not null
                 else false
               end""",
            name="a_config_names_what_its_type_scopes",
        ),
        UniqueConstraint(
            "org_id", "config_type", "workflow_id", "channel", "name", "version",
            name="a_config_s_version_is_its_own",
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "one_active_config_for_each_scope",
            "org_id", "config_type", "workflow_id", "channel",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("is_active"),
        ),
    )  # fmt: skip

    org_id: Mapped[OrgKey] = mapped_column(ForeignKey(ORGANIZATION))
    config_id: Mapped[NewId]
    config_type: Mapped[str] = mapped_column(CONFIG_TYPE)
    workflow_id: Mapped[UUID | None]
    channel: Mapped[str | None] = mapped_column(WORKFLOW_CHANNEL)
    name: Mapped[str] = mapped_column(String(255), server_default=text("'default'"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    config_data: Mapped[dict[str, Any]]
    is_active: Mapped[bool] = mapped_column(server_default=text("false"))
    is_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    priority: Mapped[int] = mapped_column(server_default=text("1"))
    webhook_url: Mapped[str | None]
    created_at: Mapped[Moment]
    created_by: Mapped[UUID | None]
    updated_at: Mapped[Moment]


class ConfigActivation(Ledger):
    """The trail: which config began to apply to which entity, when, by whom, in place of which."""

    __tablename__ = "user_workflow_config_activation"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "config_id"],
            ["mainstem.user_workflow_config.org_id", "mainstem.user_workflow_config.config_id"],
        ),
        ForeignKeyConstraint(["org_id", "activated_by"], USER),
        Index("user_workflow_config_activation_by_config", "org_id", "config_id", text("activated_at desc")),
    )

    org_id: Mapped[OrgKey]
    activation_id: Mapped[NewId]
    config_id: Mapped[UUID]
    config_type: Mapped[str] = mapped_column(CONFIG_TYPE)
    workflow_id: Mapped[UUID | None]
    channel: Mapped[str | None] = mapped_column(WORKFLOW_CHANNEL)
    replaced_config_id: Mapped[UUID | None]
    activated_at: Mapped[Moment]
    activated_by: Mapped[UUID | None]

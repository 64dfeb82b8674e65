"""Configs: what a request brings, and examples."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from mainstem.model import Json

CONFIG = {
    "config_id": "5a3c9f6e-1111-4a1f-9c3a-2f0f5a8f1b11",
    "config_type": "workflow_channel",
    "workflow_id": "3f6f0c0e-7d9e-4a1f-9c3a-2f0f5a8f1b11",
    "workflow": "claim-intake",
    "channel": "voice",
    "name": "default",
    "version": 2,
    "config_data": {"language": "en", "limit": 3},
    "is_active": True,
    "is_enabled": True,
    "priority": 1,
    "webhook_url": None,
    "created_at": "2026-03-01T10:12:00Z",
    "created_by": None,
    "updated_at": "2026-03-01T10:13:00Z",
    "activated_at": "2026-03-01T10:13:00Z",
    "activated_by": None,
}
CONFIGS = {"configs": [CONFIG], "next": None}
ACTIVATION = {
    "activation_id": "7b1d9f6e-2222-4a1f-9c3a-2f0f5a8f1b11",
    "config_id": CONFIG["config_id"],
    "version": 2,
    "name": "default",
    "replaced_config_id": None,
    "activated_at": "2026-03-01T10:13:00Z",
    "activated_by": None,
}
TRAIL = {"activations": [ACTIVATION], "next": None}

Priority = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]


class ChangedConfig(BaseModel):
    """What a config is to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"config_data": {"limit": 3}}]})

    config_data: dict[str, Json] = Field(
        description="Merged key by key over the scopes above.", examples=[{"limit": 3}]
    )
    is_enabled: bool = Field(True, description="An active config that is not enabled applies to nothing.")
    priority: Priority = 1
    webhook_url: str | None = None


class CreatedConfig(ChangedConfig):
    """The next version of its scope and name. The scope is what is named: workflow, channel, both or neither."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "web", "config_data": {"limit": 3}}]}
    )

    workflow_id: UUID | None = Field(None, examples=[None])
    channel: str | None = Field(None, examples=["web"], max_length=63)
    name: str = Field("default", min_length=1, max_length=255)


class Activated(BaseModel):
    """What an activation was entered as."""

    activation_id: UUID
    config_id: UUID

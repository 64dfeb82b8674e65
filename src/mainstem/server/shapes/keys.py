"""Shapes of keys."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from mainstem.ledger.keys import LONGEST

Role = Literal["viewer", "operator", "admin"]


class NewKey(BaseModel):
    """A key that is asked for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "nightly import", "role": "operator", "days": 90}]},
    )

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")
    role: Role = "viewer"
    days: int | None = Field(
        None, ge=1, le=LONGEST, description="How long it is good for; without end when null."
    )
    user_id: UUID | None = Field(None, description="The user that it acts for.")


class KeyShown(BaseModel):
    """A key as it is listed: what it is recognised by, never the key."""

    model_config = ConfigDict(from_attributes=True)

    key_id: UUID
    name: str
    prefix: str = Field(examples=["ms_Ab3dEf9h"])
    role: Role
    user_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None


class KeyMade(KeyShown):
    """A new key, whole: this once."""

    key: str = Field(description="Keep it now: nobody can show it again.")


class KeysShown(BaseModel):
    """A page of keys."""

    keys: list[KeyShown]
    next: str | None = Field(description="page_token of the next page.")


class Me(BaseModel):
    """Who is asking."""

    org_id: UUID
    role: Role
    name: str = Field(description="The key's prefix; `anyone` where no key is asked for.")
    key_id: UUID | None
    user_id: UUID | None

"""Settings: what the environment says, read once at the door and handed on as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import UUID

from mainstem.errors import BadArgument


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the ledger is, and whose. Whatever is None has its default: the embedded server, the only organization."""

    url: str | None = None
    """MAINSTEM_URL: any PostgreSQL 15 to 18."""
    org_id: UUID | None = None
    """MAINSTEM_ORG: the tenant."""
    data: Path | None = None
    """MAINSTEM_DATA: the embedded server's directory."""
    source_url: str | None = None
    """MAINSTEM_SOURCE_URL: the PostgreSQL that old tables are consolidated from, where it is another."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """An empty variable counts as one that is not there. Raises BadArgument for an organization that is no uuid."""
        given = {name: value for name, value in environment.items() if value}
        data = given.get("MAINSTEM_DATA")
        return cls(
            url=given.get("MAINSTEM_URL"),
            org_id=_org_id(given.get("MAINSTEM_ORG")),
            data=None if data is None else Path(data),
            source_url=given.get("MAINSTEM_SOURCE_URL"),
        )


def _org_id(text: str | None) -> UUID | None:
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError as refusal:
        raise BadArgument(
            f"MAINSTEM_ORG is {text!r}, which is no uuid",
            hint="set it to an org_id of mainstem.organization, or unset it where there is one tenant",
        ) from refusal

"""Callers: whose request it is, what that allows, and the seam for other ways to tell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol
from uuid import UUID

from starlette.requests import HTTPConnection

from mainstem.ledger.audit import Audit


class Access(IntEnum):
    """What a caller may do; each includes the ones before."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def role(self) -> str:
        """As keys have it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is. key_id None: nobody asked for a key."""

    org_id: UUID
    access: Access
    key_id: UUID | None = None
    user_id: UUID | None = None
    name: str = "anyone"
    """As logs and the audit trail have it: a key's prefix, or what an authenticator says."""
    request_id: str | None = None

    def did(self, action: str, target: object, **details: Any) -> Audit:
        """For `Database.perform(…, audit=…)`: this caller's change."""
        return Audit(
            actor=self.name,
            action=action,
            target=str(target),
            details=details,
            key_id=self.key_id,
            user_id=self.user_id,
            request_id=self.request_id,
        )


class Authenticator(Protocol):
    """Another way to tell who calls: OIDC, a proxy's header, a session of the application that mounts us.

    Asked in the order of `ServerConfig.authenticators`, before API keys, for requests and for sockets.
    """

    async def __call__(self, connection: HTTPConnection) -> Caller | None:
        """None: this connection brings no credential of this kind. Raises NotAuthenticated for one that is no good."""

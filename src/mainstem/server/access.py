"""Access: who calls, for which tenant, and what that allows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from mainstem.errors import NotAllowed, NotAuthenticated
from mainstem.server.config import ServerConfig


class Access(IntEnum):
    """What a caller may do; each includes the ones before."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is. key_id None: nobody asked for a key."""

    org_id: UUID
    access: Access
    key_id: UUID | None = None
    user_id: UUID | None = None


async def caller_of(request: Request) -> Caller:
    """Raises NotAuthenticated."""
    config: ServerConfig = request.app.state.config
    if config.open_to_all:
        return Caller(config.org_id, Access.ADMIN)
    raise NotAuthenticated("a key is needed", hint="send `Authorization: Bearer ms_…`")


def requires(least: Access) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, who may do at least this. Raises NotAuthenticated, NotAllowed."""

    async def allowed(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        if caller.access < least:
            raise NotAllowed(
                f"this takes the role {least.name.lower()}; the key has {caller.access.name.lower()}",
                hint="use a key with a higher role",
            )
        return caller

    return allowed


Viewer = Annotated[Caller, Depends(requires(Access.VIEWER))]
Operator = Annotated[Caller, Depends(requires(Access.OPERATOR))]
Admin = Annotated[Caller, Depends(requires(Access.ADMIN))]


def database_of(request: Request) -> Any:
    return request.app.state.database

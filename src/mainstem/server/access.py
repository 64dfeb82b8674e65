"""Access: who calls, for which tenant, and what that allows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection

from mainstem.errors import NotAllowed, NotAuthenticated
from mainstem.ledger.keys import digest_of
from mainstem.server.caller import Access, Authenticator, Caller
from mainstem.server.config import ServerConfig
from mainstem.server.statements import Stating

__all__ = [
    "Access",
    "Admin",
    "Authenticator",
    "Caller",
    "Operator",
    "Viewer",
    "caller_of",
    "database_of",
    "requires",
]

SOCKET_KEY = "mainstem.key."
"""What a browser's socket offers as a subprotocol beside `mainstem.v1`: this and the key. It sets no headers."""


async def caller_of(connection: HTTPConnection) -> Caller:
    """Of a request or a socket. Raises NotAuthenticated, in the same words whatever is wrong with a key."""
    caller = replace(await _found(connection), request_id=getattr(connection.state, "request_id", None))
    connection.state.caller = caller
    return caller


async def _found(connection: HTTPConnection) -> Caller:
    config: ServerConfig = connection.app.state.config
    for authenticator in config.authenticators:
        if caller := await authenticator(connection):
            return caller
    presented = presented_key(connection)
    if presented is None and config.open_to_all:
        return Caller(config.org_id, Access.ADMIN)
    if presented is None:
        raise NotAuthenticated("a key is needed", hint="send `Authorization: Bearer ms_…`")
    return await _holder(connection, presented)


async def _holder(connection: HTTPConnection, presented: str) -> Caller:
    digest = digest_of(presented)
    holder = None if digest is None else await database_of(connection).holder_of(digest)
    if holder is None:
        raise NotAuthenticated(
            "this key lets nobody in", hint="make another: `mainstem keys create`, or POST /api/v1/keys"
        )
    return Caller(holder.org_id, Access[holder.role.upper()], holder.key_id, holder.user_id, holder.prefix)


def presented_key(connection: HTTPConnection) -> str | None:
    """From `Authorization: Bearer`; of a socket also from its subprotocols, never from an URL."""
    scheme, _, credential = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credential.strip()
    if connection.scope["type"] != "websocket":
        return None
    offered = connection.scope.get("subprotocols", ())
    return next((one.removeprefix(SOCKET_KEY) for one in offered if one.startswith(SOCKET_KEY)), None)


def requires(least: Access) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, who may do at least this. Raises NotAuthenticated, NotAllowed."""

    async def allowed(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        if caller.access < least:
            raise NotAllowed(
                f"this takes the role {least.role}; the key has {caller.access.role}",
                hint="use a key with a higher role",
            )
        return caller

    return allowed


Viewer = Annotated[Caller, Depends(requires(Access.VIEWER))]
Operator = Annotated[Caller, Depends(requires(Access.OPERATOR))]
Admin = Annotated[Caller, Depends(requires(Access.ADMIN))]


def database_of(connection: HTTPConnection) -> Any:
    database = connection.app.state.database
    statements = connection.scope.get("state", {}).get("statements")
    return database if statements is None else Stating(database, statements)

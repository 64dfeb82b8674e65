"""Parameters of a query: one that no operation reads is refused. A misspelt filter would find everything."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from starlette.requests import HTTPConnection


async def refuse_unknown(connection: HTTPConnection) -> None:
    """Of a request or a socket. Raises RequestValidationError with the nearest that is known, or its like for a socket (1008)."""
    if not connection.query_params:
        return
    known = sorted(set(_read_by(connection.scope["route"].dependant)))
    if unknown := [name for name in connection.query_params if name not in known]:
        is_socket = connection.scope["type"] == "websocket"
        refusal = WebSocketRequestValidationError if is_socket else RequestValidationError
        raise refusal([_fault(name, known) for name in unknown])


def _read_by(dependant: Any) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for needed in dependant.dependencies:
        yield from _read_by(needed)


def _fault(name: str, known: list[str]) -> dict[str, Any]:
    near = get_close_matches(name, known, n=1)
    meant = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known) or 'none'}"
    return {
        "type": "unknown_parameter",
        "loc": ("query", name),
        "msg": f"there is no such parameter here{meant}",
    }

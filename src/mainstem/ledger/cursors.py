"""Cursors of lists: where a page ended, opaque, and only good for the list and the filter that gave it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from mainstem.errors import BadArgument

_HINT = "pass the `next` of the page before, with the same filter"


def closed(of: tuple[Any, ...], *place: Any) -> str:
    """The cursor after this place in the list `of`: its name and its filter."""
    told = json.dumps([_mark(of), *place], default=str)
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def opened(of: tuple[Any, ...], cursor: str | None, *, parts: int) -> list[str | None]:
    """The place; one None for each part without a cursor. Raises BadArgument for another list's, or another filter's."""
    if cursor is None:
        return [None] * parts
    try:
        mark, *place = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    except (ValueError, TypeError) as refusal:
        raise BadArgument(f"{cursor[:60]!r} is no cursor of a page", hint=_HINT) from refusal
    if mark != _mark(of) or len(place) != parts:
        raise BadArgument("the cursor is that of another list, or of another filter", hint=_HINT)
    return [str(part) for part in place]


def _mark(of: tuple[Any, ...]) -> str:
    return hashlib.sha256(json.dumps(of, default=str).encode()).hexdigest()[:12]

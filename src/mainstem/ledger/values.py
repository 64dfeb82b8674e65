"""JSON as jsonb holds it: what cannot be stored is refused here, with its place, before it reaches a flush.

jsonb (PostgreSQL 18, §8.14) takes no NUL and no lone surrogate in a string, no NaN and no infinity, and nests as
deep as the server's stack.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from mainstem.errors import UnstorableValue, ValueTooLarge

MAX_BYTES = 16 * 2**20
"""The longest JSON text of one value: 16 MiB."""

MAX_DEPTH = 500
"""How deep arrays and objects nest: well within what the server's stack parses."""

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def dumped(value: Any, what: str) -> bytes:
    """The JSON text of `value` in UTF-8, as jsonb can hold it. `what` names it in an error ("output of step read").

    Raises UnstorableValue, with the place as a path ($.pages[3].text), and ValueTooLarge, with both sizes.
    """
    try:
        text = _encode(value).encode()
    except (TypeError, ValueError, RecursionError) as refusal:
        raise UnstorableValue(
            f"{what} cannot be stored: {_first_fault(value, refusal)}", hint=_REMEDY
        ) from refusal
    if len(text) > MAX_BYTES:
        raise ValueTooLarge(
            f"{what} is {len(text):,} bytes of JSON, and the ledger takes {MAX_BYTES:,}",
            hint="store it elsewhere (a file, a bucket) and record where",
        )
    if (b"\\u0000" in text or text.count(b"[") + text.count(b"{") > MAX_DEPTH) and (fault := _fault(value)):
        raise UnstorableValue(f"{what} cannot be stored: {fault}", hint=_REMEDY)
    return text


def storable_text(text: str) -> str:
    """An error's message as text can hold it: NUL and lone surrogates become U+FFFD, as a message must always be kept."""
    return text.replace("\0", "\ufffd").encode(errors="surrogatepass").decode(errors="replace")


_REMEDY = "give values that JSON has: text without NUL, finite numbers, lists and objects up to 500 deep"


def _first_fault(value: Any, refusal: Exception) -> str:
    return _fault(value) or f"{type(refusal).__name__}: {refusal}"


def _fault(value: Any) -> str:
    """The first place in `value` that jsonb refuses, in words; empty when there is none."""
    for place, depth, part in _parts(value):
        if depth > MAX_DEPTH:
            return f"it is more than {MAX_DEPTH} levels deep at {place[:60]}…"
        if reason := _reason(part):
            return f"{reason} at {place}"
    return ""


def _parts(value: Any) -> Iterator[tuple[str, int, Any]]:
    """Every part of `value` with its path and depth, in order; not by recursion, as the depth may be what is wrong."""
    todo: list[tuple[str, int, Any]] = [("$", 0, value)]
    while todo:
        place, depth, part = todo.pop()
        yield place, depth, part
        if depth > MAX_DEPTH:
            return
        if isinstance(part, dict):
            todo += [
                (f"{place}.{key}", depth + 1, _KeyAndValue(key, item)) for key, item in reversed(part.items())
            ]
        elif isinstance(part, list | tuple):
            todo += [(f"{place}[{n}]", depth + 1, part[n]) for n in reversed(range(len(part)))]
        elif isinstance(part, _KeyAndValue):
            todo.append((place, depth, part.value))


class _KeyAndValue:
    def __init__(self, key: object, value: Any) -> None:
        self.key = key
        self.value = value


def _reason(part: Any) -> str:
    match part:
        case _KeyAndValue(key=str() as key):
            return _reason(key)
        case _KeyAndValue(key=bool() | int() | float() | None):
            return ""
        case _KeyAndValue(key=key):
            return f"a key of type {type(key).__name__}"
        case str():
            return _text_fault(part)
        case float() if not math.isfinite(part):
            return f"the number {part}"
        case None | bool() | int() | float() | list() | tuple() | dict():
            return ""
        case _:
            return f"a value of type {type(part).__name__}"


def _text_fault(text: str) -> str:
    if "\0" in text:
        return "a NUL character"
    surrogate = next((char for char in text if "\ud800" <= char <= "\udfff"), None)
    return f"a lone surrogate U+{ord(surrogate):04X}" if surrogate else ""

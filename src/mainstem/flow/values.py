"""Values: Python to JSON as jsonb holds it, and back to the type that the author wrote.

jsonb (PostgreSQL 18, §8.14) takes no NUL and no lone surrogate in a string, no NaN and no infinity, and nests only as
deep as the server's stack. What cannot be stored is refused here, with its place, before anything is sent.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json, to_jsonable_python

from mainstem.errors import UnstorableValue, ValueTooLarge

MAX_BYTES = 16 * 2**20
"""The longest JSON text of one value: 16 MiB."""

MAX_DEPTH = 500
"""How deep arrays and objects nest: well within what the server's stack parses."""

_REMEDY = (
    f"give values that JSON has: text without NUL, finite numbers, lists and objects up to {MAX_DEPTH} deep"
)
_JSON_TYPES = (Any, None, type(None), bool, int, float, str, list, dict, object)


def dumped(value: Any, what: str) -> bytes:
    """The JSON text of `value` in UTF-8, as jsonb can hold it. `what` names it in an error: "output of step read".

    Dataclasses, pydantic models, enums, dates, UUIDs and decimals have a JSON form; bytes have none.
    Raises UnstorableValue, with the place as a path ($.pages[3].text), and ValueTooLarge, with both sizes.
    """
    try:
        text = _encode(value).encode()
    except (TypeError, ValueError, RecursionError) as refusal:
        reason = _fault(value) or f"{type(refusal).__name__}: {refusal}"
        raise UnstorableValue(f"{what} cannot be stored: {reason}", hint=_REMEDY) from refusal
    if len(text) > MAX_BYTES:
        raise ValueTooLarge(
            f"{what} is {len(text):,} bytes of JSON, and the ledger takes {MAX_BYTES:,}",
            hint="store it elsewhere (a file, a bucket) and record where",
        )
    if _may_be_refused(text) and (fault := _fault(value)):
        raise UnstorableValue(f"{what} cannot be stored: {fault}", hint=_REMEDY)
    return text


def loaded(text: bytes) -> Any:
    """The value of a text that `dumped` made, as a replay gives it."""
    try:
        return from_json(text)
    except ValueError:  # it nests deeper than that parser goes
        return json.loads(text)


def storable_text(text: str) -> str:
    """Text as a text column can hold it: NUL and lone surrogates become U+FFFD, as an error's message is always kept."""
    joined = text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass")
    return joined.decode("utf-16", "replace")


def reader(annotation: Any) -> Callable[[Any], Any]:
    """How a JSON value becomes what the author annotated; as it is for JSON's own types and for none."""
    if annotation in _JSON_TYPES:
        return _as_it_is
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)

    def read(value: Any) -> Any:
        try:
            return adapter.validate_python(value)
        except ValidationError as refusal:
            raise UnstorableValue(
                f"a recorded value is no {annotation}: {refusal}",
                hint="has the type changed since it was recorded?",
            ) from refusal

    return read


def _as_it_is(value: Any) -> Any:
    return value


def _plain(value: Any) -> Any:
    """One level of a value that JSON does not have, in JSON's types."""
    if isinstance(value, bytes | bytearray | memoryview):
        raise TypeError("bytes have no JSON form")
    if isinstance(value, BaseModel):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return to_jsonable_python(value)


_encoded_parts: Any = json.encoder.c_make_encoder(  # type: ignore[attr-defined]  # as JSONEncoder makes it, once
    None, _plain, json.encoder.encode_basestring, None, ":", ",", False, False, False
)


def _encode(value: Any) -> str:
    return "".join(_encoded_parts(value, 0))


def _may_be_refused(text: bytes) -> bool:
    """Whether a look at each part is due; most texts are known to be fine."""
    return b"\\u0000" in text or (
        len(text) > 2 * MAX_DEPTH and text.count(b"[") + text.count(b"{") > MAX_DEPTH
    )


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
        if depth <= MAX_DEPTH:
            todo += reversed(list(_children(place, depth + 1, part)))


def _children(place: str, depth: int, part: Any) -> Iterator[tuple[str, int, Any]]:
    if isinstance(part, dict):
        for key, item in part.items():
            yield f"{place} key {key!r}", depth, key if isinstance(key, str) else _Key(key)
            yield f"{place}.{key}", depth, item
    elif isinstance(part, list | tuple):
        yield from ((f"{place}[{n}]", depth, item) for n, item in enumerate(part))
    elif not isinstance(part, _Key | str | int | float | None) and not _reason(part):
        yield place, depth, _plain(part)


@dataclasses.dataclass
class _Key:
    """A dict's key that is no string."""

    key: Any


def _reason(part: Any) -> str:
    match part:
        case str():
            return _text_fault(part)
        case _Key(key=bool() | int() | float() | None):
            return ""
        case _Key(key=key):
            return f"a key of type {type(key).__name__}"
        case float() if not math.isfinite(part):
            return f"the number {part}"
        case None | bool() | int() | float() | list() | tuple() | dict():
            return ""
    try:
        _plain(part)
    except (TypeError, ValueError):
        return f"a value of type {type(part).__name__}"
    return ""


def _text_fault(text: str) -> str:
    if "\0" in text:
        return "a NUL character"
    surrogate = next((char for char in text if "\ud800" <= char <= "\udfff"), None)
    return f"a lone surrogate U+{ord(surrogate):04X}" if surrogate else ""

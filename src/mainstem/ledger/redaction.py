"""Redaction: what must not stand in logs and in the audit trail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "[redacted]"

_SECRET_NAME = re.compile(
    r"secret|passw|token|api_?key|authorization|cookie|credential|private", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"\bms_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}\b|\bbearer\s+\S+|://[^/\s:@]+:[^@\s]+@", re.IGNORECASE
)


def without_secrets(details: Mapping[str, Any]) -> dict[str, Any]:
    """The same facts, masked where a name or a text looks like a secret: at any depth."""
    return {name: MASK if _SECRET_NAME.search(name) else _masked(value) for name, value in details.items()}


def masked(text: str) -> str:
    """A text without the keys and passwords in it."""
    return _SECRET_TEXT.sub(MASK, text)


def _masked(value: Any) -> Any:
    match value:
        case str():
            return masked(value)
        case Mapping():
            return without_secrets({str(name): inner for name, inner in value.items()})
        case list() | tuple():
            return [_masked(inner) for inner in value]
        case _:
            return value

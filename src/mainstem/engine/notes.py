"""Notes: a step's metadata as its attempts write it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mainstem.flow.usage import summed
from mainstem.model import RecordedStep


def begun(branch: str, recorded: RecordedStep | None) -> bytes | None:
    """Where it stands, and what its earlier attempts have spent; None for nothing."""
    if not branch and recorded is None:
        return None
    told: dict[str, Any] = {"branch": branch} if branch else {}
    if recorded is not None and (usage := recorded.metadata.get("usage")):
        told["usage"] = usage
    return json.dumps(told).encode() if told else None


def noted(metadata: bytes | None, *, usage: Sequence[dict[str, Any]], **notes: Any) -> bytes | None:
    """The same with these notes, and with what this attempt has spent beside the ones before it."""
    if not usage and not notes:
        return metadata
    told: dict[str, Any] = json.loads(metadata or b"{}") | notes
    if usage:
        told["usage"] = summed([*told.get("usage", ()), *usage])
    return json.dumps(told).encode()

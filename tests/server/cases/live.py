"""Cases of the live feed."""

from __future__ import annotations

from cases import Case  # type: ignore[import-not-found,unused-ignore]
from mainstem.server.access import Access

CASES = [
    Case("GET", "/api/v1/stream", Access.VIEWER, ids=lambda _: {"follow": "false"}),
]

"""Cases of runs."""

from __future__ import annotations

from cases import Case
from mainstem.server.access import Access

CASES = [
    Case("GET", "/api/v1/runs", Access.VIEWER),
    Case(
        "GET",
        "/api/v1/runs/{run_id}",
        Access.VIEWER,
        ids=lambda seeded: {"run_id": str(seeded.a["ended_run"])},
    ),
]

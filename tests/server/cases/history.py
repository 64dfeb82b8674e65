"""Cases of the old history API."""

from __future__ import annotations

from cases import Case, Seeded
from mainstem.ledger.history import number_of
from mainstem.server.access import Access


def _number(seeded: Seeded) -> dict[str, str]:
    return {"number": str(number_of(seeded.a["ended_run"]))}


CASES = [
    Case("GET", "/api/workflow-history", Access.VIEWER),
    Case("GET", "/api/workflow-history/{number}", Access.VIEWER, _number),
]

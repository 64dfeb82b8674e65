"""Cases of approvals, and of signals by key."""

from __future__ import annotations

from cases import Case
from mainstem.server.access import Access

CASES = [
    Case("GET", "/api/v1/approvals", Access.VIEWER),
    Case(
        "POST",
        "/api/v1/approvals/{step_id}",
        Access.OPERATOR,
        ids=lambda seeded: {"step_id": str(seeded.a["approval"])},
        body={"answer": {"approved": True}, "answered_by": "ann"},
    ),
    Case(
        "POST",
        "/api/v1/signals",
        Access.OPERATOR,
        body=lambda seeded: {"workflow": "payroll", "key": f"open-claim {seeded.a['org']}", "name": "paid"},
    ),
]

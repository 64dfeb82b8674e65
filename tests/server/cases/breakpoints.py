"""Cases of breakpoints."""

from __future__ import annotations

from cases import Case
from mainstem.server.access import Access

BREAKPOINTS = "/api/v1/breakpoints"
ONE = f"{BREAKPOINTS}/{{breakpoint_id}}"

CASES = [
    Case("GET", BREAKPOINTS, Access.VIEWER),
    Case("POST", BREAKPOINTS, Access.OPERATOR, body={"workflow": "payroll", "step": "pay", "condition": "input.amount > 1000"}),
    Case("PATCH", ONE, Access.OPERATOR, ids=lambda seeded: {"breakpoint_id": str(seeded.a["breakpoint"])}, body={"is_enabled": False}),
    Case("DELETE", ONE, Access.OPERATOR, ids=lambda seeded: {"breakpoint_id": str(seeded.a["breakpoint"])}),
]  # fmt: skip

"""Cases of runs."""

from __future__ import annotations

from collections.abc import Callable

from cases import Case, Seeded
from mainstem.server.access import Access

API = "/api/v1"
RUN = f"{API}/runs/{{run_id}}"


def of(name: str, /, **more: str) -> Callable[[Seeded], dict[str, str]]:
    """The run of this name in tenant A, and what else is fixed."""
    return lambda seeded: {"run_id": str(seeded.a[name]), **more}


CASES = [
    Case("GET", f"{API}/runs", Access.VIEWER),
    Case("GET", f"{API}/runs/count", Access.VIEWER),
    Case("GET", f"{API}/runs/facets", Access.VIEWER),
    Case("GET", f"{API}/runs/histogram", Access.VIEWER),
    Case("GET", f"{API}/runs/export", Access.VIEWER),
    Case("GET", f"{API}/jump", Access.VIEWER, ids=lambda seeded: {"id": str(seeded.a["failed_step"])}),
    Case("GET", f"{API}/filters", Access.VIEWER, tenantless=False, without_database=True),
    Case("GET", RUN, Access.VIEWER, ids=of("ended_run")),
    *(Case("GET", f"{RUN}/{part}", Access.VIEWER, ids=of("ended_run"))
      for part in ("steps", "timeline", "graph", "events", "screenshots", "context")),
    Case("GET", f"{RUN}/compare", Access.VIEWER,
         ids=lambda seeded: {"run_id": str(seeded.a["ended_run"]), "with": str(seeded.a["failed_run"])}),
    Case("POST", f"{API}/runs", Access.OPERATOR, body={"workflow": "payroll", "input": {"claim": 17, "amount": 120}}),
    Case("PUT", f"{RUN}/context/{{key}}", Access.OPERATOR, ids=of("caller_run", key="claim"), body=2, headers={"If-Match": "*"}),
    Case("POST", f"{RUN}/cancel", Access.OPERATOR, ids=of("caller_run"), body={"reason": "sent twice"}),
    Case("POST", f"{RUN}/resume", Access.OPERATOR, ids=of("paused_run")),
    Case("POST", f"{RUN}/retry", Access.OPERATOR, ids=of("failed_run")),
    Case("POST", f"{RUN}/fork", Access.OPERATOR, ids=of("engine_run"), body={"context": {"limit": 500}}),
    Case("POST", f"{RUN}/steps/{{step_number}}/patch", Access.OPERATOR, ids=of("failed_run", step_number="1"), body={"output": 3}),
    Case("POST", f"{RUN}/steps/{{step_number}}/skip", Access.OPERATOR, ids=of("failed_run", step_number="1"), body={"reason": "not needed"}),
    Case("POST", f"{RUN}/signals/{{name}}", Access.OPERATOR, ids=of("waiting_run", name="approved"), body={"approved": True}),
    Case("POST", f"{API}/runs/bulk", Access.OPERATOR, body={"action": "cancel", "q": "status:pending", "dry_run": False}),
]  # fmt: skip

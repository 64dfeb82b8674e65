"""Cases of schedules, and of queues and workflows that are limited or paused."""

from __future__ import annotations

from cases import Case, Seeded
from mainstem.server.access import Access

V1 = "/api/v1"
ONE = f"{V1}/schedules/{{schedule_id}}"
QUEUE = f"{V1}/queues/{{queue}}"
VIEWER, OPERATOR, ADMIN = Access.VIEWER, Access.OPERATOR, Access.ADMIN


def schedule(seeded: Seeded) -> dict[str, str]:
    return {"schedule_id": str(seeded.a["schedule"])}


def spare_schedule(seeded: Seeded) -> dict[str, str]:
    return {"schedule_id": str(seeded.a["spare_schedule"])}


def nothing_missed(seeded: Seeded) -> dict[str, str]:
    return schedule(seeded) | {"since": "2026-01-05T00:00:00Z", "before": "2026-01-05T01:00:00Z"}


CASES = [
    Case("GET", f"{V1}/schedules", VIEWER),
    Case(
        "POST",
        f"{V1}/schedules",
        OPERATOR,
        body={"name": "evening", "workflow": "payroll", "cron": "0 18 * * *", "zone": "Europe/Berlin"},
    ),
    Case("GET", ONE, VIEWER, ids=schedule),
    Case("PATCH", ONE, OPERATOR, ids=schedule, body={"cron": "0 7 * * *", "zone": "Europe/Berlin"}),
    Case("GET", f"{ONE}/next", VIEWER, ids=schedule),
    Case("GET", f"{ONE}/firings", VIEWER, ids=schedule),
    Case("POST", f"{ONE}/pause", OPERATOR, ids=schedule),
    Case("POST", f"{ONE}/resume", OPERATOR, ids=schedule),
    Case("GET", f"{ONE}/backfill", VIEWER, ids=nothing_missed),
    Case(
        "POST",
        f"{ONE}/backfill",
        OPERATOR,
        ids=schedule,
        body={"since": "2026-01-05T00:00:00Z", "before": "2026-01-05T01:00:00Z", "count": 0},
    ),
    Case("DELETE", ONE, OPERATOR, ids=spare_schedule),
    Case("GET", f"{V1}/queues", VIEWER),
    Case("PUT", QUEUE, ADMIN, ids=lambda _: {"queue": "scans"}, body={"max_running": 20}),
    Case("POST", f"{QUEUE}/pause", ADMIN, ids=lambda _: {"queue": "scans"}),
    Case("POST", f"{QUEUE}/resume", ADMIN, ids=lambda _: {"queue": "scans"}),
    Case("DELETE", QUEUE, ADMIN, ids=lambda _: {"queue": "scans"}),
    Case(
        "POST",
        f"{V1}/workflows/{{workflow_id}}/pause",
        OPERATOR,
        ids=lambda seeded: {"workflow_id": str(seeded.a["paused_workflow"])},
    ),
    Case(
        "POST",
        f"{V1}/workflows/{{workflow_id}}/resume",
        OPERATOR,
        ids=lambda seeded: {"workflow_id": str(seeded.a["paused_workflow"])},
    ),
]

"""Workers, queue, partitions, doctor, organizations: what a request brings, what is answered, and examples."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

WORKER = {
    "worker_id": "0b8f5a6e-3333-4a1f-9c3a-2f0f5a8f1b11",
    "host": "worker-1",
    "pid": 4121,
    "started_at": "2026-03-04T08:00:00Z",
    "heartbeat_at": "2026-03-04T11:59:58Z",
    "alive": True,
    "reaped_at": None,
    "lease_seconds": 15.0,
    "owned_runs": 3,
    "capabilities": {"workflows": ["claim-intake"], "queues": ["default"]},
}
WORKERS = {"workers": [WORKER], "next": None}
QUEUES = {
    "queues": [
        {
            "queue": "default",
            "ready": 2,
            "waiting": 14,
            "owned": 3,
            "paused": 0,
            "oldest_ready_at": "2026-03-04T11:59:57Z",
            "next_due_at": "2026-03-04T12:10:00Z",
        }
    ],
    "awaited": [{"signal": "supervisor", "runs": 12}],
    "cancel_requested": 0,
}
PARTITION = {
    "name": "p2026_03",
    "lower": "2026-03-01T00:00:00Z",
    "upper": "2026-04-01T00:00:00Z",
    "rows_estimate": 10836,
    "runs_estimate": 1204,
    "steps_estimate": 9632,
    "bytes": 8912896,
    "sealed": False,
    "sealed_at": None,
    "retired_at": None,
    "due": None,
}
FINDING = {
    "finding": "partitions ahead",
    "severity": "ok",
    "place": "for 27 days",
    "remedy": "",
}
ORGANIZATION = {
    "org_id": "00000000-0000-7000-8000-000000000001",
    "name": "default",
    "retention_days": None,
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
}


class Finding(BaseModel):
    """One thing that was looked at. `remedy` is a command or a statement, empty when nothing is to be done."""

    finding: str
    severity: Literal["ok", "warn", "bad"]
    place: str = Field(description="What was found, and where.")
    remedy: str


class CreatedOrganization(BaseModel):
    """A tenant to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "north clinic"}]})

    name: str = Field(min_length=1, max_length=255, examples=["north clinic"])


class OrganizationMade(BaseModel):
    """The tenant that was made: it has the channels web, voice and efax, and no key yet."""

    org_id: UUID
    name: str

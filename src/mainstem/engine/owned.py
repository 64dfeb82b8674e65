"""Runs that a worker owns from their start: it knows all of them that a claim would have told."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from mainstem.ledger.records import StartRecord
from mainstem.model import ClaimedRun


def as_claimed(record: StartRecord, workflow_name: str, at: str | None) -> ClaimedRun:
    """A run that was begun as owned, as a claim would have given it. at: when, by the database's clock."""
    begun = datetime.now(UTC) if at is None else datetime.fromisoformat(at)
    return ClaimedRun(
        run_id=record.run_id,
        org_id=record.org_id,
        epoch=1,
        queue=record.queue,
        priority=record.priority,
        due_at=begun,
        cancel_requested=False,
        cancel_reason=None,
        workflow=workflow_name,
        workflow_version=record.workflow_version,
        channel=record.channel,
        input_data=json.loads(record.input_data or b"null"),
        endpoints_used=[],
        claimed_at=begun,
        traceparent=record.traceparent,
        test=None if record.test is None else json.loads(record.test),
    )

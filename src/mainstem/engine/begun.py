"""Runs that a worker began itself, as a claim would have given them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from mainstem.ledger.records import StartRecord
from mainstem.model import ClaimedRun


def as_claimed(record: StartRecord, workflow_name: str) -> ClaimedRun:
    """A run that was begun as owned."""
    return ClaimedRun(
        run_id=record.run_id,
        org_id=record.org_id,
        epoch=1,
        queue=record.queue,
        priority=record.priority,
        due_at=datetime.now(UTC),
        cancel_requested=False,
        cancel_reason=None,
        workflow=workflow_name,
        workflow_version=record.workflow_version,
        channel=record.channel,
        input_data=json.loads(record.input_data or b"null"),
        endpoints_used=[],
    )

"""Signals by key: to whatever runs of a workflow are under way for an external id."""

from __future__ import annotations

from fastapi import APIRouter

from mainstem.errors import NotFound
from mainstem.flow.values import dumped
from mainstem.ledger import runs
from mainstem.server.access import Operator
from mainstem.server.answers import described
from mainstem.server.routes.asking import Asked
from mainstem.server.shapes.runs import SentByKey, SignalByKey

router = APIRouter(prefix="/signals", tags=["runs"])


@router.post(
    "",
    operation_id="send_signal_by_key",
    summary="Tell the runs of a workflow and key something",
    status_code=201,
    responses=described(NotFound),
)
async def send(caller: Operator, database: Asked, given: SignalByKey) -> SentByKey:
    """To all of them that are not over, or to none. Sent again, it is another."""
    text = dumped(given.payload, f"the payload of signal {given.name}")
    reached = await database.perform(
        runs.signal_key(given.workflow, given.key, given.name, text),
        org_id=caller.org_id,
        audit=lambda told: caller.did(
            "signals.send", given.key, workflow=given.workflow, name=given.name, runs=told
        ),
    )
    return SentByKey(runs=reached)

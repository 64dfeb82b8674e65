"""How code enters its workflows into a tenant's ledger."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from mainstem.flow.program import Workflow
from mainstem.ledger.call import Call
from mainstem.ledger.runs import register_workflow


def registration(workflow: Workflow[..., Any]) -> Call[UUID]:
    """Enter a workflow as its code declares it, and give its id; again when the code has changed, as it is now."""
    return register_workflow(
        workflow.name,
        workflow.__doc__,
        input_schema=workflow.parameters.schema(),
        code_version=workflow.version,
    )

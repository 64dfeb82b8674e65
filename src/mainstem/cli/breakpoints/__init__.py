"""`mainstem breakpoints …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.named import Named

VERBS = {
    "list": "Show the tenant's breakpoints, and how often each was hit.",
    "set": "Let runs of WORKFLOW pause before a step begins.",
    "switch": "Switch BREAKPOINT_ID on or off.",
    "delete": "Delete BREAKPOINT_ID.",
}


@click.group(cls=Named, package="mainstem.cli.breakpoints", verbs=VERBS)
def breakpoints() -> None:
    """Let runs pause before a step, look at them, and let them go on.

    Example: mainstem breakpoints set intake pay --if 'input.amount > 1000'
    """

"""`mainstem consolidate …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.consolidate.inspect import inspect
from mainstem.cli.consolidate.lint import lint
from mainstem.cli.consolidate.plan import plan


@click.group()
def consolidate() -> None:
    """Bring old tables in: look at them, decide what they become, prove it, switch, and go back if need be.

    Example: mainstem consolidate inspect --source postgresql://reader@db.example/app
    """


for command in (inspect, plan, lint):
    consolidate.add_command(command)

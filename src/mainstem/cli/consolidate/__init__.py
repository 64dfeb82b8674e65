"""`mainstem consolidate …`: a verb a module."""

from __future__ import annotations

import click

<<<<<<< HEAD
from mainstem.cli.consolidate.inspect import inspect
from mainstem.cli.consolidate.plan import plan
=======
from mainstem.cli.consolidate.lint import lint
>>>>>>> lint


@click.group()
def consolidate() -> None:
<<<<<<< HEAD
    """Bring old tables in: look at them, decide what they become, prove it, switch, and go back if need be.

    Example: mainstem consolidate inspect --source postgresql://reader@db.example/app
    """


for command in (inspect, plan):
=======
    """Bring old tables in, nothing lost, old code still working.

    Example: mainstem consolidate lint migrations/*.sql
    """


for command in (lint,):
>>>>>>> lint
    consolidate.add_command(command)

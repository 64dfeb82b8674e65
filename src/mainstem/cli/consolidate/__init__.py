"""`mainstem consolidate …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.consolidate.lint import lint


@click.group()
def consolidate() -> None:
    """Bring old tables in, nothing lost, old code still working.

    Example: mainstem consolidate lint migrations/*.sql
    """


for command in (lint,):
    consolidate.add_command(command)

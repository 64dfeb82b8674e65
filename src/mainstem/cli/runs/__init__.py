"""`mainstem runs …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.runs.cancel import cancel
from mainstem.cli.runs.list import list_
from mainstem.cli.runs.resume import resume
from mainstem.cli.runs.show import show
from mainstem.cli.runs.signal import signal
from mainstem.cli.runs.tail import tail


@click.group()
def runs() -> None:
    """Look at runs, and ask things of them.

    Example: mainstem runs list --status waiting
    """


for command in (list_, show, tail, cancel, signal, resume):
    runs.add_command(command)

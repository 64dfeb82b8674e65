"""`mainstem runs …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.runs.cancel import cancel
from mainstem.cli.runs.compare import compare
from mainstem.cli.runs.count import count
from mainstem.cli.runs.export import export
from mainstem.cli.runs.fork import fork
from mainstem.cli.runs.list import list_
from mainstem.cli.runs.patch import patch
from mainstem.cli.runs.replay import replay
from mainstem.cli.runs.resume import resume
from mainstem.cli.runs.retry import retry
from mainstem.cli.runs.show import show
from mainstem.cli.runs.signal import signal
from mainstem.cli.runs.skip import skip
from mainstem.cli.runs.tail import tail


@click.group()
def runs() -> None:
    """Look at runs, and ask things of them.

    Example: mainstem runs list status:failed 'started:>-24h'
    """


for command in (
    list_,
    count,
    export,
    show,
    compare,
    tail,
    cancel,
    retry,
    signal,
    resume,
    fork,
    patch,
    skip,
    replay,
):
    runs.add_command(command)

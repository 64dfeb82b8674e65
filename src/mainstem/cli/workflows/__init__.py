"""`mainstem workflows …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.named import Named

VERBS = {
    "list": "Show workflows by name, with the statistics of the runs that began in the last days.",
    "show": "Show WORKFLOW (a name, or an id), its nodes and how each went.",
    "pause": "Let no worker take runs of WORKFLOW until it is resumed.",
    "resume": "Let workers take runs of WORKFLOW again.",
}


@click.group(cls=Named, package=__name__, verbs=VERBS)
def workflows() -> None:
    """Look at workflows, and how their runs went.

    Example: mainstem workflows list --days 7
    """

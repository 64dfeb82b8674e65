"""`mainstem schedules …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.named import Named

VERBS = {
    "list": "Show schedules by name, and when each comes round next.",
    "create": "Start WORKFLOW by itself, under the name NAME: by --cron, --every or --at.",
    "edit": "Change parts of SCHEDULE; what is not given stays.",
    "pause": "Let SCHEDULE fire nothing until it is resumed.",
    "resume": "Let SCHEDULE go on from its next time.",
    "next": "Show when SCHEDULE comes round next.",
    "firings": "Show what became of the times of SCHEDULE, latest first.",
    "backfill": "Begin the runs of past times of SCHEDULE that have none: it counts them first, and asks.",
    "delete": "Delete SCHEDULE; the runs that it began stay.",
}


@click.group(cls=Named, package=__name__, verbs=VERBS)
def schedules() -> None:
    """Look at what is started by itself, and change it.

    Example: mainstem schedules create 'morning report' report --cron '0 6 * * mon-fri' --zone Europe/Berlin
    """

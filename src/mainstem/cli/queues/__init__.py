"""`mainstem queues …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.named import Named

VERBS = {
    "list": "Show the queues that have limits, or are paused.",
    "limit": "Give QUEUE these limits, and no others.",
    "lift": "Let QUEUE have no limits, and go on when it is paused.",
    "pause": "Let no worker take anything from QUEUE until it is resumed.",
    "resume": "Let workers take from QUEUE again, within its limits.",
}


@click.group(cls=Named, package=__name__, verbs=VERBS)
def queues() -> None:
    """Limit and pause queues, for every tenant.

    Example: mainstem queues limit scans --running 20 --per-key 2 --rate 100/1m
    """

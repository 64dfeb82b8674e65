"""`mainstem approvals …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.named import Named

VERBS = {
    "answer": "Answer the approval STEP_ID with ANSWER, JSON that fits its form.",
    "list": "Show what runs wait to be told by a person, the oldest run's first.",
}


@click.group(cls=Named, package="mainstem.cli.approvals", verbs=VERBS)
def approvals() -> None:
    """See what runs wait to be told by a person, and answer.

    Example: mainstem approvals list --assignee ann
    """

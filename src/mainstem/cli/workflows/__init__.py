"""`mainstem workflows …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.named import Named

VERBS = {
    "check": "Check the graph in FILE (YAML, JSON, or Python at MODULE:NAME) whole, and name every fault with its place.",
    "draft": "Show the draft of WORKFLOW, or save FILE as its draft.",
    "publish": "Check GRAPH (a file, MODULE:NAME, or a workflow whose draft it is), keep it as a version for good, and activate it.",
    "versions": "Show what was published of WORKFLOW, latest first, and which version new runs begin with.",
    "diff": "Show the operations (RFC 6902) that make OTHER of VERSION; either may be `draft`.",
    "activate": "Let new runs of WORKFLOW begin with VERSION.",
    "rollback": "Let new runs of WORKFLOW begin with the version that the active one replaced.",
    "template": "Show the template NAME, keep the graph in FILE under it, or make it the draft of a workflow.",
    "templates": "Show the templates by name.",
    "list": "Show workflows by name, with the statistics of the runs that began in the last days.",
    "show": "Show WORKFLOW (a name, or an id), its nodes and how each went.",
    "pause": "Let no worker take runs of WORKFLOW until it is resumed.",
    "resume": "Let workers take runs of WORKFLOW again.",
}


@click.group(cls=Named, package=__name__, verbs=VERBS)
def workflows() -> None:
    """Look at workflows, draw them as graphs, and publish those.

    Example: mainstem workflows list --days 7
    """

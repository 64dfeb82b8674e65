"""`mainstem configs …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.named import Named

VERBS = {
    "list": "Show configs, what changed last first.",
    "show": "Show the config CONFIG_ID, and what applied in its scope before.",
    "set": "Make the next version of a config out of DATA: an object, @FILE, or - for standard input.",
    "activate": "Make CONFIG_ID the one that applies to its scope, in place of the one before.",
}


@click.group(cls=Named, package=__name__, verbs=VERBS)
def configs() -> None:
    """Look at what applies to runs, by workflow and channel, and change it.

    Example: mainstem configs list --workflow claim-intake --active
    """

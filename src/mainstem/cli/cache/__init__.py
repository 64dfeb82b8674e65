"""`mainstem cache …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.named import Named

VERBS = {
    "clear": "Forget cached results: of a step, of what a workflow's runs made, of one key, or all.",
    "list": "Show the results that steps are given again, latest first.",
}


@click.group(cls=Named, package="mainstem.cli.cache", verbs=VERBS)
def cache() -> None:
    """Look at the results that steps are given again, and forget them.

    Example: mainstem cache clear --step fetch_rates
    """

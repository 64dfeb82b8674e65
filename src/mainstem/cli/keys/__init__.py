"""`mainstem keys …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.named import Named

VERBS = {
    "create": "Make a key called NAME and print it, this once.",
    "list": "Show the tenant's keys, latest first: what each is recognised by, and when it was last used.",
    "revoke": "Let nobody in with KEY_ID any more.",
}


@click.group(cls=Named, package="mainstem.cli.keys", verbs=VERBS)
def keys() -> None:
    """Make and revoke the keys that a server lets callers in with.

    Example: mainstem keys create 'nightly import' --role operator --days 90
    """

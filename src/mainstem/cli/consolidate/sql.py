"""`mainstem consolidate sql`: what a plan compiles to, for who reads it before it runs."""

from __future__ import annotations

import click

from mainstem.cli.consolidate.site import site_of, system_argument
from mainstem.settings import Settings


@click.command()
@system_argument
@click.pass_obj
def sql(settings: Settings, system: str) -> None:
    """Print the whole program of a plan: views, triggers, a batch of the copy, and the proof. It runs nothing of it.

    Example: mainstem consolidate sql rcm > rcm.sql
    """
    with site_of(settings, system) as site:
        click.echo(site.program().sql(), nl=False)

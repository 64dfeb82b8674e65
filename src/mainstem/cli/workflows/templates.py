"""`mainstem workflows templates`: the graphs that are kept to begin others from."""

from __future__ import annotations

import click

from mainstem.cli.door import ledger_of
from mainstem.cli.output import json_option, show
from mainstem.ledger.definitions import list_templates
from mainstem.settings import Settings


@click.command()
@json_option
@click.pass_obj
def templates(settings: Settings) -> None:
    """Show the templates by name.

    Example: mainstem workflows templates
    """
    with ledger_of(settings) as ask:
        found = ask(list_templates()).templates
    rows = (
        {
            "template": one.name,
            "about": one.description,
            "nodes": len(one.graph_config.get("nodes", ())),
            "changed": one.updated_at,
        }
        for one in found
    )
    show(rows, none="no template is kept; mainstem workflows template NAME FILE keeps one")

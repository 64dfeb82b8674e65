"""`mainstem cache clear`: forget results that steps are given again."""

from __future__ import annotations

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.errors import BadArgument
from mainstem.ledger import step_cache
from mainstem.settings import Settings


@click.command()
@click.option("--step", help="Of this step.")
@click.option("--workflow", help="What runs of this workflow made.")
@click.option("--key", help="This one: its key, as `mainstem cache list` shows it.")
@click.option("--all", "everything", is_flag=True, help="All of the tenant's.")
@json_option
@click.pass_obj
def clear(
    settings: Settings, step: str | None, workflow: str | None, key: str | None, *, everything: bool
) -> None:
    """Forget cached results: of a step, of what a workflow's runs made, of one key, or all.

    Example: mainstem cache clear --step fetch_rates
    """
    named = {"step": step, "workflow": workflow, "key": key}
    asked = {name: value for name, value in named.items() if value is not None}
    if everything == bool(asked):
        raise BadArgument("say what is to be forgotten", hint="--step, --workflow or --key, or --all alone")
    with ledger_of(settings) as perform:
        cleared = perform(
            step_cache.clear(**asked),
            lambda cleared: did("cache.clear", " ".join(asked.values()) or "all", cleared=cleared, **asked),
        )
    say(f"{cleared} forgotten", cleared=cleared)

"""`mainstem configs show`: one config, and the trail of its scope."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

import click

from mainstem.cli import output
from mainstem.cli.door import ledger_of
from mainstem.cli.output import indented, json_option, wants_json
from mainstem.ledger.configs import read_config, trail_of
from mainstem.settings import Settings


@click.command()
@click.argument("config_id", type=click.UUID)
@json_option
@click.pass_obj
def show(settings: Settings, config_id: UUID) -> None:
    """Show the config CONFIG_ID, and what applied in its scope before.

    Example: mainstem configs show CONFIG_ID
    """
    with ledger_of(settings) as ask:
        config, trail = ask(read_config(config_id)), ask(trail_of(config_id))
    if wants_json():
        output.show([{**asdict(config), "activations": [asdict(one) for one in trail.activations]}])
        return
    scope = " in ".join(filter(None, (config.workflow, config.channel))) or "everything"
    state = "active" if config.is_active else "not active"
    click.echo(f"{config.name} {config.version} for {scope}, {state}\n{indented(config.config_data)}")
    rows = [
        {"activated": one.activated_at, "version": one.version, "config": str(one.config_id)}
        for one in trail.activations
    ]
    output.show(rows, title="activations", none="nothing applied to this scope yet")

"""`mainstem configs activate`: let a config apply."""

from __future__ import annotations

from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.ledger.configs import activate_config
from mainstem.settings import Settings


@click.command()
@click.argument("config_id", type=click.UUID)
@json_option
@click.pass_obj
def activate(settings: Settings, config_id: UUID) -> None:
    """Make CONFIG_ID the one that applies to its scope, in place of the one before.

    An older version is activated in the same way. Runs that have begun keep what applied to them.

    Example: mainstem configs activate CONFIG_ID
    """
    with ledger_of(settings) as ask:
        activation_id = ask(activate_config(config_id), did("configs.activate", config_id))
    say(f"{config_id} applies now", config_id=config_id, activation_id=activation_id)

"""`mainstem configs set`: the next version of a config."""

from __future__ import annotations

from uuid import UUID

import click

from mainstem.cli.door import Performing, did, ledger_of
from mainstem.cli.given import given_object
from mainstem.cli.output import json_option, say
from mainstem.cli.workflows.asked import workflow_named
from mainstem.ledger.configs import Config, NewConfig, activate_config, create_config, read_config
from mainstem.settings import Settings


@click.command("set")
@click.argument("data")
@click.option("--workflow", help="For this workflow only, by name or id.")
@click.option("--channel", help="For this channel only.")
@click.option("--name", default="default", show_default=True)
@click.option("--activate", is_flag=True, help="Let it apply at once.")
@json_option
@click.pass_obj
def set_(
    settings: Settings, data: str, *, workflow: str | None, channel: str | None, name: str, activate: bool
) -> None:
    """Make the next version of a config out of DATA: an object, @FILE, or - for standard input.

    It applies when it is activated. Runs that have begun keep what applied to them.

    \b
    Example:
      mainstem configs set --workflow claim-intake --channel voice --activate '{"language": "en"}'
      mainstem configs set @limits.json
    """  # noqa: D301  (click's mark for lines that stay as they are)
    config_data = given_object(data, "DATA")
    with ledger_of(settings) as ask:
        workflow_id = None if workflow is None else workflow_named(ask, workflow)
        new = NewConfig(workflow_id=workflow_id, channel=channel, name=name, config_data=config_data)
        config = _made(ask, new, activate=activate)
    following = "" if activate else f"; next: mainstem configs activate {config.config_id}"
    say(
        f"{config.config_id} is version {config.version}, {'active' if config.is_active else 'not active'}{following}",
        config_id=config.config_id,
        version=config.version,
        is_active=config.is_active,
    )


set = set_  # noqa: A001  (the verb's name)


def _made(ask: Performing, new: NewConfig, *, activate: bool) -> Config:
    config_id: UUID = ask(
        create_config(new), lambda made: did("configs.create", made, channel=new.channel, name=new.name)
    )
    if activate:
        ask(activate_config(config_id), did("configs.activate", config_id))
    return ask(read_config(config_id))

"""`mainstem configs list`: what applies, and what did."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from mainstem.cli.door import ledger_of
from mainstem.cli.output import json_option, note, show, wants_json
from mainstem.cli.workflows.asked import workflow_named
from mainstem.ledger.configs import Config, ConfigFilter, list_configs
from mainstem.settings import Settings


@click.command("list")
@click.option("--workflow", help="By name, or id.")
@click.option("--channel")
@click.option("--active/--inactive", default=None, help="Only what applies now, or only what does not.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", help="Go on from a page: what it ended with.")
@json_option
@click.pass_obj
def list_(
    settings: Settings,
    *,
    workflow: str | None,
    channel: str | None,
    active: bool | None,
    limit: int,
    after: str | None,
) -> None:
    """Show configs, what changed last first.

    Example: mainstem configs list --workflow claim-intake --active
    """
    with ledger_of(settings) as ask:
        workflow_id = None if workflow is None else workflow_named(ask, workflow)
        which = ConfigFilter(workflow_id=workflow_id, channel=channel, active=active)
        page = ask(list_configs(which, limit=limit, after=after))
    show(
        (_row(config) for config in page.configs),
        none="no config is like this; `mainstem configs set` makes one",
    )
    if page.next is not None:
        note(f"more: mainstem configs list … --after {page.next}", next=page.next)


list = list_  # noqa: A001  (the verb's name)


def _row(config: Config) -> dict[str, Any]:
    if wants_json():
        return asdict(config)
    return {
        "config": str(config.config_id),
        "workflow": config.workflow,
        "channel": config.channel,
        "name": config.name,
        "version": config.version,
        "": "" if not config.is_active else "active" if config.is_enabled else "active, not enabled",
        "activated": config.activated_at,
        "changed": config.updated_at,
    }

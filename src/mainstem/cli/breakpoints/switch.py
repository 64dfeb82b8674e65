"""`mainstem breakpoints switch`: on or off."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.ledger.breakpoints import switch_breakpoint
from mainstem.settings import Settings


@click.command()
@click.argument("breakpoint_id", type=click.UUID)
@click.argument("state", type=click.Choice(["on", "off"]))
@json_option
@click.pass_obj
def switch(settings: Settings, breakpoint_id: UUID, state: str) -> None:
    """Switch BREAKPOINT_ID on or off. Runs that it stopped stay paused.

    Example: mainstem breakpoints switch BREAKPOINT_ID off
    """
    is_enabled = state == "on"
    with ledger_of(settings) as ask:
        changed = ask(
            switch_breakpoint(breakpoint_id, is_enabled=is_enabled),
            did("breakpoints.switch", breakpoint_id, is_enabled=is_enabled),
        )
    say(f"{breakpoint_id} is {state}", **asdict(changed))

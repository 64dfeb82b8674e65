"""`mainstem breakpoints delete`: a breakpoint is gone."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.ledger.breakpoints import delete_breakpoint
from mainstem.settings import Settings


@click.command()
@click.argument("breakpoint_id", type=click.UUID)
@json_option
@click.pass_obj
def delete(settings: Settings, breakpoint_id: UUID) -> None:
    """Delete BREAKPOINT_ID. Runs that it stopped stay paused.

    Example: mainstem breakpoints delete BREAKPOINT_ID
    """
    with ledger_of(settings) as ask:
        gone = ask(delete_breakpoint(breakpoint_id), did("breakpoints.delete", breakpoint_id))
    say(f"{breakpoint_id} is gone", **asdict(gone))

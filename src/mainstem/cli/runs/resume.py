"""`mainstem runs resume`: let a paused run go on."""

from __future__ import annotations

from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.ledger.runs import resume_run
from mainstem.settings import Settings


@click.command()
@click.argument("run_id", type=click.UUID)
@json_option
@click.pass_obj
def resume(settings: Settings, run_id: UUID) -> None:
    """Let the paused RUN_ID go on: the next worker takes it.

    Example: mainstem runs resume RUN_ID
    """
    with ledger_of(settings) as ask:
        ask(resume_run(run_id), did("runs.resume", run_id))
    say(f"{run_id} goes on", run_id=run_id, answer="resumed")

"""`mainstem runs cancel`: end a run."""

from __future__ import annotations

from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.ledger.runs import cancel_run
from mainstem.settings import Settings


@click.command()
@click.argument("run_id", type=click.UUID)
@click.option("--reason", help="Kept with the run.")
@json_option
@click.pass_obj
def cancel(settings: Settings, run_id: UUID, reason: str | None) -> None:
    """End RUN_ID. A worker that has it is asked, and follows soon: `requested`.

    Example: mainstem runs cancel RUN_ID --reason 'sent twice'
    """
    with ledger_of(settings) as ask:
        answer = ask(cancel_run(run_id, reason), did("runs.cancel", run_id, reason=reason))
    say(f"{run_id} {answer}", run_id=run_id, answer=answer)

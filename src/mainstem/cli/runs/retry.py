"""`mainstem runs retry`: take a failed run back."""

from __future__ import annotations

from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.ledger.runs import retry_run
from mainstem.settings import Settings


@click.command()
@click.argument("run_id", type=click.UUID)
@json_option
@click.pass_obj
def retry(settings: Settings, run_id: UUID) -> None:
    """Take back RUN_ID, which failed or timed out: what it completed stays, what failed is done again.

    Example: mainstem runs retry RUN_ID
    """
    with ledger_of(settings) as ask:
        answer = ask(retry_run(run_id), did("runs.retry", run_id))
    say(f"{run_id} is {answer}: mainstem runs tail {run_id}", run_id=run_id, answer=answer)

"""`mainstem runs skip`: pass over a step that failed."""

from __future__ import annotations

from uuid import UUID

import click

from mainstem.cli.door import actor, did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.ledger.amending import Amendment, amend_step
from mainstem.settings import Settings


@click.command()
@click.argument("run_id", type=click.UUID)
@click.argument("step", type=click.IntRange(1, 2**24 - 1))
@click.option("--reason", help="Kept with the step.")
@click.option("--stay", is_flag=True, help="Leave the run as it is: more is to be skipped first.")
@json_option
@click.pass_obj
def skip(settings: Settings, run_id: UUID, step: int, *, reason: str | None, stay: bool) -> None:
    """Pass over STEP, by its number, which failed or stands at a breakpoint: it gives nothing, and RUN_ID goes on.

    Example: mainstem runs skip RUN_ID 3 --reason 'not needed for this claim'
    """
    amendment = Amendment(output=None, reason=reason, by=actor(), go_on=not stay)
    with ledger_of(settings) as ask:
        answer = ask(
            amend_step(run_id, step, amendment), did("runs.skip_step", run_id, step=step, reason=reason)
        )
    say(f"{run_id} is {answer}", run_id=run_id, step=step, answer=answer)

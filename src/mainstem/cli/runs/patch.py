"""`mainstem runs patch`: say what a step gave that failed."""

from __future__ import annotations

from uuid import UUID

import click

from mainstem.cli.door import actor, did, ledger_of
from mainstem.cli.given import given_value
from mainstem.cli.output import json_option, say
from mainstem.flow.values import dumped
from mainstem.ledger.amending import Amendment, amend_step
from mainstem.settings import Settings


@click.command()
@click.argument("run_id", type=click.UUID)
@click.argument("step", type=click.IntRange(1, 2**24 - 1))
@click.argument("output", metavar="JSON")
@click.option("--reason", help="Kept with the step.")
@click.option("--stay", is_flag=True, help="Leave the run as it is: more is to be patched first.")
@json_option
@click.pass_obj
def patch(
    settings: Settings, run_id: UUID, step: int, output: str, *, reason: str | None, stay: bool
) -> None:
    """Give the output of STEP, by its number, which failed or stands at a breakpoint; RUN_ID then goes on with it.

    JSON is a value, @FILE, or - for standard input.

    Example: mainstem runs patch RUN_ID 3 '{"active": true}' --reason 'looked up by hand'
    """
    amendment = Amendment(
        output=dumped(given_value(output, "JSON"), f"the output of step {step}"),
        reason=reason,
        by=actor(),
        go_on=not stay,
    )
    with ledger_of(settings) as ask:
        answer = ask(
            amend_step(run_id, step, amendment), did("runs.patch_step", run_id, step=step, reason=reason)
        )
    say(f"{run_id} is {answer}", run_id=run_id, step=step, answer=answer)

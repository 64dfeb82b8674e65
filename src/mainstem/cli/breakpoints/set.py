"""`mainstem breakpoints set`: a new breakpoint."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

import click

from mainstem.cli.door import actor, did, ledger_of
from mainstem.cli.output import json_option, note, say
from mainstem.flow.comparison import Comparison
from mainstem.ledger.breakpoints import SEEN, NewBreakpoint, create_breakpoint
from mainstem.settings import Settings


@click.command("set")
@click.argument("workflow", required=False)
@click.argument("step", required=False)
@click.option("--run", "run_id", type=click.UUID, help="Only in this run.")
@click.option(
    "--if",
    "condition",
    metavar="CONDITION",
    help="Of input (the step's), run (the run's input) and call (its count).",
)
@click.option("--once", is_flag=True, help="Switched off by its first hit.")
@json_option
@click.pass_obj
def set_(
    settings: Settings,
    workflow: str | None,
    step: str | None,
    *,
    run_id: UUID | None,
    condition: str | None,
    once: bool,
) -> None:
    """Let runs of WORKFLOW pause before a step begins.

    STEP is its name; without it the run pauses before whichever step comes next.

    \b
    Examples:
      mainstem breakpoints set intake pay --if 'input.amount > 1000 and call = 1'
      mainstem breakpoints set --run RUN_ID --once
    """  # noqa: D301  (click's mark for lines that stay as they are)
    if condition is not None:
        Comparison.parsed(condition, SEEN)
    new = NewBreakpoint(
        workflow=workflow,
        run_id=run_id,
        node_key=step,
        condition=condition,
        one_shot=once,
        created_by=actor(),
    )
    with ledger_of(settings) as ask:
        made = ask(
            create_breakpoint(new),
            lambda made: did("breakpoints.create", made.breakpoint_id, workflow=workflow, step=step),
        )
    say(str(made.breakpoint_id), **asdict(made))
    note(
        "runs that it stops: mainstem runs list status:paused; go on: mainstem runs resume RUN_ID [--step-over]"
    )

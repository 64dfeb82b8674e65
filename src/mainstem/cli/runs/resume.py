"""`mainstem runs resume`: let paused runs go on."""

from __future__ import annotations

from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.cli.runs.many import ask_of_all, one_or_none, run_or_filter
from mainstem.ledger.runs import resume_run
from mainstem.settings import Settings


@click.command()
@run_or_filter
@click.option(
    "--step-over",
    is_flag=True,
    help="Past the breakpoint that it stands before, and pause before the next step.",
)
@json_option
@click.pass_obj
def resume(
    settings: Settings, run_id: UUID | None, where: str | None, *, dry_run: bool, step_over: bool
) -> None:
    """Let the paused RUN_ID go on: the next worker takes it, and passes the breakpoint that it stands before.

    \b
    Examples:
      mainstem runs resume RUN_ID --step-over
      mainstem runs resume --where 'status:paused workflow:intake' --dry-run
    """  # noqa: D301  (click's mark for lines that stay as they are)
    if (run := one_or_none(run_id, where, dry_run=dry_run)) is None:
        ask_of_all(settings, "resume", where or "", dry_run=dry_run)
        return
    told = {"step_over": True} if step_over else {}
    with ledger_of(settings) as ask:
        ask(resume_run(run, step_over=step_over), did("runs.resume", run, **told))
    say(f"{run} goes on", run_id=run, answer="resumed")

"""`mainstem runs cancel`: end runs."""

from __future__ import annotations

from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.cli.runs.many import ask_of_all, one_or_none, run_or_filter
from mainstem.ledger.runs import cancel_run
from mainstem.settings import Settings


@click.command()
@run_or_filter
@click.option("--reason", help="Kept with the run.")
@json_option
@click.pass_obj
def cancel(
    settings: Settings, run_id: UUID | None, where: str | None, *, dry_run: bool, reason: str | None
) -> None:
    """End RUN_ID. A worker that has it is asked, and follows soon: `requested`.

    \b
    Examples:
      mainstem runs cancel RUN_ID --reason 'sent twice'
      mainstem runs cancel --where 'status:waiting workflow:intake started:<-30d' --dry-run
    """  # noqa: D301  (click's mark for lines that stay as they are)
    if (run := one_or_none(run_id, where, dry_run=dry_run)) is None:
        ask_of_all(settings, "cancel", where or "", dry_run=dry_run, reason=reason)
        return
    with ledger_of(settings) as ask:
        answer = ask(cancel_run(run, reason), did("runs.cancel", run, reason=reason))
    say(f"{run} {answer}", run_id=run, answer=answer)

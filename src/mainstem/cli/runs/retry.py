"""`mainstem runs retry`: take failed runs back."""

from __future__ import annotations

from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.cli.runs.many import ask_of_all, one_or_none, run_or_filter
from mainstem.ledger.runs import retry_run
from mainstem.settings import Settings


@click.command()
@run_or_filter
@click.option("--from-step", type=click.IntRange(1, 2**24 - 1), help="Do this step and all after it again.")
@json_option
@click.pass_obj
def retry(
    settings: Settings, run_id: UUID | None, where: str | None, *, dry_run: bool, from_step: int | None
) -> None:
    """Take back RUN_ID, which failed, timed out or is paused: what it completed stays, what failed is done again.

    \b
    Examples:
      mainstem runs retry RUN_ID --from-step 3
      mainstem runs retry --where 'status:failed workflow:intake' --dry-run
    """  # noqa: D301  (click's mark for lines that stay as they are)
    if (run := one_or_none(run_id, where, dry_run=dry_run)) is None:
        ask_of_all(settings, "retry", where or "", dry_run=dry_run)
        return
    told = {} if from_step is None else {"from_step": from_step}
    with ledger_of(settings) as ask:
        answer = ask(retry_run(run, from_step=from_step), did("runs.retry", run, **told))
    say(f"{run} is {answer}: mainstem runs tail {run}", run_id=run, answer=answer)

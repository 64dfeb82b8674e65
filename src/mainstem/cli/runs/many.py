"""Many: the same asked of every run that a filter finds, or first only how many, and which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import click

from mainstem.cli.door import Performing, did, ledger_of
from mainstem.cli.output import note, say, show
from mainstem.errors import BadArgument
from mainstem.ledger.amending import MOST_AT_ONCE, Action, Asked, ask_of_runs
from mainstem.ledger.audit import Audit
from mainstem.ledger.bulk import SHOWN
from mainstem.ledger.search import Query, count_runs, find_runs, parsed
from mainstem.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

BUDGET = 30.0
"""Seconds that a look for runs may take."""


def run_or_filter(command: Command) -> Command:
    """RUN_ID, or --where with --dry-run."""
    for decorate in reversed((
        click.argument("run_id", type=click.UUID, required=False),
        click.option("--where", metavar="QUERY", help="All runs that this filter finds, in place of RUN_ID."),
        click.option("--dry-run", is_flag=True, help="Only say how many that are, and show the first."),
    )):  # fmt: skip
        command = decorate(command)
    return command


def one_or_none(run_id: UUID | None, where: str | None, *, dry_run: bool) -> UUID | None:
    """The run, or None for a filter. Raises BadArgument for neither and for both."""
    if (run_id is None) == (where is None):
        raise BadArgument(
            "give a RUN_ID, or a filter with --where",
            hint="mainstem runs retry --where 'status:failed' --dry-run",
        )
    if dry_run and where is None:
        raise BadArgument("--dry-run is for --where", hint="mainstem runs show RUN_ID")
    return run_id


def ask_of_all(
    settings: Settings, action: Action, where: str, *, dry_run: bool, reason: str | None = None
) -> None:
    """In batches, each in a transaction of its own; an interruption leaves what was done."""
    query = parsed(where)
    with ledger_of(settings) as ask:
        if dry_run:
            _plan(ask, action, query)
        else:
            _ask_all(ask, action, query, where, reason)


def _plan(ask: Performing, action: Action, query: Query) -> None:
    counted = ask(count_runs(query, budget=BUDGET))
    first = ask(find_runs(query, limit=SHOWN, budget=BUDGET)).runs
    rows = [
        {
            "run": str(run.run_id),
            "workflow": run.workflow,
            "status": run.status.value,
            "created": run.created_at,
        }
        for run in first
    ]
    show(rows, none="no run is like this")
    words = str(counted.value) if counted.relation == "eq" else f"{counted.value} or more"
    note(
        f"{action} would be asked of {words}", action=action, matched=counted.value, relation=counted.relation
    )


def _ask_all(ask: Performing, action: Action, query: Query, where: str, reason: str | None) -> None:
    done = refused = 0
    after: str | None = None
    while True:
        page = ask(find_runs(query, limit=MOST_AT_ONCE, after=after, budget=BUDGET))
        answers = ask(
            ask_of_runs(action, [run.run_id for run in page.runs], reason),
            lambda answers: _entries(action, where, reason, answers),
        )
        for one in answers:
            if one.code is not None:
                note(f"{one.run_id}: {one.message}", run_id=one.run_id, code=one.code, message=one.message)
        refused += sum(one.code is not None for one in answers)
        done += sum(one.code is None for one in answers)
        after = page.next
        if after is None:
            break
    say(f"{action}: {done} done, {refused} refused", action=action, done=done, refused=refused)


def _entries(action: Action, where: str, reason: str | None, answers: list[Asked]) -> list[Audit]:
    details = {"filter": where, "reason": reason}
    return [
        did(f"runs.{action}", one.run_id, **details, answer=one.answer) for one in answers if one.code is None
    ]

"""`mainstem schedules create`: start a workflow by itself."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any, get_args

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.given import given_object
from mainstem.cli.output import json_option, moment, say
from mainstem.cli.schedules.asked import given_moment, refuse_misfit
from mainstem.cli.span import Span
from mainstem.cli.workflows.asked import workflow_named
from mainstem.client.recurring import first_time
from mainstem.flow.recurrence import Recurrence
from mainstem.flow.schedule import scheduled
from mainstem.flow.values import dumped, loaded
from mainstem.ledger.schedules import (
    A_DAY,
    Missed,
    NewSchedule,
    Overlap,
    clock,
    put_schedule,
    read_schedule,
)
from mainstem.settings import Settings


@click.command()
@click.argument("name")
@click.argument("workflow")
@click.option("--cron", help="Minute, hour, day, month, weekday, in --zone.")
@click.option("--every", type=Span(), help="15m, 2h, 1d; counted from 1970 in UTC.")
@click.option("--at", metavar="TIME", help="Once: 2026-03-01T09:30, in --zone unless it has an offset.")
@click.option("--zone", default="UTC", show_default=True, help="Europe/Berlin, …")
@click.option("--input", "given", default="{}", metavar="JSON", help="Its arguments: an object, @FILE, or -.")
@click.option("--time-argument", help="The argument that gets the time that a run is scheduled for.")
@click.option("--channel", default="web", show_default=True)
@click.option(
    "--version",
    type=click.IntRange(0),
    default=0,
    help="Of its runs; the active one of each time without it.",
)
@click.option("--queue", default="default", show_default=True)
@click.option("--priority", type=int, default=0, show_default=True)
@click.option(
    "--missed",
    type=click.Choice(get_args(Missed)),
    default="once",
    show_default=True,
    help="Of times that no worker was there for.",
)
@click.option(
    "--window", type=Span(), default=A_DAY, show_default="1d", help="How far back --missed all goes."
)
@click.option(
    "--overlap",
    type=click.Choice(get_args(Overlap)),
    default="skip",
    show_default=True,
    help="While the run before is not over.",
)
@json_option
@click.pass_obj
def create(
    settings: Settings,
    /,
    name: str,
    workflow: str,
    *,
    cron: str | None,
    every: timedelta | None,
    at: str | None,
    zone: str,
    given: str,
    **how: Any,
) -> None:
    """Start WORKFLOW by itself, under the name NAME: by --cron, --every or --at.

    \b
    Examples:
      mainstem schedules create 'morning report' report --cron '0 6 * * mon-fri' --zone Europe/Berlin
      mainstem schedules create sweep clean-up --every 15m --overlap queue
      mainstem schedules create 'new year' greet --at 2027-01-01T00:00 --input '{"year": 2027}'
    """  # noqa: D301  (click's mark for lines that stay as they are)
    times = Recurrence(cron=cron, every=every, at=None if at is None else given_moment(at), zone=zone)
    text = dumped(given_object(given, "--input"), "--input")
    with ledger_of(settings) as ask:
        new = NewSchedule(
            name=name, workflow_id=workflow_named(ask, workflow), cron=cron, every=every, at=times.at, zone=zone, input=text, **how
        )  # fmt: skip
        refuse_misfit(ask, new.workflow_id, new.version, scheduled(loaded(text), new.time_argument))
        put = put_schedule(new, first_time(times, ask(clock())))
        made = ask(put, lambda made: did("schedules.create", made, name=name, times=str(times)))
        found = ask(read_schedule(made))
    say(f"{name} starts {found.workflow} first at {moment(found.next_at)} UTC", **asdict(found))

"""`mainstem schedules edit`: change parts of a schedule."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast, get_args

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.given import given_object
from mainstem.cli.output import json_option, moment, say
from mainstem.cli.schedules.asked import given_moment, refuse_misfit, schedule_named
from mainstem.cli.span import Span
from mainstem.client.editing import Changes, edited, to_be_asked
from mainstem.ledger.schedules import Missed, Overlap, read_schedule
from mainstem.settings import Settings


@click.command()
@click.argument("schedule")
@click.option("--name", help="Another name.")
@click.option("--cron", help="In place of its times: minute, hour, day, month, weekday, in --zone.")
@click.option("--every", type=Span(), help="In place of its times: 15m, 2h, 1d.")
@click.option("--at", metavar="TIME", help="In place of its times: once.")
@click.option("--zone", help="Europe/Berlin, …")
@click.option("--input", "given", metavar="JSON", help="Its arguments: an object, @FILE, or -.")
@click.option("--time-argument", help="The argument that gets the time; '' for none.")
@click.option("--channel")
@click.option("--version", type=click.IntRange(0), help="Of its runs; 0: the one that is active.")
@click.option("--queue")
@click.option("--priority", type=int)
@click.option("--missed", type=click.Choice(get_args(Missed)))
@click.option("--window", type=Span(), help="How far back --missed all goes.")
@click.option("--overlap", type=click.Choice(get_args(Overlap)))
@json_option
@click.pass_obj
def edit(settings: Settings, /, schedule: str, *, given: str | None, at: str | None, **how: Any) -> None:
    """Change parts of SCHEDULE; what is not given stays.

    When its times change it comes round next at the first of the new ones that is to come. A time that has begun a run
    begins no other.

    \b
    Examples:
      mainstem schedules edit 'morning report' --cron '0 7 * * mon-fri'
      mainstem schedules edit sweep --every 5m --overlap skip --input '{"office": "north"}'
    """  # noqa: D301  (click's mark for lines that stay as they are)
    changes = {name: value for name, value in how.items() if value is not None}
    if given is not None:
        changes["input"] = given_object(given, "--input")
    if at is not None:
        changes["at"] = given_moment(at)
    if not changes:
        raise click.UsageError("say what is to change: --cron, --input, …")
    if "time_argument" in changes:
        changes["time_argument"] = changes["time_argument"] or None
    with ledger_of(settings) as ask:
        found = schedule_named(ask, schedule)
        refuse_misfit(ask, found.workflow_id, *to_be_asked(found, cast("Changes", changes)))
        told = {
            name: value if isinstance(value, int | dict) else str(value) for name, value in changes.items()
        }
        ask(
            edited(found, cast("Changes", changes)),
            did("schedules.edit", found.schedule_id, **{"name": found.name, **told}),
        )
        found = ask(read_schedule(found.schedule_id))
    comes = (
        "never comes round again"
        if found.next_at is None
        else f"comes round next at {moment(found.next_at)} UTC"
    )
    say(f"{found.name} {comes}", **asdict(found))

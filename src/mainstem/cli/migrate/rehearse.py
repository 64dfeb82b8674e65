"""`mainstem migrate rehearse`: the migration on a restored copy, measured."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mainstem.cli.migrate.asked import measures, work_options
from mainstem.cli.output import note, show, span, steps

if TYPE_CHECKING:
    from mainstem.consolidate.migrate.verbs import Work


@click.command()
@work_options
def rehearse(work: Work) -> None:
    """Run the migration on a copy: how long each statement takes, what it locks, and whether anything is missing then.

    Example: mainstem migrate rehearse postgresql://admin@db.example/shop 007_totals.sql
    """
    from mainstem.consolidate.backup import STEPS
    from mainstem.consolidate.migrate import verbs

    with steps(("lint", *STEPS, "rehearsal on a copy")) as tell:
        done = verbs.rehearse(replace(work, tell=tell))
    show(measures(done.measures), none="it says nothing")
    held = ", ".join(f"{name} for {span(ms)}" for name, ms in sorted(done.held.items()))
    note(
        f"{span(done.milliseconds)} in all; held exclusively: {held or 'nothing'}; nothing is missing",
        milliseconds=done.milliseconds,
        held=done.held,
    )

"""`mainstem migrate apply`: the migration for real."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mainstem.cli.migrate.asked import work_options
from mainstem.cli.output import say, steps

if TYPE_CHECKING:
    from mainstem.consolidate.migrate.verbs import Work


@click.command()
@work_options
def apply(work: Work) -> None:
    """Apply the migration, backed up and rehearsed before; taken back when anything is missing afterwards.

    It waits for locks only briefly, and tries again. Applied already, it changes nothing.

    Example: mainstem migrate apply history.db 006_add_scoring_version.sql
    """
    from mainstem.consolidate.backup import STEPS
    from mainstem.consolidate.migrate import verbs

    with steps(("lint", *STEPS, "rehearsal on a copy", "apply")) as tell:
        state = verbs.apply(replace(work, tell=tell))
    say(
        f"{state.phase}; the backup is {work.place / (state.backup or '')}",
        phase=state.phase,
        backup=state.backup,
    )

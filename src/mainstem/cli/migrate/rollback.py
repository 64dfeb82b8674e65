"""`mainstem migrate rollback`: the backup in the place of what is there now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mainstem.cli.migrate.asked import work_options
from mainstem.cli.output import say

if TYPE_CHECKING:
    from mainstem.consolidate.migrate.verbs import Work


@click.command()
@click.option("--accept-loss", is_flag=True, help="Even if rows were written since the migration.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@work_options
def rollback(work: Work, *, accept_loss: bool, yes: bool) -> None:
    """Put the backup back, whole or not at all, and compare it. It is refused when rows were written since.

    Example: mainstem migrate rollback history.db 006_add_scoring_version.sql
    """
    from mainstem.consolidate.migrate import verbs

    if not yes:
        click.confirm(f"put the backup in the place of {work.target.name} as it is now?", abort=True, err=True)  # fmt: skip
    manifest = verbs.roll_back(work, accept_loss=accept_loss)
    say(
        f"{manifest.rows} rows as they were on {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC",
        rows=manifest.rows,
        taken_at=manifest.taken_at,
    )

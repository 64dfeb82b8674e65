"""`mainstem migrate backup`: a backup that was restored elsewhere before it counts."""

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
def backup(work: Work) -> None:
    """Take a backup of the whole database, and prove it: restored elsewhere, it holds the same.

    Example: mainstem migrate backup postgresql://admin@db.example/shop 007_totals.sql
    """
    from mainstem.consolidate.backup import STEPS
    from mainstem.consolidate.migrate import verbs

    with steps(STEPS) as tell:
        manifest = verbs.back_up(replace(work, tell=tell))
    say(
        f"{len(manifest.digests)} tables, {manifest.rows} rows, {manifest.size} bytes in {work.place}; restored and compared",
        place=work.place,
        tables=len(manifest.digests),
        rows=manifest.rows,
        bytes=manifest.size,
        sha256=manifest.sha256,
    )

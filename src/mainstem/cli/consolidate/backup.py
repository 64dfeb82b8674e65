"""`mainstem consolidate backup`: the old tables, backed up and proved, before a row moves."""

from __future__ import annotations

from pathlib import Path

import click

from mainstem.cli.consolidate.site import site_of, source_url_option, system_argument
from mainstem.cli.output import json_option, say, steps
from mainstem.settings import Settings


@click.command()
@system_argument
@source_url_option
@click.option(
    "--to", "place", required=True, type=click.Path(path_type=Path, file_okay=False), help="A directory."
)
@click.option(
    "--whole", is_flag=True, help="The whole database, where the old schema needs what is outside it."
)
@click.option(
    "--scratch", metavar="URL", help="Another server to prove it on, where the login may make no database."
)
@json_option
@click.pass_obj
def backup(
    settings: Settings, system: str, *, source_url: str | None, place: Path, whole: bool, scratch: str | None
) -> None:
    """Dump the schema of the old tables, restore it into a scratch database, and compare the digests of every table.

    The plan remembers it; `copy` wants one. A backup that is not proved is none. Interrupted, it is begun anew.

    Example: mainstem consolidate backup rcm --to /backups/rcm
    """
    from mainstem.consolidate.backup import STEPS
    from mainstem.consolidate.life import back_up

    with site_of(settings, system, source_url) as site, steps(STEPS) as tell:
        program = site.program()
        made = back_up(site.conn, program, site.plan, place, origin=site.origin, url=site.url, whole=whole, scratch=scratch, tell=tell)  # fmt: skip
    say(
        f"{place}: {len(made.digests)} tables, {made.rows:,} rows, {made.size / 2**20:.1f} MiB; restored elsewhere, digests equal",
        place=place,
        tables=len(made.digests),
        rows=made.rows,
        size=made.size,
        sha256=made.sha256,
        proved_at=made.proved_at,
    )

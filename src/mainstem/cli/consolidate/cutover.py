"""`mainstem consolidate cutover`: the old names become views, in one short transaction."""

from __future__ import annotations

import click

from mainstem.cli.consolidate.site import site_of, source_url_option, system_argument
from mainstem.cli.output import json_option, say
from mainstem.settings import Settings


@click.command()
@system_argument
@source_url_option
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="S",
    help="Seconds to go on asking for the locks, of the source and here.",
)
@json_option
@click.pass_obj
def cutover(settings: Settings, system: str, *, source_url: str | None, patience: float) -> None:
    """Switch: under locks the last changes are folded and compared, and the old names become views of the ledger.

    No lock is waited for longer than 0.3 s at a time, so writers never queue up behind it. When it cannot be had, or the
    last rows differ, all is as before. Old code goes on by the old names. A SQLite file or another
    server is closed to writers instead: their error says where its tables are now.

    Example: mainstem consolidate cutover rcm --patience 300
    """
    from mainstem.consolidate.life.origin import Here

    with site_of(settings, system, source_url) as site:
        origin = (
            Here() if site.plan.phase == "cut_over" else site.origin
        )  # killed after the switch: the rest is here
        switched = origin.cut_over(site.conn, site.program(), patience)
    source = site.plan.source
    say(
        f"{source} is cut over: locked for {switched.locked_ms:.0f} ms, {switched.drained} changes folded, attempt {switched.attempts}\n"
        f"back: mainstem consolidate rollback {source}",
        system=source,
        locked_ms=switched.locked_ms,
        drained=switched.drained,
        attempts=switched.attempts,
    )

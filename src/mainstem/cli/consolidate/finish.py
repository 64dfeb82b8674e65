"""`mainstem consolidate finish`: the old tables go, and with them the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mainstem.cli.consolidate.site import Site, site_of, source_url_option, system_argument
from mainstem.cli.output import json_option, say
from mainstem.errors import PhaseRefused
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.consolidate.compile import Program


@click.command()
@system_argument
@source_url_option
@click.option(
    "--typed", required=True, metavar="NAME", help="The name of the system, to show that it is meant."
)
@click.option(
    "--after-days",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    metavar="N",
    help="Refuse before so many days have passed since the cut-over.",
)  # fmt: skip
@json_option
@click.pass_obj
def finish(settings: Settings, system: str, *, source_url: str | None, typed: str, after_days: float) -> None:
    """Drop the old tables. The old names stay, as views; the way back is the backup from then on.

    It says how long ago the cut-over was, and which old tables were read since: look at `mainstem consolidate status`
    first. Nothing is dropped by CASCADE: what still stands on an old table is named, and all is as before.

    Example: mainstem consolidate finish rcm --typed rcm --after-days 14
    """
    from mainstem.consolidate.life import finish as end
    from mainstem.consolidate.life import following

    with site_of(settings, system, source_url) as site:
        if site.plan.phase == "finished":
            _leave(site)
        program = site.program()
        if site.plan.phase != "cut_over":
            raise PhaseRefused(
                f"{site.plan.source} is {site.plan.phase}, not cut over",
                hint=f"Next is `{following(site.plan)}`.",
            )
        days, read = _soaked(site, program, after_days)
        site.origin.is_shut(site.mapping)  # it can be reached: what is noted there must end, too
        dropped = end(site.conn, program, typed=typed)
        _leave(site)
    told = ", ".join(f"{table} {count:,} times" for table, count in read.items()) or "none"
    say(
        f"{site.plan.source} is finished, {days:.1f} days after the cut-over; old tables read meanwhile: {told}\n"
        f"dropped: {', '.join(dropped)}",
        system=site.plan.source,
        days_since_cutover=days,
        still_read=read,
        dropped=dropped,
    )


def _leave(site: Site) -> None:
    """End what is noted at the source, now or, when `finish` was killed before, by calling it again."""
    site.origin.leave(site.conn, site.mapping)


def _soaked(site: Site, program: Program, after_days: float) -> tuple[float, dict[str, int]]:
    from mainstem.consolidate.life import days_of_soak, still_read

    days = days_of_soak(site.conn, site.plan.source)
    if days < after_days:
        raise PhaseRefused(
            f"{site.plan.source} was cut over {days:.1f} days ago, not {after_days:g}",
            hint="Wait, and look at `mainstem consolidate status` meanwhile.",
        )
    return days, still_read(site.conn, program, site.plan)

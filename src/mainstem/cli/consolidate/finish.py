"""`mainstem consolidate finish`: the old tables go, and with them the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
@click.option(
    "--drop-legacy-columns", is_flag=True,
    help="Drop legacy_trace_id and legacy_step_id too, when no consolidation needs them.",
)  # fmt: skip
@json_option
@click.pass_obj
def finish(
    settings: Settings,
    system: str,
    *,
    source_url: str | None,
    typed: str,
    after_days: float,
    drop_legacy_columns: bool,
) -> None:
    """Drop the old tables. The old names stay, as views; the way back is the backup from then on.

    It says how long ago the cut-over was, and which old tables were read since: look at `mainstem consolidate status`
    first. Nothing is dropped by CASCADE: what still stands on an old table is named, and all is as before.

    --drop-legacy-columns, then or of a system that is finished already: the columns of runs and steps that hold their old
    ids go as well. The old names do not need them; a consolidation that is under way does, of whatever system. The filter
    `legacy:` and the old history API say from then on that they are gone.

    \b
    Examples:
      mainstem consolidate finish rcm --typed rcm --after-days 14
      mainstem consolidate finish rcm --typed rcm --drop-legacy-columns
    """  # noqa: D301  (click's mark for lines that stay as they are)
    from mainstem.consolidate.life import drop_legacy_columns as drop_columns
    from mainstem.consolidate.life import following, refuse_needed

    with site_of(settings, system, source_url) as site:
        source, phase = site.plan.source, site.plan.phase
        if phase not in ("cut_over", "finished"):
            raise PhaseRefused(
                f"{source} is {phase}, not cut over", hint=f"Next is `{following(site.plan)}`."
            )
        if typed != source:
            raise PhaseRefused(
                f"{typed!r} is not the name of this system", hint=f"Type {source}: there is no way back."
            )
        if drop_legacy_columns:
            refuse_needed(site.conn, finishing=source)
        told = _finished_before(site) if phase == "finished" else _finished(site, typed, after_days)
        columns = drop_columns(site.conn) if drop_legacy_columns else []
    more = f"\ndropped: {', '.join(columns) or 'no column, they were gone'}" if drop_legacy_columns else ""
    say(f"{told.pop('told')}{more}", system=source, columns_dropped=columns, **told)


def _finished_before(site: Site) -> dict[str, Any]:
    """What a killed finish left to do is done."""
    from mainstem.consolidate.life import stop_noting

    stop_noting(site.conn, site.mapping)
    _leave(site)
    return {"told": f"{site.plan.source} was finished before", "dropped": []}


def _finished(site: Site, typed: str, after_days: float) -> dict[str, Any]:
    from mainstem.consolidate.life import finish as end

    program = site.program()
    days, read = _soaked(site, program, after_days)
    site.origin.is_shut(site.mapping)  # it can be reached: what is noted there must end, too
    dropped = end(site.conn, program, typed=typed)
    _leave(site)
    meanwhile = ", ".join(f"{table} {count:,} times" for table, count in read.items()) or "none"
    return {
        "told": f"{site.plan.source} is finished, {days:.1f} days after the cut-over; old tables read meanwhile: {meanwhile}\n"
        f"dropped: {', '.join(dropped)}",
        "days_since_cutover": days,
        "still_read": read,
        "dropped": dropped,
    }


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

"""`mainstem consolidate status`: where it stands, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from mainstem.cli.consolidate.site import site_of, system_argument
from mainstem.cli.output import dumps, json_option, show, wants_json
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.consolidate.life import Standing


@click.command()
@system_argument
@json_option
@click.pass_obj
def status(settings: Settings, system: str) -> None:
    """Show the phase, the next command, what is left, what was set aside, and what a way back would cost now.

    Example: mainstem consolidate status rcm
    """
    from mainstem.consolidate.life import standing

    with site_of(settings, system) as site:
        is_finished = site.plan.phase == "finished"
        found = standing(site.conn, site.plan, None if is_finished else site.program())
    if wants_json():
        click.echo(dumps(found))
    else:
        show({"": name, "now": now} for name, now in _lines(found))


def _lines(found: Standing) -> Iterator[tuple[str, str]]:
    yield "system", found.system
    yield "phase", f"{found.phase.replace('_', ' ')}{', somebody is at it' if found.is_held else ''}"
    yield "next", found.next or "nothing: it is finished"
    yield (
        "backup",
        f"{found.backup['place']}, proved {found.backup['proved_at'][:19]}" if found.backup else "none",
    )
    for one in found.copied:
        yield f"copied: {one.table}", f"{one.copied:,}{f', {one.left:,} left' if one.left else ''}"
    if found.indexes_lacking:
        yield "indexes to be made", f"{', '.join(found.indexes_lacking)}; not with `copy --no-indexes`"
    if found.indexes_made:
        yield "indexes made for the copy", ", ".join(found.indexes_made)
    yield "changes to be folded", f"{found.backlog:,}"
    for aside in found.quarantine:
        yield f"set aside: {aside.table}", f"{aside.rows:,}, {aside.reason}"
    yield "rollback", _way_back(found)
    if found.days_since_cutover is not None:
        yield "cut over", f"{found.days_since_cutover:.1f} days ago"
        read = ", ".join(f"{table} {count:,}" for table, count in found.still_read.items())
        yield "old tables read since", f"{read}; told a minute late, it must not grow" if read else "no"
    if found.phase == "finished":
        kept = f"{', '.join(found.legacy_columns)}; `finish --drop-legacy-columns` drops them"
        yield "columns for old ids", kept if found.legacy_columns else "dropped"


def _way_back(found: Standing) -> str:
    if found.phase == "finished":
        return "from the backup only" if found.backup else "none: there is no backup"
    return f"{len(found.losses):,} values not representable" if found.losses else "lossless"

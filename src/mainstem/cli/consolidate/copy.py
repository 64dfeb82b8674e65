"""`mainstem consolidate copy`: the rows move while old code goes on writing."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mainstem.cli.consolidate.site import Site, site_of, source_url_option, system_argument
from mainstem.cli.output import amounts, json_option, say
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.consolidate.life import Throttle


@click.command()
@system_argument
@source_url_option
@click.option("--throttle-query", metavar="SQL", default="", help="Rest while this gives more than 0.")
@click.option("--pause-above-lag", type=float, metavar="S", help="Rest while a replica lags by more seconds.")
@click.option(
    "--pause-above-age", type=float, metavar="S", help="Rest while a transaction here is older, in seconds."
)
@click.option("--without-backup", metavar="REASON", default="", help="Go without one; the report says why.")
@click.option(
    "--no-indexes", is_flag=True, help="Make none on the old tables, and copy as slowly as that is."
)
@click.option(
    "--connections",
    type=click.IntRange(1, 32),
    default=2,
    show_default=True,
    metavar="N",
    help="How many batches are folded at the same time.",
)
@json_option
@click.pass_obj
def copy(
    settings: Settings,
    system: str,
    *,
    source_url: str | None,
    throttle_query: str,
    pause_above_lag: float | None,
    pause_above_age: float | None,
    without_backup: str,
    connections: int,
    no_indexes: bool,
) -> None:
    """Install the triggers, copy batch after batch, and fold again what was written meanwhile.

    Old code writes on; the longest it waits is one batch of the rows it wants. Interrupted, it is carried on by the next
    call. Where children are looked up by a column without an index, one is made first, CONCURRENTLY: it goes with the old
    table at the finish, or with the copy at `rollback --to planned`. A replica that is not connected has no lag to be seen.

    \b
    Examples:
      mainstem consolidate copy rcm
      mainstem consolidate copy rcm --pause-above-lag 10 --throttle-query "select count(*) from ops.incident"
    """  # noqa: D301  (click's mark for lines that stay as they are)
    from mainstem.consolidate.life import Throttle, refuse_unbacked, refuse_without_rights

    with site_of(settings, system, source_url) as site:
        refuse_without_rights(site.conn, site.mapping)
        refuse_unbacked(site.conn, site.plan, reason=without_backup)
        throttle = Throttle(conn=site.conn, query=throttle_query, lag=pause_above_lag, age=pause_above_age)
        made: list[str] = []
        copied = _copied(site, throttle, connections, with_indexes=not no_indexes, made=made)
    told = ", ".join(f"{table} {count:,}" for table, count in copied.items())
    say(
        f"{''.join(f'made: {one}{chr(10)}' for one in made)}copied: {told}\nnext: mainstem consolidate verify {site.plan.source}",
        system=site.plan.source,
        copied=copied,
        made=made,
    )


def _copied(
    site: Site, throttle: Throttle, connections: int, *, with_indexes: bool, made: list[str]
) -> dict[str, int]:
    from mainstem.consolidate.life import copy as begin
    from mainstem.consolidate.life import migrator

    program = site.program()
    site.origin.follow(site.conn, program.mapping)
    with amounts() as bar, ExitStack() as opened:
        alone = connections == 1
        hands = (
            []
            if alone
            else [opened.enter_context(migrator(site.url, site.plan.source)) for _ in range(connections)]
        )

        def making(what: str) -> None:
            made.append(what)
            bar.at(what, 0, 1)

        return begin(
            site.conn,
            program,
            site.plan,
            hands=hands,
            told=lambda progress: bar.at(progress.table, progress.done, progress.total),
            throttle=replace(throttle, told=bar.resting),
            with_indexes=with_indexes,
            making=making,
        )

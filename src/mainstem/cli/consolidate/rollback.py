"""`mainstem consolidate rollback`: the old names are tables again, with what was written since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mainstem.cli.consolidate.site import Site, site_of, source_url_option, system_argument
from mainstem.cli.output import json_option, say, show, wants_json
from mainstem.errors import BadArgument, PhaseRefused
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.consolidate.compile import Program


@click.command()
@system_argument
@source_url_option
@click.option(
    "--to", "until", type=click.Choice(["copied", "planned"]), default="copied", show_default=True,
    help="planned: drop what was copied too, and all that was installed.",
)  # fmt: skip
@click.option("--accept-loss", is_flag=True, help="Leave behind what the old tables cannot hold.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def rollback(
    settings: Settings, system: str, *, source_url: str | None, until: str, accept_loss: bool, yes: bool
) -> None:
    """Go back. What was written since the cut-over is brought into the old tables, which then have their names again.

    The plan is `copied` afterwards and can go forward again. What the old tables cannot hold is counted first, and nothing is
    done unless --accept-loss says so. Before a cut-over only `--to planned` has something to do.

    \b
    Examples:
      mainstem consolidate rollback rcm
      mainstem consolidate rollback rcm --to planned --yes
    """  # noqa: D301  (click's mark for lines that stay as they are)
    with site_of(settings, system, source_url) as site:
        _refuse_nothing_to_do(site, until)
        program = site.program()
        _ask(site, until, yes=yes)
        lost = _back(site, program, accept_loss=accept_loss) if _is_switched(site) else 0
        if until == "planned":
            _abandon(site)
    say(f"{site.plan.source} is {until} again; {lost} values were left behind", system=site.plan.source, phase=until, lost=lost)  # fmt: skip


def _refuse_nothing_to_do(site: Site, until: str) -> None:
    source, phase = site.plan.source, site.plan.phase
    if phase != "finished" and until != "planned" and not _is_switched(site):
        raise PhaseRefused(
            f"{source} is {phase}: nothing was switched",
            hint=f"`mainstem consolidate rollback {source} --to planned` drops what was copied.",
        )


def _is_switched(site: Site) -> bool:
    """Here; or there only, when a rollback was killed between the two."""
    is_back = bool(site.plan.facts.get("copied", {}).get("rolled_back"))
    return site.plan.phase == "cut_over" or (
        site.plan.phase == "copied" and is_back and site.origin.is_shut(site.mapping)
    )


def _ask(site: Site, until: str, *, yes: bool) -> None:
    if yes:
        return
    if wants_json():
        raise BadArgument("a program cannot be asked", hint="say --yes")
    click.confirm(f"Bring {site.plan.source} back to {until}?", abort=True, err=True)


def _back(site: Site, program: Program, *, accept_loss: bool) -> int:
    lost = site.origin.roll_back(site.conn, program, accept_loss=accept_loss)
    if lost and not wants_json():
        show(
            {"table": one.table, "key": one.key, "column": one.column, "left behind because": one.why}
            for one in lost
        )
    return len(lost)


def _abandon(site: Site) -> None:
    from mainstem.consolidate.life import abandon, compiled, forget, read_plan

    origin = site.origin
    abandon(site.conn, compiled(site.conn, read_plan(site.conn, site.plan.source)))
    origin.let_go(site.conn, site.mapping)
    forget(site.conn, site.plan.source, "server")

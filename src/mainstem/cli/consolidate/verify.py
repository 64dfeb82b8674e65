"""`mainstem consolidate verify`: the proof, both ways, in one snapshot."""

from __future__ import annotations

from typing import Any

import click

from mainstem.cli.consolidate.site import site_of, source_url_option, system_argument
from mainstem.cli.output import json_option, note, show, wants_json
from mainstem.settings import Settings


@click.command()
@system_argument
@source_url_option
@json_option
@click.pass_obj
def verify(settings: Settings, system: str, *, source_url: str | None) -> None:
    """Compare every row: what the old rows become with what is there, and what is there, turned back, with the old rows.

    Writers go on meanwhile. Exit code 4 with the first rows and columns when anything differs; nothing is switched then.

    Example: mainstem consolidate verify rcm
    """
    from mainstem.consolidate.life import verify as begin

    with site_of(settings, system, source_url) as site:
        program = site.program()
        site.origin.follow(site.conn, program.mapping)
        proof = begin(site.conn, program, site.plan)
    show(_row(one) for one in proof.compared)
    if not wants_json():
        note(f"proved in {proof.seconds:.1f} s; {proof.left_out} were being written and are compared later")
        note(f"next: mainstem consolidate cutover {site.plan.source}")


def _row(one: Any) -> dict[str, Any]:
    return {
        "compared": one.name,
        "rows": one.rows,
        "other rows": one.other_rows,
        "": "equal" if one.is_equal else "NOT EQUAL",
    }

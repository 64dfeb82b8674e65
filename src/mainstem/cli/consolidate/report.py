"""`mainstem consolidate report`: one document that a person can sign."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from mainstem.cli.consolidate.site import site_of, system_argument
from mainstem.cli.output import dumps, json_option, wants_json
from mainstem.settings import Settings

_FILE = click.Path(path_type=Path, dir_okay=False, writable=True)


@click.command()
@system_argument
@click.option("--markdown", type=_FILE, help="Write it to this file; to standard output without any file.")
@click.option("--html", type=_FILE, help="Write a page to be printed to this file.")
@json_option
@click.pass_obj
def report(settings: Settings, system: str, *, markdown: Path | None, html: Path | None) -> None:
    """Say what was found, decided, moved, set aside and dropped, what it took, what was proved, and how to go back.

    Example: mainstem consolidate report rcm --html rcm.html
    """
    from mainstem.consolidate.report import as_html, as_markdown, gathered

    with site_of(settings, system) as site:
        found = gathered(site.conn, site.plan)
    if markdown is not None:
        markdown.write_text(as_markdown(found), encoding="utf-8")
    if html is not None:
        html.write_text(as_html(found), encoding="utf-8")
    if wants_json():
        click.echo(dumps({**asdict(found), "is_proved": found.is_proved, "digest": found.digest}))
    elif markdown is None and html is None:
        click.echo(as_markdown(found), nl=False)

"""`mainstem review`: models held against the database that they run on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mainstem.cli.door import server_of
from mainstem.cli.output import json_option, show, wants_json
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.consolidate.review import Review


def _in_a_directory(_context: click.Context, _option: click.Parameter, file: Path | None) -> Path | None:
    """Said before the review, not after."""
    if file is not None and not file.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no directory {file.absolute().parent}")
    return file


@click.command()
@click.argument("models", metavar="MODULE:ATTRIBUTE")
@click.option("--url", help="The database that the code runs on; that of `mainstem --url` without it.")
@click.option("--schema", default="public", show_default=True, help="Where tables are that name no schema.")
@click.option("--tenant-column", default="", help="Tables that have it need row level security, forced.")
@click.option(
    "--markdown",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    callback=_in_a_directory,
    help="Write the checklist to this file.",
)
@json_option
@click.pass_context
def review(
    context: click.Context,
    models: str,
    *,
    url: str | None,
    schema: str,
    tenant_column: str,
    markdown: Path | None,
) -> None:
    """Hold the SQLAlchemy or SQLModel models at MODULE:ATTRIBUTE against their database.

    It reads the catalog only, and writes nothing there. Exit code 1 when something is missing or differs; what only the
    database has leaves it 0.

    Example: mainstem review app.models:Base --url postgresql://db.example/app --markdown review.md
    """
    found = _reviewed(context.obj, models, url, schema, tenant_column)
    if markdown is not None:
        from mainstem.consolidate.review.markdown import checklist

        markdown.write_text(checklist(found), encoding="utf-8")
    _show(found)
    context.exit(0 if found.is_sound else 1)


def _reviewed(settings: Settings, models: str, url: str | None, schema: str, tenant_column: str) -> Review:
    from mainstem.consolidate import review

    metadata = review.metadata_at(models)
    if url is not None:
        return review.review(metadata, url, schema=schema, tenant_column=tenant_column, title=models)
    with server_of(settings) as server:
        return review.review(metadata, server.url, schema=schema, tenant_column=tenant_column, title=models)


def _show(found: Review) -> None:
    findings = [
        {
            "kind": finding.kind.value,
            "object": finding.object,
            "expected": finding.expected,
            "found": finding.found,
            "remedy": finding.remedy,
        }
        for finding in found.findings
    ]
    unseen = [
        {"kind": "not checkable", "object": one.object, "expected": "", "found": one.why, "remedy": ""}
        for one in found.unseen
    ]
    show(findings + unseen, none="as the models declare it")
    if not wants_json():
        counts = Counter(finding.kind.level.value for finding in found.findings)
        told = f"{counts['missing']} missing, {counts['differs']} different, {counts['unused']} unused"
        click.echo(f"{len(found.known)} tables known to both; {told}")

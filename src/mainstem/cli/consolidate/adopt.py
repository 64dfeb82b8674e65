"""`mainstem consolidate adopt`: the mapping, every question answered, becomes the plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mainstem.cli.consolidate.site import environment_url, migrating, source_url_option, text_of
from mainstem.cli.output import json_option, say, steps
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.consolidate.inspect import Inspection, Reader


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--sqlite", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The SQLite file with the old tables, where the mapping's source is one.",
)  # fmt: skip
@source_url_option
@json_option
@click.pass_obj
def adopt(settings: Settings, file: Path, *, sqlite: Path | None, source_url: str | None) -> None:
    """Begin a consolidation with the mapping in FILE, or change the mapping of one that has copied nothing.

    It is compiled against the old tables and ours, and refused where it does not fit. The old tables are looked at for the
    report, and not touched. It works as the URL's login. What rights that lacks is told, as GRANTs, before anything is done
    (docs/consolidate-roles.md).

    A SQLite file, or another server's tables (`source: {kind: remote}`), are landed first: copied as they are into a schema of
    this database, and triggers beside them note what is written from then on. The plan remembers where they are, without a
    password: that comes from --source-url or MAINSTEM_SOURCE_URL each time, or from ~/.pgpass.

    \b
    Examples:
      mainstem consolidate adopt rcm.yaml
      mainstem consolidate adopt history.yaml --sqlite /srv/app/workflow_history.db
      mainstem consolidate adopt rcm.yaml --source-url postgresql://owner@old.example/app
    """  # noqa: D301  (click's mark for lines that stay as they are)
    from mainstem.consolidate.life import adopt as begin
    from mainstem.consolidate.life import (
        following,
        origin_of,
        planned,
        read_plan,
        refuse_without_rights,
        remember,
    )
    from mainstem.consolidate.mapping import read_mapping
    from mainstem.consolidate.report import inspected_facts

    text = text_of(file)
    mapping = read_mapping(text, place=str(file))
    elsewhere = source_url or environment_url(settings, text)
    with migrating(settings, mapping.system) as (conn, url):
        refuse_without_rights(conn, mapping)
        origin = origin_of(mapping, planned(conn, mapping.system), path=sqlite, url=elsewhere)
        origin.land(conn, mapping)
        begin(conn, text)
        remember(conn, mapping.system, **origin.facts)
        with origin.read(mapping, url) as reader:
            remember(conn, mapping.system, found=inspected_facts(_inspected(reader), mapping))
        following_ = following(read_plan(conn, mapping.system))
    told = f"{mapping.system} is planned: {len(mapping.moving)} tables move, {len(mapping.tables) - len(mapping.moving)} stay"
    say(f"{told}\nnext: {following_}", system=mapping.system, tables=[*mapping.moving], next=following_)


def _inspected(reader: Reader) -> Inspection:
    from mainstem.consolidate.inspect import inspect

    survey = reader.survey()
    with steps([table.name for table in survey.tables]) as tell:
        return inspect(reader, survey, tell=tell)

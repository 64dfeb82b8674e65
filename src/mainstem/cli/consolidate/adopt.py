"""`mainstem consolidate adopt`: the mapping, every question answered, becomes the plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mainstem.cli.consolidate.site import migrating, text_of
from mainstem.cli.output import json_option, say, steps
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.consolidate.inspect import Inspection
    from mainstem.consolidate.mapping import Mapping


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@click.pass_obj
def adopt(settings: Settings, file: Path) -> None:
    """Begin a consolidation with the mapping in FILE, or change the mapping of one that has copied nothing.

    It is compiled against the old tables and ours, and refused where it does not fit. The old tables are looked at for the
    report, and not touched. It works as the URL's login, which needs the rights of `mainstem db upgrade`.

    Example: mainstem consolidate adopt rcm.yaml
    """
    from mainstem.consolidate.life import adopt as begin
    from mainstem.consolidate.life import following, read_plan, remember
    from mainstem.consolidate.mapping import read_mapping
    from mainstem.consolidate.report import inspected_facts

    text = text_of(file)
    mapping = read_mapping(text, place=str(file))
    with migrating(settings, mapping.system) as (conn, url):
        begin(conn, text)
        remember(conn, mapping.system, found=inspected_facts(_inspected(url, mapping), mapping))
        following_ = following(read_plan(conn, mapping.system))
    told = f"{mapping.system} is planned: {len(mapping.moving)} tables move, {len(mapping.tables) - len(mapping.moving)} stay"
    say(f"{told}\nnext: {following_}", system=mapping.system, tables=[*mapping.moving], next=following_)


def _inspected(url: str, mapping: Mapping) -> Inspection:
    from mainstem.consolidate.inspect import inspect, postgres

    with postgres(url, schema=mapping.old_schema) as reader:
        survey = reader.survey()
        with steps([table.name for table in survey.tables]) as tell:
            return inspect(reader, survey, tell=tell)

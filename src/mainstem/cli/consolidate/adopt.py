"""`mainstem consolidate adopt`: the mapping, every question answered, becomes the plan."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mainstem.cli.consolidate.site import migrating, text_of
from mainstem.cli.output import json_option, say, steps
from mainstem.errors import BadArgument
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.consolidate.inspect import Inspection, Reader
    from mainstem.consolidate.mapping import Mapping


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--sqlite", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The SQLite file with the old tables, where the mapping's source is one.",
)  # fmt: skip
@json_option
@click.pass_obj
def adopt(settings: Settings, file: Path, *, sqlite: Path | None) -> None:
    """Begin a consolidation with the mapping in FILE, or change the mapping of one that has copied nothing.

    It is compiled against the old tables and ours, and refused where it does not fit. The old tables are looked at for the
    report, and not touched. It works as the URL's login, which needs the rights of `mainstem db upgrade`.

    A SQLite file is landed first: its tables are copied as they are into a schema of this database, and triggers in the
    file note what is written from then on.

    \b
    Examples:
      mainstem consolidate adopt rcm.yaml
      mainstem consolidate adopt history.yaml --sqlite /srv/app/workflow_history.db
    """  # noqa: D301  (click's mark for lines that stay as they are)
    from mainstem.consolidate.life import adopt as begin
    from mainstem.consolidate.life import following, read_plan, remember
    from mainstem.consolidate.life.file import land_file
    from mainstem.consolidate.mapping import read_mapping
    from mainstem.consolidate.report import inspected_facts

    text = text_of(file)
    mapping = read_mapping(text, place=str(file))
    _refuse_other_source(mapping, sqlite)
    with migrating(settings, mapping.system) as (conn, url):
        if sqlite is not None:
            land_file(conn, mapping, sqlite)
        begin(conn, text)
        remember(conn, mapping.system, found=inspected_facts(_inspected(url, mapping, sqlite), mapping))
        if sqlite is not None:
            remember(conn, mapping.system, file=str(sqlite.resolve()))
        following_ = following(read_plan(conn, mapping.system))
    told = f"{mapping.system} is planned: {len(mapping.moving)} tables move, {len(mapping.tables) - len(mapping.moving)} stay"
    say(f"{told}\nnext: {following_}", system=mapping.system, tables=[*mapping.moving], next=following_)


def _refuse_other_source(mapping: Mapping, sqlite: Path | None) -> None:
    if (mapping.source.kind == "sqlite") != (sqlite is not None):
        raise BadArgument(
            f"the mapping's source is of kind {mapping.source.kind}",
            hint="say --sqlite FILE for a file, and nothing for tables of this database",
        )


def _inspected(url: str, mapping: Mapping, file: Path | None) -> Inspection:
    from mainstem.consolidate.inspect import inspect, postgres, sqlite

    opened: AbstractContextManager[Reader] = (
        postgres(url, schema=mapping.old_schema) if file is None else sqlite(file)
    )
    with opened as reader:
        survey = reader.survey()
        with steps([table.name for table in survey.tables]) as tell:
            return inspect(reader, survey, tell=tell)

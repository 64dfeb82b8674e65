"""`mainstem consolidate limits`: where old code does what the old names cannot do once they are views."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mainstem.cli.consolidate.site import (
    migrating,
    site_of,
    source_url_option,
    text_of,
)
from mainstem.cli.door import server_of
from mainstem.cli.output import json_option, note, show, wants_json
from mainstem.errors import BadArgument
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.consolidate.life.limits import Found
    from mainstem.consolidate.mapping import Mapping


@click.command()
@click.argument("mapping")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--statistics", is_flag=True, help="Ask the old tables' server what it was seen to run, too.")
@source_url_option
@json_option
@click.pass_context
def limits(
    context: click.Context, mapping: str, paths: tuple[Path, ...], *, statistics: bool, source_url: str | None
) -> None:
    """Look through old code for the few things that work on a table and not on a view. Exit code 1 when there are any.

    MAPPING is the file, or the system of a plan. PATHS are files and directories: of .sql everything but comments is read, of .py
    the strings that look like SQL, of other text everything. --statistics reads pg_stat_statements of the database with the old
    tables; a SQLite file has none.

    \b
    Examples:
      mainstem consolidate limits rcm.yaml src migrations
      mainstem consolidate limits rcm --statistics
    """  # noqa: D301  (click's mark for lines that stay as they are)
    from mainstem.consolidate.life.old_code import look_through

    if not paths and not statistics:
        raise BadArgument(
            "there is nothing to look through", hint="name files or directories, or say --statistics"
        )
    settings: Settings = context.obj
    said = _mapping(settings, mapping)
    looked = look_through(paths, said)
    found, files = looked.found, looked.files
    statements = 0
    if statistics:
        remembered, statements = _remembered(settings, said, source_url)
        found = [*found, *remembered]
    show((_row(one) for one in found), none="nothing found")
    if not wants_json():
        passed = f"; {len(looked.passed_by)} are no text" if looked.passed_by else ""
        asked = f", {statements:,} statements" if statistics else ""
        note(f"looked through {files:,} files{asked}{passed}")
    context.exit(1 if found else 0)


def _mapping(settings: Settings, named: str) -> Mapping:
    from mainstem.consolidate.mapping import read_mapping

    if Path(named).is_file():
        return read_mapping(text_of(Path(named)), place=named)
    if named.endswith((".yaml", ".yml")):
        raise BadArgument(f"there is no file {named}", hint="name a mapping, or the system of a plan")
    with site_of(settings, named) as site:
        return site.mapping


def _remembered(settings: Settings, mapping: Mapping, source_url: str | None) -> tuple[list[Found], int]:
    from mainstem.consolidate.life import origin_of, planned
    from mainstem.consolidate.life.old_code import statements_remembered
    from mainstem.consolidate.sources.postgres import reading

    if mapping.source.kind == "sqlite":
        raise BadArgument("a SQLite file counts no statements", hint="give the old code's files")
    if mapping.source.kind == "remote":
        url = source_url or settings.source_url
        if url is None:
            with migrating(settings, mapping.system) as (conn, _):
                url = origin_of(mapping, planned(conn, mapping.system)).facts["server"]
        with reading(url) as conn:
            return statements_remembered(conn, mapping)
    with server_of(settings) as server, reading(server.url) as conn:
        return statements_remembered(conn, mapping)


def _row(one: Found) -> dict[str, Any]:
    where = f"{one.place}:{one.line}"
    if wants_json():
        return {
            "place": one.place, "line": one.line, "limit": one.limit.name, "table": one.table, "text": one.text,
            "sqlstate": one.limit.sqlstate, "instead": one.limit.instead,
        }  # fmt: skip
    return {
        "where": where,
        "limit": one.limit.name,
        "table": one.table,
        "text": one.text,
        "instead": one.limit.instead,
    }

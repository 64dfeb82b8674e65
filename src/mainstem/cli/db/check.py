"""`mainstem db check`: whether the schema is as it was installed."""

from __future__ import annotations

import click

from mainstem.cli.door import login, server_of
from mainstem.cli.output import json_option, show
from mainstem.errors import SchemaDrifted
from mainstem.ledger.catalog import Drift, drifts, refuse_misfit
from mainstem.postgres.connect import Connection
from mainstem.settings import Settings


@click.command()
@click.option("--sql", is_flag=True, help="Print only the statements that repair it.")
@json_option
@click.pass_context
def check(context: click.Context, sql: bool) -> None:
    """Compare the schema with what was installed. Exit code 5 when it differs, or does not fit this version.

    Example: mainstem db check --sql > repair.sql
    """
    settings: Settings = context.obj
    with server_of(settings) as server, login(server) as conn:
        found = _drifts(conn)
    if sql:
        click.echo("".join(f"{_statement(drift)}\n" for drift in found), nl=False)
    else:
        show((_row(drift) for drift in found), none="as it was installed")
    context.exit(SchemaDrifted.exit_code if found else 0)


def _drifts(conn: Connection) -> list[Drift]:
    """Raises what else does not fit: SchemaMissing, SchemaOlder, SchemaNewer."""
    try:
        refuse_misfit(conn)
    except SchemaDrifted:
        return drifts(conn)
    return []


def _row(drift: Drift) -> dict[str, str]:
    return {
        "object": drift.object,
        "what": "gone" if drift.found is None else "changed",
        "remedy": drift.remedy,
    }


def _statement(drift: Drift) -> str:
    """What is not repaired by a statement stands in a comment."""
    return drift.remedy if ";" in drift.remedy else f"-- {drift.object}: {drift.remedy}"

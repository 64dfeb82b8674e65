"""`mainstem db doctor`: what is, or will soon be, wrong with a ledger that runs."""

from __future__ import annotations

import click

from mainstem.cli.door import login, server_of
from mainstem.cli.output import json_option, show
from mainstem.errors import DatabaseError
from mainstem.ledger.doctor import Finding, Level, examine
from mainstem.settings import Settings


@click.command()
@json_option
@click.pass_context
def doctor(context: click.Context) -> None:
    """Examine the ledger, its workers and its server. Exit code 5 when something is bad; a warning leaves it 0.

    Example: mainstem db doctor --json
    """
    settings: Settings = context.obj
    with server_of(settings) as server, login(server) as conn:
        found = examine(conn, embedded=server.embedded)
    show(_row(finding) for finding in found)
    context.exit(DatabaseError.exit_code if any(finding.level is Level.BAD for finding in found) else 0)


def _row(finding: Finding) -> dict[str, str]:
    return {
        "": finding.level.value,
        "examined": finding.name,
        "found": finding.what,
        "remedy": finding.remedy,
    }

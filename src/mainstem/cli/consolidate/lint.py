"""`mainstem consolidate lint`: what a migration would lose, lock or invent."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from mainstem.cli.output import json_option, note, show, wants_json
from mainstem.consolidate.lint import Dialect, Finding, Severity, squawk
from mainstem.consolidate.lint import lint as examined


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--url", help="The database that they are meant for, only read: postgresql://… or a SQLite file."
)
@click.option(
    "--dialect", type=click.Choice([*Dialect]), help="Whose SQL it is; guessed from the text without it."
)
@click.option("--one-transaction", is_flag=True, help="The runner puts one transaction round each file.")
@json_option
@click.pass_context
def lint(
    context: click.Context,
    files: tuple[Path, ...],
    url: str | None,
    dialect: str | None,
    one_transaction: bool,
) -> None:
    """Examine SQL files, Alembic revisions, Python and shell programs. Exit code 1 when a finding is an error.

    A hazard that is meant is allowed beside its statement: -- mainstem: allow D21 because the table is a cache

    \b
    Example:
      mainstem consolidate lint next.sql --url postgresql://reader@db/app
      alembic upgrade head --sql | mainstem consolidate lint /dev/stdin
    """  # noqa: D301  (click's mark for lines that stay as they are)
    chosen = Dialect(dialect) if dialect else None
    found = examined(files, url=url, dialect=chosen, one_transaction=one_transaction)
    show((asdict(each) if wants_json() else _row(each) for each in found), none="nothing found")
    if squawk() is None:
        note(
            "squawk is not installed: its rules about locks were not asked (pip install squawk-cli)",
            squawk=False,
        )
    errors = sum(finding.severity is Severity.ERROR for finding in found)
    context.exit(1 if errors else 0)


def _row(finding: Finding) -> dict[str, Any]:
    """As people read it; programs get every field."""
    return {
        "severity": finding.severity.value,
        "rule": finding.rule,
        "place": finding.place,
        "rows": finding.rows,
        "what": finding.message,
        "instead": finding.remedy,
    }

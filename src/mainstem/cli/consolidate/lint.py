"""`mainstem consolidate lint`: what a migration would lose, lock or invent."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from mainstem.cli.consolidate.site import migrating, text_of
from mainstem.cli.output import json_option, note, show, wants_json
from mainstem.consolidate.lint import Dialect, Finding, Severity, examine_mapping, squawk
from mainstem.consolidate.lint import lint as examined
from mainstem.settings import Settings

MAPPING = (".yaml", ".yml")


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
    """Examine SQL files, Alembic revisions, Python and shell programs, and mappings (.yaml). Exit code 1 on an error.

    A mapping is asked of the old tables as they are now, in the database of --url or of `mainstem --url`.

    A hazard that is meant is allowed beside its statement: -- mainstem: allow D21 because the table is a cache

    \b
    Example:
      mainstem consolidate lint next.sql --url postgresql://reader@db/app
      mainstem consolidate lint rcm.yaml
      alembic upgrade head --sql | mainstem consolidate lint /dev/stdin
    """  # noqa: D301  (click's mark for lines that stay as they are)
    chosen = Dialect(dialect) if dialect else None
    mappings = [file for file in files if file.suffix in MAPPING]
    others = [file for file in files if file.suffix not in MAPPING]
    found = examined(others, url=url, dialect=chosen, one_transaction=one_transaction) if others else []
    for file in mappings:
        found += _of_mapping(context.obj, file, url)
    show((asdict(each) if wants_json() else _row(each) for each in found), none="nothing found")
    if others and squawk() is None:
        note(
            "squawk is not installed: its rules about locks were not asked (pip install squawk-cli)",
            squawk=False,
        )
    errors = sum(finding.severity is Severity.ERROR for finding in found)
    context.exit(1 if errors else 0)


def _of_mapping(settings: Settings, file: Path, url: str | None) -> list[Finding]:
    from mainstem.consolidate.compile import compile_mapping
    from mainstem.consolidate.life import mapping_facts
    from mainstem.consolidate.mapping import read_mapping

    mapping = read_mapping(text_of(file), place=str(file))
    with migrating(replace(settings, url=url or settings.url), mapping.system) as (conn, _):
        return examine_mapping(mapping_facts(conn, compile_mapping(mapping, conn), str(file)))


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

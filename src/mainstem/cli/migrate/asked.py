"""What every verb of `migrate` is asked for: a database, a migration, and where its state is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mainstem.cli.output import json_option, show, span

if TYPE_CHECKING:
    from mainstem.consolidate.migrate.findings import Finding

PLACE = Path("mainstem-migrations")
_PATH = click.Path(path_type=Path)


def work_options(command: Callable[..., None]) -> Callable[..., None]:
    """Hands the command its `Work`; what the database refuses comes out as an error of ours."""

    @click.argument("database")
    @click.argument("migration")
    @click.option("--config", type=_PATH, help="Alembic's configuration, for a revision.  [alembic.ini]")
    @click.option("--dir", "place", type=_PATH, help="State and backups.  [mainstem-migrations/MIGRATION]")
    @click.option("--accept", "accepted", multiple=True, metavar="RULE", help="Let what this rule finds pass.")  # fmt: skip
    @click.option("--scratch", metavar="URL", help="Another PostgreSQL server, for the copies.")
    @json_option
    @wraps(command)
    def asked(
        database: str,
        migration: str,
        *,
        config: Path | None,
        place: Path | None,
        accepted: tuple[str, ...],
        scratch: str | None,
        **others: Any,
    ) -> None:
        from mainstem.consolidate.backup.target import reported, target_of
        from mainstem.consolidate.migrate.migration import migration_of
        from mainstem.consolidate.migrate.verbs import Work

        found = migration_of(migration, config)
        work = Work(
            target=target_of(database),
            migration=found,
            place=place or PLACE / found.name,
            accepted=frozenset(accepted),
            scratch=scratch,
        )
        with reported():
            command(work, **others)

    return asked


def show_findings(findings: list[Finding], *, none: str) -> None:
    show((_row(finding) for finding in findings), none=none)


def _row(finding: Finding) -> dict[str, Any]:
    return {
        "": "bad" if finding.is_error else "warn",
        "rule": finding.rule,
        "place": finding.place,
        "rows": finding.rows,
        "found": finding.message,
        "remedy": finding.remedy,
    }


def measures(done: Any) -> Iterator[dict[str, Any]]:
    """Statements with their times and locks, as a table."""
    for measure in done:
        yield {
            "line": measure.line or "",
            "statement": measure.text,
            "took": span(measure.milliseconds),
            "locks exclusively": ", ".join(measure.exclusive),
        }

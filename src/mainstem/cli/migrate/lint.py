"""`mainstem migrate lint`: what speaks against a migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mainstem.cli.migrate.asked import show_findings, work_options
from mainstem.errors import MigrationUnsafe

if TYPE_CHECKING:
    from mainstem.consolidate.migrate.verbs import Work


@click.command()
@work_options
def lint(work: Work) -> None:
    """Say what of the migration loses rows, columns or the way back. Exit code 4 when it would be refused.

    Example: mainstem migrate lint history.db 005_rename_temporal_columns.sql
    """
    from mainstem.consolidate.migrate import verbs
    from mainstem.consolidate.migrate.findings import refused

    findings = verbs.lint(work)
    show_findings(findings, none="nothing speaks against it")
    click.get_current_context().exit(MigrationUnsafe.exit_code if refused(findings, work.accepted) else 0)

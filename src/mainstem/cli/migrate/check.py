"""`mainstem migrate check`: whether everything is still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mainstem.cli.migrate.asked import show_findings, work_options
from mainstem.errors import ChecksFailed

if TYPE_CHECKING:
    from mainstem.consolidate.migrate.verbs import Work


@click.command()
@work_options
def check(work: Work) -> None:
    """Compare the database with what it was when the migration was applied, or rehearsed. Exit code 4 when it lacks anything.

    Example: mainstem migrate check history.db 006_add_scoring_version.sql
    """
    from mainstem.consolidate.migrate import verbs

    findings = verbs.check(work)
    show_findings(findings, none="everything is there")
    click.get_current_context().exit(ChecksFailed.exit_code if findings else 0)

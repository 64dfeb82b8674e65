"""`mainstem migrate check`: whether everything is still there."""

from __future__ import annotations

import click

from mainstem.cli.migrate.asked import show_findings, work_options
from mainstem.consolidate.migrate import verbs
from mainstem.errors import ChecksFailed


@click.command()
@work_options
def check(work: verbs.Work) -> None:
    """Compare the database with what it was when the migration was applied, or rehearsed. Exit code 4 when it lacks anything.

    Example: mainstem migrate check history.db 006_add_scoring_version.sql
    """
    findings = verbs.check(work)
    show_findings(findings, none="everything is there")
    click.get_current_context().exit(ChecksFailed.exit_code if findings else 0)

"""`mainstem migrate …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.migrate.apply import apply
from mainstem.cli.migrate.backup import backup
from mainstem.cli.migrate.check import check
from mainstem.cli.migrate.lint import lint
from mainstem.cli.migrate.rehearse import rehearse
from mainstem.cli.migrate.rename import rename
from mainstem.cli.migrate.rollback import rollback


@click.group()
def migrate() -> None:
    """Make the next migration of any PostgreSQL or SQLite database safe: one SQL file, or one Alembic revision.

    DATABASE is a URL (postgresql://…) or a SQLite file; MIGRATION a .sql file, or a revision of --config.
    Each verb does what is missing before it, and can be killed and run again.

    Example: mainstem migrate apply history.db 006_add_scoring_version.sql
    """


for command in (lint, backup, rehearse, apply, check, rollback, rename):
    migrate.add_command(command)

"""`mainstem migrate …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.named import Named

VERBS = {
    "apply": "Apply the migration, backed up and rehearsed before; taken back when anything is missing afterwards.",
    "backup": "Take a backup of the whole database, and prove it: restored elsewhere, it holds the same.",
    "check": "Compare the database with what it was when the migration was applied, or rehearsed.",
    "lint": "Say what of the migration loses rows, columns or the way back.",
    "rehearse": "Run the migration on a copy: how long each statement takes, what it locks, and whether anything is missing then.",
    "rename": "Print the migration that renames column OLD of TABLE to NEW, with a view that answers to both names.",
    "rollback": "Put the backup back, whole or not at all, and compare it.",
}


@click.group(cls=Named, package=__name__, verbs=VERBS)
def migrate() -> None:
    """Make the next migration of any PostgreSQL or SQLite database safe: one SQL file, or one Alembic revision.

    DATABASE is a URL (postgresql://…) or a SQLite file; MIGRATION a .sql file, or a revision of --config.
    Each verb does what is missing before it, and can be killed and run again.

    Example: mainstem migrate apply history.db 006_add_scoring_version.sql
    """

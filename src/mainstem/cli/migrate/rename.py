"""`mainstem migrate rename`: the script that renames a column and keeps its old name alive."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("database")
@click.argument("table")
@click.argument("old")
@click.argument("new")
@click.option("--output", type=click.Path(path_type=Path), help="Write the script here.")
def rename(database: str, table: str, old: str, new: str, *, output: Path | None) -> None:
    """Print the migration that renames column OLD of TABLE to NEW, with a view that answers to both names.

    It changes nothing itself: give the script to the other verbs.

    Example: mainstem migrate rename history.db workflow_history submission_hour hour_of_day --output 007_hour.sql
    """
    from mainstem.consolidate.backup.target import reported, target_of
    from mainstem.consolidate.migrate.rename import script

    with reported():
        text = script(target_of(database), table, old, new)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")

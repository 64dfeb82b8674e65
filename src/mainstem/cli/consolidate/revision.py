"""`mainstem consolidate revision`: the consolidation as a revision of a team's own Alembic history."""

from __future__ import annotations

from pathlib import Path

import click

from mainstem.cli.consolidate.site import text_of
from mainstem.cli.output import json_option, say


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--versions", required=True, type=click.Path(path_type=Path), metavar="DIR",
    help="The folder with the team's revisions.",
)  # fmt: skip
@click.option("--after", metavar="REV", default="", help="The head that it follows, where there are several.")
@click.option("--without-backup", metavar="REASON", default="", help="Go without one; the report says why.")
@json_option
def revision(file: Path, *, versions: Path, after: str, without_backup: str) -> None:
    """Write the consolidation with the mapping in FILE as a revision for Alembic, the mapping beside it. Nothing else is touched.

    `alembic upgrade` then adopts, copies, verifies and switches, `alembic downgrade` goes back. What was done before is not
    done again: where much is to be copied, copy with `mainstem consolidate copy`, and leave the revision the switch. Where
    the old tables are filled it wants a backup, as `copy` does.

    \b
    Examples:
      mainstem consolidate revision rcm.yaml --versions alembic/versions
      mainstem consolidate revision rcm.yaml --versions alembic/versions --after 3f2a
    """  # noqa: D301  (click's mark for lines that stay as they are)
    from mainstem.consolidate.revision import write

    made = write(
        text_of(file), versions, place=str(file), after=after, without_backup=without_backup
    )  # fmt: skip
    say(
        f"{made.file}: revision {made.revision}, after {made.after or 'none'}; the mapping is beside it\n"
        f"next: mainstem consolidate adopt {file}, and a backup; then alembic upgrade head",
        revision=made.revision,
        after=made.after,
        file=str(made.file),
        mapping=str(made.mapping),
    )

"""`mainstem db sql`: the installation for who installs by hand."""

from __future__ import annotations

import click


@click.command()
def sql() -> None:
    """Print the whole installation for an empty database. It asks no server.

    Example: mainstem db sql | psql -f - "$URL"
    """
    from mainstem.ledger.install import installation_script

    click.echo(installation_script(), nl=False)

"""`mainstem db upgrade`: bring the database to this version's schema."""

from __future__ import annotations

import click

from mainstem.cli.door import login, server_of
from mainstem.cli.output import json_option, say, steps
from mainstem.ledger.catalog import CODE
from mainstem.settings import Settings


@click.command()
@json_option
@click.pass_obj
def upgrade(settings: Settings) -> None:
    """Install the schema, or bring it to this version. It works as the URL's login, in one transaction.

    Example: mainstem --url postgresql://admin@db.example/app db upgrade
    """
    from mainstem.ledger import install

    with server_of(settings) as server, login(server) as conn, steps(install.STEPS) as tell:
        before = install.upgrade(conn, tell=tell)
    say(_told(before), before=before, installed=CODE)


def _told(before: int | None) -> str:
    match before:
        case None:
            return f"installed, code {CODE}"
        case 1:
            return f"code {CODE}, functions and views installed anew"
        case _:
            return f"code {CODE}, from {before}"

"""`mainstem keys create`: a new key, shown once."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, note, say
from mainstem.ledger import keys
from mainstem.settings import Settings


@click.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(keys.ROLES),
    default="viewer",
    show_default=True,
    help="viewer reads; operator starts runs and asks things of them too; admin does everything.",
)
@click.option("--days", type=int, help="How long it is good for; without end without it.")
@click.option("--user", "user_id", type=click.UUID, help="The user that it acts for.")
@json_option
@click.pass_obj
def create(settings: Settings, name: str, role: str, days: int | None, user_id: UUID | None) -> None:
    """Make a key called NAME and print it, this once. The ledger keeps its hash.

    Example: mainstem keys create 'nightly import' --role operator --days 90
    """
    minted = keys.mint()
    asked = keys.create_key(minted, name=name, role=role, user_id=user_id, days=days)
    with ledger_of(settings) as perform:
        made = perform(
            asked,
            lambda made: did("keys.create", made.key_id, prefix=made.prefix, name=name, role=role, days=days),
        )
    say(minted.text, key=minted.text, **asdict(made))
    note(f"send it as `Authorization: Bearer …`; end it with `mainstem keys revoke {made.key_id}`")

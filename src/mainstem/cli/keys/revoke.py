"""`mainstem keys revoke`: end a key."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.ledger import keys
from mainstem.settings import Settings


@click.command()
@click.argument("key_id", type=click.UUID)
@json_option
@click.pass_obj
def revoke(settings: Settings, key_id: UUID) -> None:
    """Let nobody in with KEY_ID any more. Revoked again it keeps its first time.

    Example: mainstem keys revoke 3f0c5a8e-7d3b-4c0a-9a55-0b1d6f2e8c11
    """
    with ledger_of(settings) as perform:
        revoked = perform(
            keys.revoke_key(key_id), lambda revoked: did("keys.revoke", key_id, prefix=revoked.prefix)
        )
    say(f"{revoked.prefix}… ({revoked.name}) lets nobody in", **asdict(revoked))

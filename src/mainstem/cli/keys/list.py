"""`mainstem keys list`: the tenant's keys."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

import click

from mainstem.cli.door import ledger_of
from mainstem.cli.output import json_option, note, show, wants_json
from mainstem.ledger import keys
from mainstem.ledger.keys import Key
from mainstem.settings import Settings


@click.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", type=click.UUID, help="Go on from a page: what it ended with.")
@json_option
@click.pass_obj
def list_(settings: Settings, limit: int, after: UUID | None) -> None:
    """Show the tenant's keys, latest first: what each is recognised by, and when it was last used.

    Example: mainstem keys list --json
    """
    with ledger_of(settings) as perform:
        page = perform(keys.list_keys(limit=limit, after=after))
    show((_row(key) for key in page.keys), none="no keys; mainstem keys create NAME")
    if page.next is not None:
        note(f"more: mainstem keys list --after {page.next}", next=page.next)


def _row(key: Key) -> dict[str, Any]:
    if wants_json():
        return asdict(key)
    return {
        "key": str(key.key_id),
        "begins": key.prefix,
        "name": key.name,
        "role": key.role,
        "created": key.created_at,
        "expires": key.expires_at,
        "last used": key.last_used_at,
        "revoked": key.revoked_at,
    }

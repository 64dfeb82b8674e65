"""`mainstem queues list`: what is limited."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from mainstem.cli.door import ledger_of
from mainstem.cli.output import json_option, show, wants_json
from mainstem.ledger.queues import LimitedQueue, list_queues
from mainstem.settings import Settings


@click.command("list")
@json_option
@click.pass_obj
def list_(settings: Settings) -> None:
    """Show the queues that have limits, or are paused.

    Example: mainstem queues list
    """
    with ledger_of(settings) as ask:
        found = ask(list_queues())
    show((_row(queue) for queue in found), none="no queue has limits; `mainstem queues limit` gives some")


list = list_  # noqa: A001  (the verb's name)


def _row(queue: LimitedQueue) -> dict[str, Any]:
    if wants_json():
        return asdict(queue)
    return {
        "queue": queue.queue,
        "running": queue.max_running,
        "per key": queue.per_key_running,
        "rate": "" if queue.rate_count is None else f"{queue.rate_count} in {queue.rate_per}",
        "paused": queue.paused_at,
    }

"""`mainstem queues limit`: how much of a queue is in work."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.cli.span import Span
from mainstem.errors import BadArgument
from mainstem.ledger.queues import Limits, put_limits
from mainstem.settings import Settings


@click.command()
@click.argument("queue")
@click.option("--running", type=click.IntRange(0), help="Runs that workers have at once.")
@click.option("--per-key", type=click.IntRange(1), help="Of those with the same concurrency key.")
@click.option("--rate", metavar="COUNT/SPAN", help="Runs that begin in a time: 100/1m.")
@json_option
@click.pass_obj
def limit(
    settings: Settings, queue: str, *, running: int | None, per_key: int | None, rate: str | None
) -> None:
    """Give QUEUE these limits, and no others.

    They hold for all tenants and all workers together, from the next run that is claimed.

    \b
    Examples:
      mainstem queues limit scans --running 20
      mainstem queues limit mail --rate 100/1m --per-key 1
    """  # noqa: D301  (click's mark for lines that stay as they are)
    count, span = (None, None) if rate is None else _rate(rate)
    limits = Limits(max_running=running, per_key_running=per_key, rate_count=count, rate_per=span)
    if limits == Limits():
        raise BadArgument("no limit is given", hint="mainstem queues lift QUEUE takes them away")
    with ledger_of(settings) as ask:
        put = ask(put_limits(queue, limits), did("queues.limit", queue, **asdict(limits)))
    say(f"{queue} is limited", **asdict(put))


def _rate(text: str) -> tuple[int, timedelta]:
    count, _, span = text.partition("/")
    try:
        return int(count), Span().convert(span, None, None)
    except (ValueError, click.BadParameter) as refusal:
        raise BadArgument(
            f"--rate: {text!r} is no count and span", hint="--rate 100/1m, --rate 5/1s"
        ) from refusal

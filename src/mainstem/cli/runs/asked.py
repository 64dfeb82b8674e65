"""Asked: a filter as it is typed, and the options that say a part of it in another way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from mainstem.cli.runs.completed import filter_completed
from mainstem.cli.runs.moment import Moment
from mainstem.ledger.search import Field, Query, parsed
from mainstem.ledger.search import filters as values
from mainstem.ledger.search.filters import Compared, Text
from mainstem.model import RunStatus

Command = TypeVar("Command", bound=Callable[..., Any])

_KEYS = {"status": "status", "workflow": "workflow", "channel": "channel", "external_id": "ext"}


def filter_options(command: Command) -> Command:
    """QUERY…, and --status, --workflow, --channel, --external-id, --since and --before, which add to it."""
    for decorate in reversed((
        click.argument("query", nargs=-1, shell_complete=filter_completed),
        click.option("--status", type=click.Choice([status.value for status in RunStatus])),
        click.option("--workflow", help="By its name."),
        click.option("--channel"),
        click.option("--external-id"),
        click.option("--since", type=Moment(), help="Begun then or later: 2026-03-01, or 2h for two hours ago."),
        click.option("--before", type=Moment(), help="Begun earlier."),
    )):  # fmt: skip
        command = decorate(command)
    return command


def query_of(
    query: tuple[str, ...], since: datetime | None, before: datetime | None, **options: str | None
) -> Query:
    """Raises FilterUnreadable."""
    told = [
        Field(_KEYS[name], (Compared(Text(value)),)) for name, value in options.items() if value is not None
    ]
    for by, at in ((">=", since), ("<", before)):
        if at is not None:
            told.append(Field("created", (Compared(values.Moment(at), by),)))  # type: ignore[arg-type]
    return Query((*parsed(" ".join(query)).terms, *told))

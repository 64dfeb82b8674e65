"""The source: the options that name it, and its inspection with a bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from mainstem.cli.door import server_of
from mainstem.cli.output import steps
from mainstem.consolidate.inspect import Inspection, Limits, Reader, inspect, postgres, sqlite
from mainstem.errors import BadArgument
from mainstem.ledger.call import translated_errors
from mainstem.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Source:
    """What the options say. Neither a file nor a URL: the database that the ledger is in."""

    sqlite: Path | None
    source: str | None
    schema: str
    whole: int
    timeout: float

    @property
    def limits(self) -> Limits:
        return Limits(whole_rows=self.whole, statement_seconds=self.timeout)


def source_options(command: Command) -> Command:
    """`--sqlite`, `--source`, `--schema`, `--whole`, `--timeout`."""
    for option in (
        click.option("--timeout", type=float, default=30, show_default=True, help="Seconds for one look."),
        click.option(
            "--whole",
            type=click.IntRange(min=1),
            default=Limits().whole_rows,
            show_default=True,
            help="Tables with more rows are sampled.",
        ),
        click.option(
            "--schema", default="public", show_default=True, help="Of PostgreSQL: where the tables are."
        ),
        click.option(
            "--source",
            "--source-url",
            "source",
            metavar="URL",
            help="PostgreSQL elsewhere; the ledger's own database without it.",
        ),
        click.option("--sqlite", type=click.Path(path_type=Path), help="A SQLite file instead."),
    ):
        command = option(command)
    return command


def inspected(settings: Settings, source: Source) -> Inspection:
    """What is there. Nothing is written, and no lock is held that anybody would wait for."""
    with _reader(settings, source) as reader, translated_errors():
        survey = reader.survey()
        with steps([table.name for table in survey.tables]) as tell:
            return inspect(reader, survey, tell=tell)


@contextmanager
def _reader(settings: Settings, source: Source) -> Iterator[Reader]:
    if source.sqlite is not None and source.source is not None:
        raise BadArgument("--sqlite and --source name two sources", hint="give one of them")
    if source.sqlite is not None:
        with sqlite(source.sqlite, limits=source.limits) as file:
            yield file
    elif source.source is not None:
        with postgres(source.source, schema=source.schema, limits=source.limits) as database:
            yield database
    else:
        with (
            server_of(settings) as server,
            postgres(server.url, schema=source.schema, limits=source.limits) as own,
        ):
            yield own

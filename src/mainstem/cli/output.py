"""Output: the same values as a table for people, or as JSON, a line for each, for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

Command = TypeVar("Command", bound=Callable[..., Any])
Row = Mapping[str, Any]

_JSON = "mainstem.json"
_COLOURS = {
    **dict.fromkeys(("completed", "ok", "live"), "green"),
    **dict.fromkeys(("failed", "timeout", "bad", "error"), "red"),
    **dict.fromkeys(("cancelled", "skipped", "warn", "warning", "paused"), "yellow"),
    **dict.fromkeys(("running", "waiting"), "cyan"),
}


def json_option(command: Command) -> Command:
    """`--json`, for the group and for each command: whichever is given counts for all."""

    def chosen(context: click.Context, _option: click.Parameter, value: bool) -> None:
        if value:
            context.find_root().meta[_JSON] = True

    decorate = click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=chosen,
        help="JSON instead of tables, errors too.",
    )
    return decorate(command)


def wants_json(context: click.Context | None = None) -> bool:
    """Whether the one who asked is a program."""
    return bool((context or click.get_current_context()).find_root().meta.get(_JSON))


def show(rows: Iterable[Row], *, title: str = "", none: str = "none") -> None:
    """Rows with the same columns: a line of JSON each, or a table; `none` is what people read in place of no rows."""
    found = list(rows)
    if wants_json():
        for row in found:
            click.echo(dumps(row))
    elif found:
        console().print(_table(found, title))
    else:
        click.echo(none)


def say(sentence: str, **facts: Any) -> None:
    """A sentence for people; its facts, as one object, for programs."""
    click.echo(dumps(facts) if wants_json() else sentence)


def note(sentence: str, **facts: Any) -> None:
    """As `say`, beside the output: on standard error."""
    click.echo(dumps(facts) if wants_json() else sentence, err=True)


def dumps(value: Any) -> str:
    """JSON on one line; times in ISO 8601, ids as text."""
    return json.dumps(
        asdict(value) if is_dataclass(value) and not isinstance(value, type) else value, default=_plain
    )


def indented(value: Any) -> str:
    """JSON as a person reads it."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=_plain)


@contextmanager
def steps(names: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """A bar on standard error, for as many steps as are named; what it gives is told each as it begins."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=wants_json()) as bar:
        task = bar.add_task("", total=len(names))
        begun: list[str] = []

        def tell(name: str) -> None:
            bar.update(task, description=name, completed=len(begun))
            begun.append(name)

        yield tell


@dataclass
class Amounts:
    """A bar for each thing that has an amount: how much is done, how fast it goes, and when it will be done."""

    progress: Progress
    tasks: dict[str, TaskID] = field(default_factory=dict)

    def at(self, name: str, done: int, total: int) -> None:
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(name, total=total, rate="", why="")
        task = self.tasks[name]
        speed = self.progress.tasks[task].speed
        self.progress.update(task, completed=done, total=total, rate=f"{speed:,.0f}/s" if speed else "")

    def resting(self, why: str) -> None:
        """Why nothing moves; empty when it does."""
        for task in list(self.tasks.values())[-1:]:
            self.progress.update(task, why=f"resting: {why}" if why else "")


@contextmanager
def amounts() -> Iterator[Amounts]:
    """Bars on standard error, with rate and remaining time."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[why]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=wants_json()) as bars:
        yield Amounts(bars)


def console() -> Console:
    """Standard output; a file or a pipe is as wide as its widest line."""
    return Console(width=None if sys.stdout.isatty() else 10_000)


def moment(at: datetime | None) -> str:
    """A time as a table shows it: UTC, to the second."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def span(milliseconds: float | None) -> str:
    """A duration as a table shows it."""
    if milliseconds is None:
        return ""
    seconds = milliseconds / 1000
    if seconds < 1:
        return f"{milliseconds:.0f} ms"
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"


def _table(rows: list[Row], title: str) -> Table:
    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=None,
        pad_edge=False,
    )
    for name in rows[0]:
        is_number = isinstance(rows[0][name], int | float)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return moment(value)
        case str():
            colour = _COLOURS.get(value)
            return f"[{colour}]{value}[/]" if colour else escape(value)
        case dict() | list():
            return escape(json.dumps(value, ensure_ascii=False, default=_plain))
        case _:
            return escape(str(value))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)

"""Published graphs on the command line: what every verb that runs them is given, and hands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Verb = TypeVar("Verb", bound=Callable[..., Any])


def graph_options(verb: Verb) -> Verb:
    """--graphs, and --database for what their nodes of kind sql ask."""
    databases = click.option(
        "--database",
        "databases",
        multiple=True,
        metavar="NAME=URL",
        callback=lambda _context, _option, given: _by_name(given),
        help="A database for graphs' nodes of kind sql.",
    )
    return click.option("--graphs", is_flag=True, help="Run published graphs too.")(databases(verb))


def graph_words(databases: dict[str, str], *, graphs: bool) -> list[str]:
    """The same as words of a command."""
    named = [word for name, url in databases.items() for word in ("--database", f"{name}={url}")]
    return ["--graphs", *named] if graphs else []


def _by_name(databases: tuple[str, ...]) -> dict[str, str]:
    if bad := [one for one in databases if "=" not in one]:
        raise click.BadParameter(f"{bad[0]!r} is no NAME=URL")
    return dict(one.partition("=")[::2] for one in databases)

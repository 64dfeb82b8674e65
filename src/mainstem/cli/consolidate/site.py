"""The site: a plan of the database that the ledger is in, and the migrator's connection to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mainstem.cli.door import login, server_of
from mainstem.errors import BadArgument, PhaseRefused
from mainstem.ledger.catalog import refuse_misfit
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.consolidate.compile import Program
    from mainstem.consolidate.life import Connection, Origin, Plan
    from mainstem.consolidate.mapping import Mapping

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Site:
    """Where a verb works, as the URL's login: a superuser, or one with the rights that `adopt` asks for."""

    conn: Connection
    plan: Plan
    url: str
    source_url: str | None = None
    """What was said of another server."""

    def program(self) -> Program:
        """The plan's mapping, compiled now. Raises PhaseRefused for a finished plan, whose old tables are gone."""
        from mainstem.consolidate.life import compiled

        if self.plan.phase == "finished":
            raise PhaseRefused(
                f"{self.plan.source} is finished: its old tables are gone", hint="Its backup is the way back."
            )
        return compiled(self.conn, self.plan)

    @property
    def origin(self) -> Origin:
        """Where the old tables are. Raises BadArgument where they are elsewhere and nobody knows where."""
        from mainstem.consolidate.life import origin_of

        return origin_of(self.mapping, self.plan, url=self.source_url)

    @property
    def mapping(self) -> Mapping:
        from mainstem.consolidate.mapping import read_mapping

        return read_mapping(self.plan.mapping)


def system_argument(command: Command) -> Command:
    """SYSTEM, which the only plan there is needs not be told."""
    return click.argument("system", required=False, default="")(command)


def source_url_option(command: Command) -> Command:
    """`--source-url`."""
    return click.option(
        "--source-url",
        metavar="URL",
        help="The PostgreSQL with the old tables, where it is another; the one that was adopted without it.  [MAINSTEM_SOURCE_URL]",
    )(command)


@contextmanager
def migrating(settings: Settings, system: str) -> Iterator[tuple[Connection, str]]:
    """A migrator's connection, where our schema is installed, and the URL of the server."""
    from mainstem.consolidate.life import migrator
    from mainstem.consolidate.life.rights import refuse_stranger

    with server_of(settings) as server:
        with login(server) as unpinned:  # definitions read otherwise under the migrator's settings
            refuse_stranger(unpinned)
            refuse_misfit(unpinned)
        with migrator(server.url, system or "consolidate") as conn:
            yield conn, server.url


@contextmanager
def site_of(settings: Settings, system: str, source_url: str | None = None) -> Iterator[Site]:
    """The plan of this system, or the only one. Raises PhaseRefused for none, BadArgument for several."""
    from mainstem.consolidate.life import the_plan

    with migrating(settings, system) as (conn, url):
        plan = the_plan(conn, system)
        yield Site(conn, plan, url, source_url or environment_url(settings, plan.mapping))


def environment_url(settings: Settings, text: str) -> str | None:
    """MAINSTEM_SOURCE_URL, for a mapping whose source is another server."""
    from mainstem.consolidate.mapping import read_mapping

    return settings.source_url if read_mapping(text).source.kind == "remote" else None


def text_of(file: Path) -> str:
    """A mapping's text. Raises BadArgument for what is no text."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadArgument(f"{file}: {error}", hint="give a file of UTF-8 text") from error

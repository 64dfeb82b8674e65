"""`mainstem up`: everything on this machine, in one command."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import click

from mainstem.cli.door import client_of
from mainstem.cli.given import migrations_option
from mainstem.cli.loop import run_loop
from mainstem.cli.output import json_option, say
from mainstem.cli.published import graph_options, graph_words
from mainstem.client.mainstem import Mainstem
from mainstem.errors import MainstemError
from mainstem.ledger.link import Link
from mainstem.ledger.maintenance import maintain
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import Role, connect
from mainstem.server import ServerConfig
from mainstem.server.serve import LOOPBACK_NAMES, is_loopback, listen, refuse_open
from mainstem.server.serve import serve as answer
from mainstem.settings import Settings

log = logging.getLogger(__name__)

HOUR = 3600.0
"""Seconds between two looks at what is due of partitions and old rows."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: a free one.")
@click.option(
    "--workers", "modules", multiple=True, metavar="MODULE", help="Also run the workflows in MODULE."
)
@click.option(
    "--auth/--no-auth",
    default=None,
    help="Ask for keys, or not. Without either: not on loopback, which alone --no-auth is for.",
)
@graph_options
@migrations_option
@json_option
@click.pass_obj
def up(
    settings: Settings,
    host: str,
    port: int,
    modules: tuple[str, ...],
    *,
    auth: bool | None,
    migrations: Path | None,
    graphs: bool,
    databases: dict[str, str],
) -> None:
    """Serve API, live feed and console on this machine, with nothing else to install.

    On the embedded database, whose schema it installs and whose partitions it looks after; on that of MAINSTEM_URL
    where it is set. Ctrl-C or SIGTERM ends it, and the worker drains.

    \b
    Example:
      mainstem up --workers app
      mainstem up --graphs
      mainstem up --port 0
    """  # noqa: D301  (click's mark for lines that stay as they are)
    needs_key = not is_loopback(host) if auth is None else auth
    asked = ServerConfig(
        url=settings.url or "",
        org_id=settings.org_id or DEFAULT_ORG,
        open_to_all=not needs_key,
        hosts=() if needs_key else (*LOOPBACK_NAMES, host),
        migrations=migrations,
    )
    refuse_open(asked, host)
    listen(host, port).close()  # before the database is started
    words = [*graph_words(databases, graphs=graphs), *modules]
    run_loop(_up(settings, host, port, words, asked=asked))


async def _up(settings: Settings, host: str, port: int, words: Sequence[str], *, asked: ServerConfig) -> None:
    async with client_of(settings) as client:
        config = replace(asked, url=client.url)
        async with (
            _kept(client) if settings.url is None else nullcontext(),
            _working(settings, words) if words else nullcontext(),
        ):
            await answer(config, host=host, port=port, ready=lambda url: _tell(url, settings, config))


def _tell(url: str, settings: Settings, config: ServerConfig) -> None:
    ledger = "the embedded database" if settings.url is None else "the database of MAINSTEM_URL"
    whom = (
        f"whoever reaches it on this machine, without a key, as an admin of organization {config.org_id}"
        if config.open_to_all
        else "callers with a key: mainstem keys create NAME"
    )
    say(
        f"{click.style(url, bold=True)}\n  shows  {ledger}\n  serves {whom}\n  API    {url}/docs\n  Ctrl-C ends it",
        url=url,
        embedded=settings.url is None,
        open_to_all=config.open_to_all,
    )


@asynccontextmanager
async def _kept(client: Mainstem) -> AsyncIterator[None]:
    """Meanwhile partitions are made, sealed and dropped as they are due, and old rows swept."""
    keeping = asyncio.create_task(_keep(client.url), name="mainstem maintenance")
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def _keep(url: str) -> None:
    while True:
        try:
            await asyncio.to_thread(_do_partitions, url)
            async with Link(url, role=Role.WORKER, name="mainstem maintenance", size=1) as link:
                await maintain(link)
        except MainstemError as error:
            log.warning("maintenance tries again in an hour: %s", error)
        await asyncio.sleep(HOUR)


def _do_partitions(url: str) -> None:
    from mainstem.ledger.partitions import alone, tasks

    with (
        connect(url, role=Role.OWNER, application_name="mainstem maintenance") as guard,
        connect(url, role=Role.OWNER, application_name="mainstem maintenance") as conn,
        alone(guard),
    ):
        for task in tasks(conn):
            task.do(conn)


@asynccontextmanager
async def _working(settings: Settings, words: Sequence[str]) -> AsyncIterator[None]:
    """Meanwhile a worker runs what it is told to in a process of its own: what its steps do to it, they do not do to the server."""
    running: list[Process] = []
    keeping = asyncio.create_task(_keep_working(settings, words, running), name="mainstem worker")
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        for worker in running:
            if worker.returncode is None:
                worker.send_signal(signal.SIGTERM)
                await worker.wait()


async def _keep_working(settings: Settings, words: Sequence[str], running: list[Process]) -> None:
    while True:
        # a session of its own: Ctrl-C is the server's to pass on; and a pipe that ends with the server, however that ends
        worker = await asyncio.create_subprocess_exec(
            *_worker(settings, words), start_new_session=True, stdin=PIPE
        )
        running[:] = [worker]
        code = await worker.wait()
        log.warning("the worker ended with %s, and begins again in 2 s", code)
        await asyncio.sleep(2)


def _worker(settings: Settings, words: Sequence[str]) -> list[str]:
    given = {"--url": settings.url, "--org": settings.org_id, "--data": settings.data}
    options = [text for name, value in given.items() if value is not None for text in (name, str(value))]
    program = "from mainstem.cli.main import main; main()"
    return [sys.executable, "-c", program, *options, "worker", "--until-stdin-ends", *words]

"""`mainstem runs export`: all that a filter finds, to a file or on."""

from __future__ import annotations

import asyncio
from typing import Any, BinaryIO

import click

from mainstem.cli.door import client_of
from mainstem.cli.output import dumps, json_option
from mainstem.cli.runs.asked import filter_options, query_of
from mainstem.client.mainstem import Mainstem
from mainstem.ledger.search import Query
from mainstem.model import FoundPage
from mainstem.settings import Settings


@click.command()
@filter_options
@click.option("--format", "form", type=click.Choice(["csv", "ndjson"]), default="ndjson", show_default=True)
@click.option(
    "--steps", is_flag=True, help="Whole runs, with their steps: NDJSON, for `mainstem runs replay`."
)
@click.option("--output", type=click.File("wb"), default="-", help="A file; standard output without it.")
@json_option
@click.pass_obj
def export(settings: Settings, /, form: str, output: BinaryIO, *, steps: bool, **asked: Any) -> None:
    """Write all runs that QUERY finds, latest first, as NDJSON or CSV; however many, a page in memory at a time.

    Example: mainstem runs export status:failed --format csv --output failed.csv
    """
    query = query_of(**asked)
    with client_of(settings) as client:
        asyncio.run(_write_whole(client, query, output) if steps else _write(client, query, form, output))


async def _write(client: Mainstem, query: Query, form: str, output: BinaryIO) -> None:
    from mainstem.server.exports import exported

    async def page_after(token: str | None) -> FoundPage:
        return await client.find_runs(query, limit=1000, after=token)

    async with client:
        async for part in exported(await page_after(None), page_after, form):
            output.write(part)
    output.flush()


async def _write_whole(client: Mainstem, query: Query, output: BinaryIO) -> None:
    async with client:
        page = await client.find_runs(query, limit=200)
        while True:
            for found in page.runs:
                run = await client.get_run(found.run_id)
                output.write(f"{dumps(run)}\n".encode())
            if page.next is None:
                break
            page = await client.find_runs(query, limit=200, after=page.next)
    output.flush()

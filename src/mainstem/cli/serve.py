"""`mainstem serve`: the server for a database that others run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mainstem.cli.given import migrations_option
from mainstem.cli.loop import run_loop
from mainstem.cli.output import json_option, note
from mainstem.errors import BadArgument
from mainstem.model import DEFAULT_ORG
from mainstem.server import ServerConfig
from mainstem.server.logs import log_json
from mainstem.server.serve import LOOPBACK_NAMES, refuse_open
from mainstem.server.serve import serve as listen
from mainstem.settings import Settings

USUAL = ServerConfig(url="")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: a free one.")
@click.option("--no-auth", is_flag=True, help="Ask for no keys: on loopback only.")
@click.option("--origin", "origins", multiple=True, help="Another site whose pages may use it: https://…")
@click.option(
    "--budget",
    type=click.FloatRange(0.1),
    default=USUAL.budget,
    show_default=True,
    help="Seconds for a request's queries.",
)
@click.option(
    "--pool",
    type=click.IntRange(1),
    default=USUAL.pool,
    show_default=True,
    help="Connections to the database.",
)
@migrations_option
@json_option
@click.pass_obj
def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    no_auth: bool,
    origins: tuple[str, ...],
    budget: float,
    pool: int,
    migrations: Path | None,
) -> None:
    """Serve API, live feed and console for a database that others run, until SIGTERM or Ctrl-C.

    Callers need a key (`mainstem keys create`), on loopback too: a proxy may stand before it. It logs JSON, a line for
    each request, to standard error, and starts whether or not the database answers: /readyz tells.

    Example: mainstem --url postgresql://mainstem@db.example/app serve --host 0.0.0.0
    """
    if settings.url is None:
        raise BadArgument(
            "serve needs a database that others run",
            hint="set MAINSTEM_URL, or use `mainstem up`, which brings one",
        )
    config = ServerConfig(
        url=settings.url,
        org_id=settings.org_id or DEFAULT_ORG,
        open_to_all=no_auth,
        origins=origins,
        hosts=(*LOOPBACK_NAMES, host) if no_auth else (),
        budget=budget,
        pool=pool,
        migrations=migrations,
    )
    refuse_open(config, host)
    log_json(sys.stderr)
    run_loop(listen(config, host=host, port=port, ready=_tell))


def _tell(url: str) -> None:
    note(f"serves {url}", url=url)

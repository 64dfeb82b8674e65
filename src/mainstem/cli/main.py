"""The command line: its options, and what becomes of an error. Each verb has a file of its own."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import click

from mainstem.cli.following import following
from mainstem.cli.named import Named
from mainstem.cli.output import dumps, json_option, wants_json
from mainstem.errors import BadArgument, GraphRefused, MainstemError, SchemaDrifted
from mainstem.settings import Settings

INTERRUPTED = 130
"""As a shell has it for Ctrl-C."""


VERBS = {
    "cache": "Look at the results that steps are given again, and forget them.",
    "approvals": "See what runs wait to be told by a person, and answer.",
    "breakpoints": "Let runs pause before a step, look at them, and let them go on.",
    "completion": "Print the script that makes SHELL complete commands, options, and the keys and values of filters.",
    "configs": "Look at what applies to runs, by workflow and channel, and change it.",
    "consolidate": "Bring old tables in: look at them, decide what they become, prove it, switch, and go back if need be.",
    "db": "Install the schema, and look after it.",
    "demo": "An old system comes home, then sixty documents go through a durable workflow, a worker killed half-way.",
    "init": "Write app.py, a workflow of one step that runs, into DIRECTORY (here).",
    "keys": "Make and revoke the keys that a server lets callers in with.",
    "migrate": "Make the next migration of any PostgreSQL or SQLite database safe: one SQL file, or one Alembic revision.",
    "queues": "Limit and pause queues, for every tenant.",
    "review": "Hold the SQLAlchemy or SQLModel models at MODULE:ATTRIBUTE against their database.",
    "run": "Start a run of WORKFLOW and print its id.",
    "runs": "Look at runs, and ask things of them.",
    "schedules": "Look at what is started by itself, and change it.",
    "serve": "Serve API, live feed and console for a database that others run, until SIGTERM or Ctrl-C.",
    "up": "Serve API, live feed and console on this machine, with nothing else to install.",
    "worker": "Run the workflows in MODULE until SIGTERM or Ctrl-C.",
    "workflows": "Look at workflows, draw them as graphs, and publish those.",
}


class CommandLine(Named):
    """A group whose errors become a line, the next thing to try, and an exit code. What nobody expected is not caught."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        try:
            return super().get_command(ctx, cmd_name)
        except ModuleNotFoundError as missing:
            if cmd_name != "demo":  # its documents are read with a library that the rest does without
                raise
            return _without(missing)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MainstemError as error:
            _refuse(ctx, error)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


@click.group(
    cls=CommandLine,
    package="mainstem.cli",
    verbs=VERBS,
    name="mainstem",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--url", help="PostgreSQL 15 to 18; the embedded server without it.  [MAINSTEM_URL]")
@click.option(
    "--org",
    type=click.UUID,
    help="The tenant; the organization that always exists without it.  [MAINSTEM_ORG]",
)
@click.option(
    "--data", type=click.Path(path_type=Path), help="Directory of the embedded server.  [MAINSTEM_DATA]"
)
@json_option
@click.version_option(package_name="mainstem", prog_name="mainstem")
@click.pass_context
def main(context: click.Context, url: str | None, org: UUID | None, data: Path | None) -> None:
    """One PostgreSQL ledger that runs workflows and shows every run.

    \b
    Example:
      mainstem init shop && cd shop && python app.py
      mainstem worker app &
      mainstem run greeting --input '{"name": "world"}' --wait
      mainstem runs list --status failed

    \b
    Exit codes:
      0    done
      1    failed otherwise, or not as it must be
      2    wrong usage, or a value that cannot be stored
      3    there is no such run or workflow
      4    it is refused, as things stand
      5    the database or its schema does not serve
      6    the run that was waited for failed or was cancelled
      130  interrupted
    """  # noqa: D301  (click's mark for lines that stay as they are)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    found = Settings.from_environment(os.environ)
    context.obj = replace(found, url=url or found.url, org_id=org or found.org_id, data=data or found.data)


def _refuse(context: click.Context, error: MainstemError) -> NoReturn:
    lines = [" ".join(line.split()) for line in error.message.splitlines()]
    faults = error.faults if isinstance(error, GraphRefused) else ()
    message = ("\n  " if faults else " ").join(lines)
    hint = following(error, context.invoked_subcommand)
    if wants_json(context):
        objects: dict[str, Any] = {"objects": error.objects} if isinstance(error, SchemaDrifted) else {}
        objects |= {"faults": faults} if faults else {}
        told = {
            "code": error.code,
            "error": type(error).__name__,
            "message": message,
            "hint": hint,
            **objects,
        }
        click.echo(dumps(told), err=True)
    else:
        click.echo(
            f"{click.style('error:', fg='red')} {message}\n{click.style('try:', fg='cyan')} {hint}", err=True
        )
    context.exit(error.exit_code)


def _without(missing: ModuleNotFoundError) -> click.Command:
    @click.command("demo")
    def demo() -> None:
        """Sixty documents through a durable workflow (needs `pip install 'mainstem[demo]'`)."""
        raise BadArgument(f"the demo needs {missing.name}", hint="pip install 'mainstem[demo]'") from missing

    return demo

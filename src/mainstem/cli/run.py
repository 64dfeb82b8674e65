"""`mainstem run`: start a run, and perhaps wait for it."""

from __future__ import annotations

import inspect
import json
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import click

from mainstem.cli.door import client_of
from mainstem.cli.given import given_text
from mainstem.cli.loop import run_loop
from mainstem.cli.output import indented, json_option, say
from mainstem.cli.program import Program, workflow_at
from mainstem.client.mainstem import Mainstem, RunHandle
from mainstem.engine.worker import Worker
from mainstem.errors import BadArgument, RunCancelled, RunFailed
from mainstem.settings import Settings

STARTS_OWN = frozenset(inspect.signature(Mainstem.start).parameters)
"""Names that a call of `start` takes for itself: an argument of such a name goes by its place."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call of `start`."""

    workflow: Program | str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def programs(self) -> list[Program]:
        return [] if isinstance(self.workflow, str) else [self.workflow]


@click.command()
@click.argument("workflow")
@click.option(
    "--input",
    "given",
    default="{}",
    metavar="JSON",
    help="Its arguments by name: an object, @FILE, or - for standard input.",
)
@click.option("--channel", help="The way it came in; the workflow's own without it.")
@click.option("--external-id", help="What others call it.")
@click.option("--key", "idempotency_key", help="The same key starts it once.")
@click.option("--tag", "tags", multiple=True, help="Any number of them.")
@click.option("--queue", help="Another than the workflow's own.")
@click.option("--priority", type=int, default=0, help="A higher one is taken first.")
@click.option("--concurrency-key", help="Runs of a queue with the same one share its limit per key.")
@click.option("--wait", is_flag=True, help="Print its result; exit code 6 when it fails.")
@click.option("--here", is_flag=True, help="Run it in this process, and wait. WORKFLOW is MODULE:NAME.")
@json_option
@click.pass_obj
def run(settings: Settings, /, workflow: str, given: str, *, wait: bool, here: bool, **how: Any) -> None:
    """Start a run of WORKFLOW and print its id.

    WORKFLOW is the name of one that a worker has registered, or MODULE:NAME, which registers it.

    \b
    Examples:
      mainstem run greeting --input '{"name": "world"}' --wait
      mainstem run app:greeting --input @claim.json --here
    """  # noqa: D301  (click's mark for lines that stay as they are)
    program = workflow_at(workflow) if ":" in workflow else None
    if here and program is None:
        raise BadArgument("a run here needs the code of its workflow", hint=f"name it as MODULE:{workflow}")
    args, kwargs = _arguments(program, _object(given))
    asked = Asked(program or workflow, args, {**kwargs, **how})
    run_loop(_run(settings, asked, here=here, wait=wait or here))


async def _run(settings: Settings, asked: Asked, *, here: bool, wait: bool) -> None:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(client_of(settings))
        if here:
            await stack.enter_async_context(Worker(client, asked.programs))
        handle = await client.start(asked.workflow, *asked.args, **asked.kwargs)
        say(str(handle.run_id), run_id=handle.run_id, is_new=handle.is_new)
        if wait:
            await _wait(handle)


async def _wait(handle: RunHandle) -> None:
    try:
        output = await handle.client.result(handle.run_id)
    except (RunFailed, RunCancelled) as ended:
        ended.hint = ended.hint or f"mainstem runs show {handle.run_id}"
        raise
    say(output if isinstance(output, str) else indented(output), run_id=handle.run_id, result=output)


def _object(given: str) -> dict[str, Any]:
    try:
        found = json.loads(given_text(given))
    except (OSError, ValueError) as refusal:
        raise BadArgument(
            f"--input: {refusal}", hint="""--input '{"name": "world"}', --input @FILE, --input -"""
        ) from refusal
    if not isinstance(found, dict):
        raise BadArgument("--input is no object", hint="""name each argument: --input '{"name": "world"}'""")
    return found


def _arguments(program: Program | None, named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The input as a call has it. Raises BadArgument where it does not fit the workflow's parameters."""
    args: tuple[Any, ...] = ()
    if program is not None:
        try:
            bound = program.parameters.signature.bind(**named)
        except TypeError as misfit:
            raise BadArgument(
                f"--input does not fit {program.name}: {misfit}", hint=_call(program)
            ) from misfit
        args, named = bound.args, bound.kwargs
    if taken := sorted(STARTS_OWN & named.keys()):
        raise BadArgument(
            f"--input: {', '.join(taken)} cannot be given by name", hint="name the workflow as MODULE:NAME"
        )
    return args, named


def _call(program: Program) -> str:
    return f"{program.name}{program.parameters.signature}"

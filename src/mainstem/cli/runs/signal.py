"""`mainstem runs signal`: tell a run something, or all runs of a workflow that are under way for a key."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.flow.values import dumped
from mainstem.ledger.runs import send_signal, signal_key
from mainstem.settings import Settings


@click.command()
@click.argument("words", nargs=-1, metavar="[RUN_ID] NAME")
@click.option("--workflow", help="With --key, instead of RUN_ID: the workflow's name.")
@click.option("--key", help="The external id of its runs that are not over.")
@click.option(
    "--payload",
    default="null",
    metavar="JSON",
    callback=lambda _context, _option, text: _read(text),
    help="What the run is given.",
)
@json_option
@click.pass_obj
def signal(
    settings: Settings, words: tuple[str, ...], *, workflow: str | None, key: str | None, payload: Any
) -> None:
    """Send RUN_ID the signal NAME. It is not lost when the run does not wait for it yet; sent again, it is another.

    \b
    Examples:
      mainstem runs signal RUN_ID supervisor --payload '{"approved": true}'
      mainstem runs signal paid --workflow claim-intake --key claim-7
    """  # noqa: D301  (click's mark for lines that stay as they are)
    text = dumped(payload, "the payload of the signal")
    match words, workflow, key:
        case (run_id, name), None, None:
            _to_run(settings, _run_id(run_id), name, text)
        case (name,), str(workflow), str(key):
            _to_key(settings, workflow, key, name, text)
        case _:
            raise click.UsageError("give RUN_ID and NAME, or NAME with --workflow and --key")


def _to_run(settings: Settings, run_id: UUID, name: str, payload: bytes) -> None:
    with ledger_of(settings) as ask:
        signal_id = ask(send_signal(run_id, name, payload), did("runs.signal", run_id, name=name))
    say(f"{signal_id} sent", signal_id=signal_id, run_id=run_id, name=name)


def _to_key(settings: Settings, workflow: str, key: str, name: str, payload: bytes) -> None:
    with ledger_of(settings) as ask:
        reached = ask(
            signal_key(workflow, key, name, payload),
            lambda runs: did("signals.send", key, workflow=workflow, name=name, runs=runs),
        )
    counted = "1 run" if reached == 1 else f"{reached} runs"
    say(f"sent to {counted}", runs=reached, workflow=workflow, key=key, name=name)


def _run_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as refusal:
        raise click.BadParameter(f"{text!r} is no id of a run", param_hint="RUN_ID") from refusal


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as refusal:
        raise click.BadParameter(f"no JSON: {refusal}") from refusal

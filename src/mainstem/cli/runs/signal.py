"""`mainstem runs signal`: tell a run something."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.flow.values import dumped
from mainstem.ledger.runs import send_signal
from mainstem.settings import Settings


@click.command()
@click.argument("run_id", type=click.UUID)
@click.argument("name")
@click.option(
    "--payload",
    default="null",
    metavar="JSON",
    callback=lambda _context, _option, text: _read(text),
    help="What the run is given.",
)
@json_option
@click.pass_obj
def signal(settings: Settings, run_id: UUID, name: str, payload: Any) -> None:
    """Send RUN_ID the signal NAME. It is not lost when the run does not wait for it yet; sent again, it is another.

    Example: mainstem runs signal RUN_ID supervisor --payload '{"approved": true}'
    """
    call = send_signal(run_id, name, dumped(payload, f"the payload of signal {name}"))
    with ledger_of(settings) as ask:
        signal_id = ask(call, did("runs.signal", run_id, name=name))
    say(f"{signal_id} sent", signal_id=signal_id, run_id=run_id, name=name)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as refusal:
        raise click.BadParameter(f"no JSON: {refusal}") from refusal

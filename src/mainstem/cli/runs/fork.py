"""`mainstem runs fork`: a new run that goes on from a step of another."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.given import given_object
from mainstem.cli.output import json_option, say
from mainstem.flow.values import dumped, loaded
from mainstem.graph.inputs import refuse_input
from mainstem.ledger.amending import Fork, fork_run
from mainstem.ledger.definitions import read_input_of_run
from mainstem.settings import Settings


@click.command()
@click.argument("run_id", type=click.UUID)
@click.option("--from-step", type=click.IntRange(1, 2**24 - 1), help="From the beginning without it.")
@click.option(
    "--input", "given", metavar="JSON", help="Other input: an object, @FILE, or - for standard input."
)
@click.option("--context", metavar="JSON", help="Keys to lay over its context: an object, or @FILE.")
@click.option("--version", type=click.IntRange(1), help="Of the code.")
@json_option
@click.pass_obj
def fork(
    settings: Settings,
    run_id: UUID,
    *,
    from_step: int | None,
    given: str | None,
    context: str | None,
    version: int | None,
) -> None:
    """Begin a new run that goes on from a step of RUN_ID, with what was recorded before it; RUN_ID stays as it is.

    Example: mainstem runs fork RUN_ID --from-step 3 --context '{"limit": 500}'
    """
    asked = Fork(
        from_step=from_step,
        input=_dumped("--input", given),
        context=_dumped("--context", context),
        version=version,
    )
    told: dict[str, Any] = {
        name: True for name in ("input", "context", "version") if getattr(asked, name) is not None
    }
    with ledger_of(settings) as ask:
        if asked.input is not None and (taken := ask(read_input_of_run(run_id, version))):
            refuse_input(taken, loaded(asked.input))
        made = ask(
            fork_run(run_id, asked),
            lambda made: did("runs.fork", run_id, into=made, from_step=from_step, **told),
        )
    say(f"{made}: mainstem runs tail {made}", run_id=made, forked_from=run_id)


def _dumped(name: str, given: str | None) -> bytes | None:
    return None if given is None else dumped(given_object(given, name), name)

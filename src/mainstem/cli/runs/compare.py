"""`mainstem runs compare`: two runs, step beside step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from mainstem.cli.door import client_of
from mainstem.cli.output import dumps, json_option, show, span, wants_json
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.server.shapes.runs import Comparison, StepPair


@click.command()
@click.argument("a", type=click.UUID)
@click.argument("b", type=click.UUID)
@json_option
@click.pass_obj
def compare(settings: Settings, a: UUID, b: UUID) -> None:
    """Show what differs between the runs A and B: steps, durations, input, context, output, config.

    With --json one document; its patches (RFC 6902) make B's documents of A's.

    Example: mainstem runs compare GOOD_RUN_ID BAD_RUN_ID
    """
    from mainstem.server.comparing import compare as compared

    with client_of(settings) as client:
        told = compared(client.get_run(a).wait(), client.get_run(b).wait())
    if wants_json():
        click.echo(told.model_dump_json())
    else:
        _print(told)


def _print(told: Comparison) -> None:
    show([_row(pair) for pair in told.steps], title="Steps", none="neither run has a step")
    same = (
        "the steps went alike"
        if told.first_difference is None
        else f"they differ from step {told.first_difference} on"
    )
    click.echo(f"\n{same}")
    for name in ("input", "context", "output", "config"):
        rows: list[dict[str, Any]] = [
            {"op": one.op, "path": one.path, "b": "" if one.op == "remove" else dumps(one.value)}
            for one in getattr(told, name)
        ]
        if rows:
            click.echo()
            show(rows, title=name)


def _row(pair: StepPair) -> dict[str, Any]:
    a, b = pair.a, pair.b
    return {
        "step": pair.key,
        "call": pair.iteration,
        "a": "" if a is None else a.status.value,
        "b": "" if b is None else b.status.value,
        "a took": "" if a is None else span(a.duration_ms),
        "b took": "" if b is None else span(b.duration_ms),
        "output": "same" if pair.same_output else "differs",
    }

"""`mainstem runs show`: all that is recorded of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import click

from mainstem.cli.door import client_of
from mainstem.cli.output import console, dumps, indented, json_option, moment, span, wants_json
from mainstem.cli.output import show as show_rows
from mainstem.model import Run, Step
from mainstem.settings import Settings


@click.command()
@click.argument("run_id", type=click.UUID)
@json_option
@click.pass_obj
def show(settings: Settings, run_id: UUID) -> None:
    """Show RUN_ID with its steps, events and error; with --json as one document.

    Example: mainstem runs show RUN_ID
    """
    with client_of(settings) as client:
        run = client.get_run(run_id).wait()
    if wants_json():
        click.echo(dumps(run))
    else:
        _print(run)


def _print(run: Run) -> None:
    show_rows([_outline(run)], title=f"Run {run.run_id}")
    for name, value in (
        ("input", run.input_data),
        ("output", run.output_data),
        ("context", dict(run.context)),
    ):
        if value not in (None, {}):
            console().print(f"\n[bold]{name}[/]")
            click.echo(indented(value))
    _print_rows("Steps", [_step(step) for step in run.steps])
    _print_rows("Events", _events(run))
    if run.error_message is not None:
        console().print("\n[bold red]error[/]")
        click.echo(_error(run.error_message, run.error_details))


def _error(message: str, details: Any) -> str:
    """What is known of it; a traceback as Python prints it."""
    known = dict(details or {})
    traceback = str(known.pop("traceback", "")).rstrip()
    return "\n".join(filter(None, (message, indented(known) if known else "", traceback)))


def _print_rows(title: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        click.echo()
        show_rows(rows, title=title)


def _outline(run: Run) -> dict[str, Any]:
    return {
        "workflow": f"{run.workflow} v{run.workflow_version}",
        "status": run.status.value,
        "channel": run.channel,
        "external id": run.external_id,
        "created": run.created_at,
        "started": run.started_at,
        "ended": run.ended_at,
        "took": span(run.duration_ms),
        "tags": ", ".join(run.tags),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "n": step.step_number,
        "step": step.node_key or str(step.node_id),
        "status": step.status.value,
        "retries": step.retry_count,
        "started": moment(step.started_at),
        "took": span(step.duration_ms),
        "": _told(step),
    }


def _told(step: Step) -> str:
    """What is worth a glance: why it failed, what it waits for, or what it gave."""
    if step.error_message is not None:
        return step.error_message
    if (wait := step.metadata.get("wait")) and not step.status.is_over and "signal" in wait:
        return _awaited(step, wait)
    text = "" if step.output_data is None else dumps(step.output_data)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _awaited(step: Step, wait: Mapping[str, Any]) -> str:
    match wait.get("kind"):
        case "approval":
            return f"waits for an answer: mainstem approvals answer {step.step_id} ANSWER"
        case "child":
            return f"waits for run {step.metadata.get('child')}"
        case _:
            return f"waits for the signal {wait['signal']}"


def _events(run: Run) -> list[dict[str, Any]]:
    logs = [("", run.events), *((str(step.step_number), step.events) for step in run.steps)]
    found = [(event, number) for number, events in logs for event in events]
    return [
        {"at": event.timestamp, "step": number, "event": event.event_type, "data": event.event_data}
        for event, number in sorted(found, key=lambda pair: pair[0].sorts_at)
    ]

"""`mainstem runs tail`: what happens, as it happens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from mainstem.cli.door import client_of
from mainstem.cli.output import json_option, moment, say, span
from mainstem.client import Mainstem
from mainstem.model import Run
from mainstem.settings import Settings

WATCHED = 200
"""Of all runs, the latest."""


@click.command()
@click.argument("run_id", type=click.UUID, required=False)
@click.option(
    "--every", type=click.FloatRange(0.05), default=0.5, show_default=True, help="Seconds between two looks."
)
@json_option
@click.pass_obj
def tail(settings: Settings, run_id: UUID | None, every: float) -> None:
    """Print each state that RUN_ID and its steps come to, until it is over; of the latest 200 runs without a RUN_ID.

    Example: mainstem runs tail RUN_ID
    """
    with client_of(settings) as client:
        watch = Watch(client, run_id)
        while not watch.is_over:
            for change in watch.changes():
                _print(change)
            if not watch.is_over:
                time.sleep(every)


class Watch:
    """What of these runs has been told already."""

    def __init__(self, client: Mainstem, run_id: UUID | None) -> None:
        self._client = client
        self._run_id = run_id
        self._told: set[tuple[Any, ...]] = set()
        self._over: set[UUID] | None = None if run_id is None else set()
        self.is_over = False

    def changes(self) -> Iterator[dict[str, Any]]:
        """The states that are new since the last call, each once."""
        for run_id in self._moving():
            run = self._client.get_run(run_id).wait()
            for change in _states(run):
                if (key := (run_id, change["step"], change["status"], change["retries"])) not in self._told:
                    self._told.add(key)
                    yield change
            self._note_end(run)

    def _moving(self) -> list[UUID]:
        """Oldest first. What was over before the first look is no change."""
        if self._run_id is not None:
            return [self._run_id]
        latest = self._client.list_runs(limit=WATCHED).wait().runs
        if self._over is None:
            self._over = {run.run_id for run in latest if run.status.is_over}
        over = self._over
        return [run.run_id for run in reversed(latest) if run.run_id not in over]

    def _note_end(self, run: Run) -> None:
        if run.status.is_over:
            self.is_over = self._run_id is not None
            self._over = (self._over or set()) | {run.run_id}


def _states(run: Run) -> Iterator[dict[str, Any]]:
    for step in run.steps:
        at = step.ended_at or step.updated_at
        yield _change(run, at, step=step.step_number, name=step.node_key, status=step.status, retries=step.retry_count,
                      duration_ms=step.duration_ms, error=step.error_message)  # fmt: skip
    yield _change(run, run.ended_at or run.updated_at, step=0, name=run.workflow, status=run.status, retries=0,
                  duration_ms=run.duration_ms, error=run.error_message)  # fmt: skip


def _change(run: Run, at: datetime, **facts: Any) -> dict[str, Any]:
    return {"at": at, "run_id": run.run_id, **facts, "status": facts["status"].value}


def _print(change: dict[str, Any]) -> None:
    what = change["name"] if change["step"] == 0 else f"{change['step']:>4} {change['name']}"
    told = " · ".join(filter(None, (span(change["duration_ms"]), change["error"])))
    say(
        f"{moment(change['at'])}  {change['run_id']}  {change['status']:<9}  {what}  {told}".rstrip(),
        **change,
    )

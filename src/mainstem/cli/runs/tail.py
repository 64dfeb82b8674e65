"""`mainstem runs tail`: what happens, as it happens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from mainstem.cli.door import client_of
from mainstem.cli.output import json_option, moment, say, span
from mainstem.ledger.call import perform
from mainstem.ledger.changes import Cursor, newest, summaries_of
from mainstem.ledger.following import Look, News, StepLine, follow, step_lines
from mainstem.ledger.runs import read_run
from mainstem.model import Run, RunStatus, RunSummary
from mainstem.postgres import Role, connect
from mainstem.postgres.connect import Connection
from mainstem.settings import Settings


@click.command()
@click.argument("run_id", type=click.UUID, required=False)
@click.option("--after", help="Go on after a line: its `cursor`, as --json tells it.")
@click.option(
    "--every",
    type=click.FloatRange(0.05),
    default=1.0,
    show_default=True,
    help="Seconds between two looks where the database cannot call.",
)
@json_option
@click.pass_obj
def tail(settings: Settings, run_id: UUID | None, after: str | None, every: float) -> None:
    """Print each state that RUN_ID and its steps come to, until it is over; without a RUN_ID those of all runs, from
    now on. It reads the change log itself and needs no server.

    Example: mainstem runs tail RUN_ID
    """
    cursor = None if after is None else Cursor.parse(after)
    with (
        client_of(settings) as client,
        connect(client.url, role=Role.APP, application_name="mainstem tail") as conn,
    ):
        watch = Watch(conn, client.org_id, run_id)
        if cursor is None:
            cursor = watch.begin()
        for look in follow(conn, client.org_id, cursor=cursor, every=every) if not watch.is_over else ():
            watch.tell(look)
            if watch.is_over:
                break


class Watch:
    """What of these runs has been told already."""

    def __init__(self, conn: Connection, org_id: UUID, run_id: UUID | None) -> None:
        self._conn = conn
        self._org_id = org_id
        self._run_id = run_id
        self._told: set[tuple[int, str]] = set()
        self.is_over = False

    def begin(self) -> Cursor:
        """Tell how a run stands, and give where to follow from: what changes meanwhile is told once."""
        cursor = Cursor.at(perform(self._conn, newest(), org_id=self._org_id))
        if self._run_id is not None:
            run = perform(self._conn, read_run(self._run_id), org_id=self._org_id)
            for line in _standing(run, cursor):
                _print(line)
                self._told.add((line["step"], line["status"]))
            self.is_over = run.status.is_over
        return cursor

    def tell(self, look: Look) -> None:
        news = [one for one in look.news if self._run_id in (None, one.entry.run_id) and self._is_new(one)]
        runs = self._runs(news)
        steps = self._steps(news)
        for one in news:
            entry = one.entry
            _print(_line(one, runs.get(entry.run_id), steps.get((entry.run_id, entry.step_number))))
        # what was told decides, not what stands there by now: the log may be a look behind, and its end be still to come
        self.is_over = any(_ends(one) for one in news) and self._run_id is not None
        if look.is_present:
            self._told.clear()

    def _is_new(self, one: News) -> bool:
        return (one.entry.step_number, one.entry.state) not in self._told

    def _runs(self, news: list[News]) -> dict[UUID, RunSummary]:
        wanted = {one.entry.run_id for one in news} | ({self._run_id} if self._run_id else set())
        return perform(self._conn, summaries_of(sorted(wanted)), org_id=self._org_id) if wanted else {}

    def _steps(self, news: list[News]) -> dict[tuple[UUID, int], StepLine]:
        wanted = {(one.entry.run_id, one.entry.step_number) for one in news if one.entry.step_number}
        return perform(self._conn, step_lines(sorted(wanted)), org_id=self._org_id) if wanted else {}


def _ends(one: News) -> bool:
    return one.entry.step_number == 0 and RunStatus(one.entry.state).is_over


def _standing(run: Run, cursor: Cursor) -> Iterable[dict[str, Any]]:
    for step in run.steps:
        at = step.ended_at or step.updated_at
        yield _told(run.run_id, at, cursor, step=step.step_number, name=step.node_key, status=step.status.value,
                    retries=step.retry_count, duration_ms=step.duration_ms, error=step.error_message)  # fmt: skip
    yield _told(run.run_id, run.ended_at or run.updated_at, cursor, step=0, name=run.workflow, status=run.status.value,
                retries=0, duration_ms=run.duration_ms, error=run.error_message)  # fmt: skip


def _line(one: News, run: RunSummary | None, step: StepLine | None) -> dict[str, Any]:
    """How it went is told only with the state that it belongs to: the log may be behind what is there by now."""
    entry = one.entry
    found = run if entry.step_number == 0 else step
    is_that_state = found is not None and found.status == entry.state
    name = (None if run is None else run.workflow) if entry.step_number == 0 else step and step.node_key
    return _told(
        entry.run_id,
        one.at,
        one.cursor,
        step=entry.step_number,
        name=name,
        status=entry.state,
        retries=0 if step is None else step.retry_count,
        duration_ms=found.duration_ms if found is not None and is_that_state else None,
        error=found.error_message if found is not None and is_that_state else None,
    )


def _told(run_id: UUID, at: datetime, cursor: Cursor, **facts: Any) -> dict[str, Any]:
    return {"at": at, "run_id": run_id, **facts, "cursor": str(cursor)}


def _print(line: dict[str, Any]) -> None:
    name = line["name"] or ""
    what = name if line["step"] == 0 else f"{line['step']:>4} {name}"
    how = " · ".join(filter(None, (span(line["duration_ms"]), line["error"])))
    say(f"{moment(line['at'])}  {line['run_id']}  {line['status']:<9}  {what}  {how}".rstrip(), **line)

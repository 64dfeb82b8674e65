"""A ledger with a past: runs of three workflows in three channels over forty days, with steps, as rows that tests compute over."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from mainstem.model import DEFAULT_ORG

WORKFLOWS = ("billing", "claim intake", "eligibility")
CHANNELS = ("web", "voice", "efax")
STATUSES = ("completed",) * 8 + ("failed", "timeout", "cancelled", "running", "waiting")
NODES = ("read", "decide", "write")


@dataclass
class PastRun:
    """A run as it was inserted."""

    run_id: UUID
    workflow: str
    status: str
    channel: str
    began: datetime
    duration_ms: Any
    is_test: bool
    steps: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.duration_ms is not None


@dataclass
class Past:
    """What was inserted."""

    workflows: dict[str, UUID]
    runs: list[PastRun]

    def since(self, days: float, workflow: str | None = None) -> list[PastRun]:
        """Runs that count in a window of so many days."""
        first = datetime.now(UTC) - timedelta(days=days)
        return [
            run
            for run in self.runs
            if run.began >= first and not run.is_test and workflow in (None, run.workflow)
        ]


def percentile(values: list[Any], share: float) -> Any:
    """Between the two values that it falls between, as SQL's percentile_cont."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def percentiles(values: list[Any]) -> list[Any]:
    return [percentile(values, share) for share in (0.5, 0.95, 0.99)]


def make_past(url: str, *, org_id: UUID = DEFAULT_ORG, runs: int = 240, seed: int = 7) -> Past:
    """No run lies within a minute of a window's edge, so that a test's clock and the server's agree."""
    chance = random.Random(seed)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            "select mainstem.ensure_workflow_leaf(now() - n * interval '10 days') from generate_series(0, 5) n"
        )
        past = Past({name: uuid4() for name in WORKFLOWS}, [])
        for name, workflow_id in past.workflows.items():
            conn.execute(
                "insert into mainstem.user_workflow (org_id, workflow_id, name) values (%s, %s, %s)",
                [org_id, workflow_id, name],
            )
        now = datetime.now(UTC)
        began = [_began(now, number / runs) for number in range(runs)]
        past.runs += [
            _run(run_id, at, chance) for run_id, at in zip(_run_ids(conn, began), began, strict=True)
        ]
        _insert(conn, past, org_id)
    return past


def _began(now: datetime, share: float) -> datetime:
    return now - timedelta(minutes=7) - timedelta(days=40) * share**2


def _run_ids(conn: psycopg.Connection[Any], began: list[datetime]) -> list[UUID]:
    query = "select mainstem.new_run_id(at) from unnest(%s) with ordinality as t (at, number) order by number"
    return [run_id for (run_id,) in conn.execute(query, [began]).fetchall()]


def _run(run_id: UUID, began: datetime, chance: random.Random) -> PastRun:
    status = chance.choice(STATUSES)
    is_over = status not in ("running", "waiting")
    run = PastRun(
        run_id,
        chance.choice(WORKFLOWS), status, chance.choice(CHANNELS), began,
        int(chance.lognormvariate(6, 1)) + 1 if is_over else None, chance.random() < 0.05,
    )  # fmt: skip
    for number, node in enumerate(NODES, 1):
        failed = status == "failed" and number == len(NODES)
        step = {
            "node": node,
            "status": "failed" if failed else "completed",
            "retries": chance.randint(0, 2),
            "duration_ms": int(chance.lognormvariate(4, 1)) + 1,
        }
        run.steps.append(step)
    return run


RUN = """
insert into mainstem.user_workflow_run (run_id, org_id, workflow_id, status, channel, created_at, started_at, ended_at,
  duration_ms, driver, error_message, is_test) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'caller', %s, %s)
"""

STEP = """
insert into mainstem.user_workflow_run_step (step_id, run_id, org_id, step_number, node_key, status, retry_count,
  started_at, ended_at, duration_ms, error_message, metadata)
values (mainstem.step_id(%s, %s), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '{}')
"""


def _insert(conn: psycopg.Connection[Any], past: Past, org_id: UUID) -> None:
    """All at once: a commit for each of a thousand rows would take most of a test's time."""
    with conn.transaction(), conn.cursor() as cursor:
        cursor.executemany(RUN, [
            [run.run_id, org_id, past.workflows[run.workflow], run.status, run.channel, run.began, run.began,
             run.began + timedelta(milliseconds=run.duration_ms) if run.is_over else None, run.duration_ms,
             f"{run.workflow} is out of ink\nat line 7" if run.status == "failed" else None, run.is_test]
            for run in past.runs
        ])  # fmt: skip
        cursor.executemany(STEP, [
            [run.run_id, number, run.run_id, org_id, number, step["node"], step["status"], step["retries"], run.began,
             run.began, step["duration_ms"], "no ink" if step["status"] == "failed" else None]
            for run in past.runs for number, step in enumerate(run.steps, 1)
        ])  # fmt: skip

"""The old application, running: it begins runs, carries them on, scores them, and remembers what it was told is written."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

INSERT: Final = """
insert into workflow_history (
  adw_id, issue_number, nl_input, github_url, workflow_template, model_used, status, start_time, created_at,
  worktree_path, backend_port, frontend_port, concurrent_workflows, structured_input, worktree_reused, steps_total
) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
UPDATE: Final = """
update workflow_history set
  status = ?, current_phase = ?, input_tokens = ?, output_tokens = ?, total_tokens = ?, actual_cost_total = ?,
  cost_breakdown = ?, duration_seconds = ?, error_message = ?, updated_at = CURRENT_TIMESTAMP
where adw_id = ?
"""
SYNC: Final = """
update workflow_history set bottleneck_phase = ?, idle_time_seconds = ?, updated_at = CURRENT_TIMESTAMP where adw_id = ?
"""
SCORE: Final = """
update workflow_history set cost_efficiency_score = ?, performance_score = ?, anomaly_flags = ?, updated_at = CURRENT_TIMESTAMP
where adw_id = ?
"""

Statement = tuple[str, str, Sequence[Any], Mapping[str, Any]]
"""Kind, text, parameters, and what the row must hold afterwards."""


class Writer:
    """One connection of the old application. It ends when it is told to, or when the file says that the table has moved."""

    def __init__(self, path: Path | str, *, rest: float = 0.002, seed: int = 0) -> None:
        self.counts: Counter[str] = Counter()
        """How many statements of each kind were acknowledged."""
        self.acknowledged: dict[str, dict[str, Any]] = {}
        """adw_id → column → what was written last."""
        self.errors: list[str] = []
        self.moved: str | None = None
        """What the write stop said."""
        self._path, self._rest, self._prefix = path, rest, f"{seed:02x}"
        self._drawn = random.Random(seed)  # noqa: S311 - the same statements each time
        self._told = threading.Event()
        self._thread = threading.Thread(target=self._run, name="old application")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the statement at hand."""
        self._told.set()
        self._thread.join()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def differences(self, rows: Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]]) -> list[str]:
        """What is not as it was acknowledged; empty when nothing was lost.

        rows: gives the rows of some adw_ids, by adw_id, from wherever they are now.
        """
        found = rows(list(self.acknowledged))
        lost = [f"{adw_id}: the run is gone" for adw_id in self.acknowledged if adw_id not in found]
        changed = [
            f"{adw_id}.{column}: {found[adw_id][column]!r}, written was {value!r}"
            for adw_id, written in self.acknowledged.items()
            if adw_id in found
            for column, value in written.items()
            if found[adw_id][column] != value
        ]
        return lost + changed

    def _run(self) -> None:
        with closing(sqlite3.connect(self._path, timeout=30)) as conn:
            for kind, text, parameters, written in self._statements():
                try:
                    with conn:
                        changed = conn.execute(text, parameters).rowcount
                except sqlite3.IntegrityError as error:
                    self._refused(str(error))
                    return
                except sqlite3.Error as error:
                    self.errors.append(f"{kind}: {error}")
                    return
                self._remember(kind, written, changed)
                if self._told.wait(self._rest):
                    return

    def _refused(self, said: str) -> None:
        if "moved to" in said:
            self.moved = said
        else:
            self.errors.append(said)

    def _remember(self, kind: str, written: Mapping[str, Any], changed: int) -> None:
        if changed != 1:
            self.errors.append(f"{kind} of {written['adw_id']} changed {changed} rows")
        self.counts[kind] += 1
        self.acknowledged.setdefault(written["adw_id"], {}).update(written)

    def _statements(self) -> Iterator[Statement]:
        number = 0
        while True:
            number += 1
            yield self._begun(f"{self._prefix}{number:06x}")
            for _ in range(3):
                adw_id = f"{self._prefix}{self._drawn.randint(max(1, number - 20), number):06x}"
                yield self._drawn.choice((self._carried_on, self._carried_on, self._synced, self._scored))(
                    adw_id
                )

    def _begun(self, adw_id: str) -> Statement:
        now = datetime.now().isoformat()  # noqa: DTZ005 - as the old application had it
        started = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" if self._drawn.random() < 0.3 else now
        row = {
            "adw_id": adw_id, "issue_number": self._drawn.randrange(1000), "nl_input": f"Work on {adw_id}",
            "github_url": None, "workflow_template": self._drawn.choice(["adw_sdlc_iso", None]), "model_used": "sonnet",
            "status": "running", "start_time": started, "created_at": self._drawn.choice([started, now]),
            "worktree_path": f"trees/{adw_id}", "backend_port": 9100, "frontend_port": 9200, "concurrent_workflows": 1,
            "structured_input": '{"issue": 1}', "worktree_reused": 0, "steps_total": 6,
        }  # fmt: skip
        mixed = "backend_port"  # a column with texts beside numbers lands as text: 9100 becomes '9100'
        return (
            "begin",
            INSERT,
            list(row.values()),
            {name: value for name, value in row.items() if name != mixed},
        )

    def _carried_on(self, adw_id: str) -> Statement:
        tokens = self._drawn.randrange(10**5)
        cost = round(self._drawn.random(), 4)
        status = self._drawn.choice(["running", "completed", "failed"])
        row = {
            "status": status, "current_phase": self._drawn.choice(["plan", "build", "ship"]), "input_tokens": tokens,
            "output_tokens": 7, "total_tokens": tokens + 7, "actual_cost_total": cost,
            "cost_breakdown": f'{{"actual_total": {cost}, "by_phase": {{"plan": {cost}}}}}',
            "duration_seconds": self._drawn.randrange(9000) if status == "completed" else None,
            "error_message": "phase build failed" if status == "failed" else None, "adw_id": adw_id,
        }  # fmt: skip
        return "carry on", UPDATE, list(row.values()), row

    def _synced(self, adw_id: str) -> Statement:
        row = {"bottleneck_phase": "build", "idle_time_seconds": self._drawn.randrange(99), "adw_id": adw_id}
        return "sync", SYNC, list(row.values()), row

    def _scored(self, adw_id: str) -> Statement:
        row = {
            "cost_efficiency_score": round(self._drawn.uniform(0, 100), 1),
            "performance_score": round(self._drawn.uniform(0, 100), 1),
            "anomaly_flags": '["Cost 2.1x above average"]', "adw_id": adw_id,
        }  # fmt: skip
        return "score", SCORE, list(row.values()), row


@contextmanager
def running(path: Path | str, *, rest: float = 0.002, seed: int = 0) -> Iterator[Writer]:
    """A writer at work for as long as the block takes."""
    writer = Writer(path, rest=rest, seed=seed)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()


def until(writer: Writer, statements: int, *, seconds: float = 30) -> None:
    """Wait until it has been acknowledged so many statements more. Raises TimeoutError."""
    wanted = writer.counts.total() + statements
    deadline = time.monotonic() + seconds
    while writer.counts.total() < wanted:
        if time.monotonic() > deadline or not writer.is_running:
            raise TimeoutError(
                f"{writer.counts.total()} of {wanted} statements, {writer.moved or writer.errors}"
            )
        time.sleep(0.002)

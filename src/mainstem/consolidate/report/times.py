"""The journal as phases: when each was entered, how long its work took, and how often it was done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mainstem.consolidate.report.facts import Phase

NAMES = {
    "planned": "plan adopted",
    "expanded": "triggers and views",
    "copied": "copy",
    "verified": "proof",
    "cut_over": "cut-over",
    "finished": "finish",
}


@dataclass(frozen=True)
class Entry:
    """A line of the journal: it is written when the work is done."""

    at: datetime
    phase: str
    facts: dict[str, Any]

    @property
    def is_proof(self) -> bool:
        return "compared" in self.facts

    @property
    def name(self) -> str:
        """What was done."""
        if "index_made" in self.facts:
            return f"index on {self.facts['table']} ({self.facts['column']})"
        for mark, name in (
            ("rolled_back", "rollback"),
            ("abandoned", "rollback to the plan"),
            ("backup", "backup"),
            ("without_backup", "decided: no backup"),
            ("columns_dropped", "columns for old ids dropped"),
        ):
            if mark in self.facts:
                return name
        is_failed = self.is_proof and self.phase == "copied"
        return "proof that failed" if is_failed else NAMES.get(self.phase, self.phase)

    @property
    def took(self) -> timedelta:
        if "backup" in self.facts:
            said = self.facts["backup"]
            return self.at - datetime.fromisoformat(said["taken_at"])
        milliseconds = self.facts.get("locked_ms", 0) + self.facts.get("waited_ms", 0)
        return timedelta(seconds=self.facts.get("seconds", 0), milliseconds=milliseconds)


def phases(entries: Iterable[Entry]) -> Iterator[Phase]:
    """In their order; the same work twice in a row is one line with two attempts, and the time of both."""
    pending: list[Entry] = []
    for entry in entries:
        if pending and pending[-1].name != entry.name:
            yield _phase(pending)
            pending = []
        pending.append(entry)
    if pending:
        yield _phase(pending)


def _phase(entries: list[Entry]) -> Phase:
    attempts = sum(entry.facts.get("attempts", 1) for entry in entries)
    took = sum((entry.took for entry in entries), timedelta())
    return Phase(entries[0].name, entries[0].at - entries[0].took, took, attempts)

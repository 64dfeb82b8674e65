"""The facts of a consolidation that a person signs for: found, decided, moved, dropped, and the way back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Found:
    """An old table as it was inspected; `oddities` are sentences about its rows."""

    table: str
    rows: int
    size: int
    """Bytes, indexes and all."""
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A question that the mapping asked, and who answered it."""

    question: str
    answer: str
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """One old table, and what was proved of it: counts and digests of the old rows and of what was made from them."""

    table: str
    becomes: str
    rows_before: int
    rows_back: int
    """Rows that the new tables give back as old ones."""
    digest_before: str
    digest_back: str
    quarantined: int = 0
    """Rows set aside by a decision: kept as they were, and counted in both."""

    @property
    def is_equal(self) -> bool:
        return (self.rows_before, self.digest_before) == (self.rows_back, self.digest_back)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What does not come along: a column or a table, why, and in how many rows it held something."""

    object: str
    why: str
    filled: int | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of the life, how long it took, and how often it was begun."""

    name: str
    began_at: datetime
    took: timedelta
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that others could have waited for."""

    object: str
    mode: str
    held: timedelta


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup, and where it was restored to prove it."""

    place: str
    size: int
    taken_at: datetime
    restored_at: datetime | None = None
    digests_equal: bool = False

    @property
    def is_proved(self) -> bool:
        return self.restored_at is not None and self.digests_equal


class Return(StrEnum):
    """What going back would cost now."""

    LOSSLESS = "lossless"
    LOSSY = "with losses"
    RESTORE = "from the backup only"


@dataclass(frozen=True, slots=True)
class WayBack:
    """How to go back, and until when. `until` None: as long as nobody finishes."""

    how: Return
    command: str
    until: datetime | None = None
    costs: tuple[str, ...] = ()
    """What would be lost; empty where nothing would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that the document says. Times are aware."""

    system: str
    source: str
    target: str
    phase: str
    written_at: datetime
    found: tuple[Found, ...] = ()
    decided: tuple[Decision, ...] = ()
    moved: tuple[Moved, ...] = ()
    left_out: int = 0
    """Roots that were being written while it was proved; each was compared at the switch."""
    dropped: tuple[Dropped, ...] = ()
    phases: tuple[Phase, ...] = ()
    locks: tuple[Lock, ...] = ()
    backup: Backup | None = None
    way_back: WayBack
    limits: tuple[str, ...] = ()
    """What old code cannot do any more under the old names."""
    signers: tuple[str, ...] = ("For the data", "For the operation")

    @property
    def is_proved(self) -> bool:
        """Whether something was moved, and every table came back equal."""
        return bool(self.moved) and all(moved.is_equal for moved in self.moved)

    @property
    def digest(self) -> str:
        """SHA-256 of all facts: two documents with the same are the same, whichever form is read."""
        facts = json.dumps(asdict(self), sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(facts.encode()).hexdigest()

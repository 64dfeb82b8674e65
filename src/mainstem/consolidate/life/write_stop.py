"""The time in which an old source takes no writes, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from mainstem.consolidate.life.cutover import has_switched
from mainstem.consolidate.life.session import Connection
from mainstem.consolidate.mapping import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class WritersOut:
    """Writers are out for the block. One that an error ends, or an interrupt, lets them in again, unless it may have switched."""

    conn: Connection
    mapping: Mapping
    stop: Callable[[], object]
    allow: Callable[[], object]

    def __enter__(self) -> None:
        self.stop()

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is not None and not has_switched(self.conn, self.mapping, error):
            self.allow()

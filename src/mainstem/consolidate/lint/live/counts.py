"""Counts: what a live database answered, or why it did not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """A number of rows, and a few of them. `rows` is None, with the reason in `why`, when it could not be asked."""

    rows: int | None
    why: str = ""
    sample: tuple[str, ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether it was counted, and there is nothing."""
        return self.rows == 0

    @property
    def told(self) -> str:
        """As the end of a sentence about what may be."""
        if self.sample:
            return f": {', '.join(self.sample)}{', …' if (self.rows or 0) > len(self.sample) else ''}"
        return f" (not counted: {self.why})" if self.why else ""


NO_DATABASE = Count(None)
"""Nobody was asked."""

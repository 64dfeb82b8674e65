"""An oddity: something that real rows of the old tables do, with rows that do it and the question that finds them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Oddity:
    """One thing that a consolidation has to survive."""

    name: str
    meaning: str
    rows: str
    """INSERTs; empty where the ordinary rows have it already."""
    found: str
    """A query that gives the odd rows: at least one in the sample."""

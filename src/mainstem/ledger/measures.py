"""Measures: numbers over all tenants for a server's monitoring."""

from __future__ import annotations

from dataclasses import dataclass

from mainstem.ledger.call import Call


@dataclass(frozen=True, slots=True)
class Measure:
    """One number, of one label."""

    measure: str
    label: str
    amount: float


def measures() -> Call[list[Measure]]:
    """Depth of the queue by state, age of the oldest ready run by queue, workers, what became of runs lately."""
    return Call(
        "select measure, label, amount from mainstem._measures()",
        [],
        lambda rows: [Measure(**row) for row in rows],
    )

"""Usage: what a step spent elsewhere (tokens, money), summed by model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from mainstem.flow.program import stepping
from mainstem.flow.values import storable_text

SUMMED = ("calls", "tokens_in", "tokens_out", "cost")


def report_usage(
    *, tokens_in: int = 0, tokens_out: int = 0, cost: float | Decimal = 0, model: str = ""
) -> None:
    """Record what the step that runs now spent on one call of a model; as often as it calls one.

    It stands in the step's `metadata.usage`, summed by model over all its attempts, and in `v_workflow_usage`. cost:
    in whatever currency you keep to. Outside of a run it is dropped, as the step is not recorded.
    """
    told = {"tokens_in": tokens_in, "tokens_out": tokens_out, "cost": float(cost)}
    for name, amount in told.items():
        if not (math.isfinite(amount) and amount >= 0):
            raise ValueError(f"a step spends some {name} or none, not {amount}")
    if (info := stepping.get()) is not None:
        info.record_usage({"model": storable_text(model), "calls": 1, **told})


def summed(spent: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry a model, in the order in which they were first called."""
    found: dict[str, dict[str, Any]] = {}
    for one in spent:
        entry = found.setdefault(one["model"], {"model": one["model"], **dict.fromkeys(SUMMED, 0)})
        for name in SUMMED:
            entry[name] = round(entry[name] + one[name], 10)  # so that 0.1 and 0.2 are 0.3
    return list(found.values())

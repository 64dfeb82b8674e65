"""What speaks against a migration: by which rule, where, about how many rows, and what to do instead."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`place` is the line of a script or the name of an object; `rows` how many it concerns, where that can be told."""

    rule: str
    place: str
    rows: int | None
    message: str
    remedy: str
    is_error: bool = True


def refused(findings: Sequence[Finding], accepted: Collection[str]) -> list[Finding]:
    """Those that stop a migration: errors whose rule nobody accepted."""
    return [finding for finding in findings if finding.is_error and finding.rule not in accepted]


def told(findings: Sequence[Finding]) -> str:
    """The first few in a sentence."""
    parts = [f"{one.rule} {one.place}: {one.message}{_rows(one)}" for one in findings[:3]]
    more = [f"and {len(findings) - 3} more"] if len(findings) > 3 else []
    return "; ".join([*parts, *more])


def _rows(finding: Finding) -> str:
    is_said = finding.rows is None or re.search(rf"\b{finding.rows}\b", finding.message)
    return "" if is_said else f" ({finding.rows} rows)"

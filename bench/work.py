"""The work that the benches measure: values of about 200 bytes of JSON, and the shapes of runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

STEPS = 10

VALUE: dict[str, Any] = {
    "claim": "c-2026-000123",
    "member": "m-9912345",
    "codes": ["A10", "B20", "C30"],
    "amount": 1234.5,
    "note": "the quick brown fox jumps over the lazy dog, and the dog does not mind at all, being lazy",
    "pages": 3,
}
"""199 bytes as JSON."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a run does."""

    name: str
    steps: int
    told: str


WAIT = 0.05
"""Seconds that the body of a step waits, as one that asks a service does."""

TEN = Shape("ten", STEPS, "ten sequential steps that do nothing")
FAN = Shape("fan", 1000, "a fan-out of 1,000 steps that do nothing")
NAPS = Shape("naps", STEPS, f"ten sequential steps, each waits {WAIT * 1000:g} ms")
SHAPES = {shape.name: shape for shape in (TEN, FAN, NAPS)}

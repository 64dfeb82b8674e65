"""The work that the benches measure: values of about 200 bytes of JSON, ten no-op steps a run."""

from __future__ import annotations

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

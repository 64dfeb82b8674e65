"""What the steps of a test's workflows did, and a gate that they wait before; both are new for each test."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

executed: Counter[str] = Counter()
gate = threading.Event()


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    gate.clear()
    executed.clear()

"""Functions that the nodes of the tests' graphs call."""

from __future__ import annotations

import os
import threading
from collections import Counter

executed: Counter[str] = Counter()
failures: Counter[str] = Counter()
"""How often a function is still to fail."""
gate = threading.Event()


def read_claim(document: str) -> dict[str, object]:
    executed["read_claim"] += 1
    amount = int(document.removeprefix("claim "))
    return {"member": f"m{amount}", "amount": amount, "codes": ["A", "B"]}


async def check_eligibility(member: str) -> dict[str, bool]:
    executed["check_eligibility"] += 1
    fail_when_asked("check_eligibility")
    return {"active": member != "m13"}


def score_fraud(amount: int) -> float:
    executed["score_fraud"] += 1
    fail_when_asked("score_fraud")
    return amount / 10_000


def whereabouts(name: str) -> dict[str, object]:
    return {"name": name, "pid": os.getpid()}


def ask_again(round_number: int) -> dict[str, object]:
    executed["ask_again"] += 1
    return {"complete": executed["ask_again"] >= 3, "round": round_number}


def pay(member: str, amount: int) -> str:
    executed["pay"] += 1
    return f"{amount} to {member}"


def square(item: int) -> int:
    executed["square"] += 1
    if item < 0:
        raise ValueError(f"{item} is negative")
    return item * item


def behind_the_gate(name: str) -> str:
    gate.wait(20)
    executed[name] += 1
    return name


def quick(name: str) -> str:
    executed[name] += 1
    return name


def fail_when_asked(name: str) -> None:
    if failures[name]:
        failures[name] -= 1
        raise ConnectionError(f"{name} does not answer")

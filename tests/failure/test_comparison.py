"""Conditions as people type them."""

from __future__ import annotations

import pytest

from mainstem.errors import BadArgument
from mainstem.flow.comparison import Comparison


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("input.amount > 10", True),
        ("input.amount > 11", False),
        ("input.pages[1].kind = bill", True),
        ("input.pages[2].kind = bill", False),
        ("input.pages[2].kind != bill", True),
        ('input.note ~ "and more" and call = 2', True),
        ("input.is_open = true", True),
        ("input.is_open = 1", False),
        ("input.note > 3", False),
        ("run = null", True),
        ("input.amount >= 11 and input.amount <= 11 and input.amount < 12", True),
    ],
)
def test_a_condition_compares_what_is_there(text: str, holds: bool) -> None:
    documents = {
        "input": {"amount": 11, "pages": [{}, {"kind": "bill"}], "note": "this and more", "is_open": True},
        "run": None,
        "call": 2,
    }
    assert Comparison.parsed(text, ("input", "run", "call")).holds(documents) is holds


@pytest.mark.parametrize(
    "text",
    ["", "input", "input.amount >", "x = 1", "input.a = 1 or input.b = 2", "input..a = 1", "input[a] = 1"],
)
def test_a_condition_that_cannot_be_read_says_where(text: str) -> None:
    with pytest.raises(BadArgument, match="condition"):
        Comparison.parsed(text, ("input", "run", "call"))

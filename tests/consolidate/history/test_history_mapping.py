"""The mapping of the history preset says something of every column, in both shapes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import yaml

from mainstem.consolidate.presets.history import mapping_for
from mainstem.consolidate.presets.history.sample import SHAPES, Shape
from mainstem.consolidate.presets.history.sample.schema import DAY, HOUR, names

pytestmark = pytest.mark.parametrize("shape", SHAPES)


def said(shape: Shape) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(mapping_for(names(shape)))
    return read


def test_every_column_has_a_place_and_each_place_one_column(shape: Shape) -> None:
    columns = said(shape)["tables"]["workflow_history"]["columns"]
    assert sorted(columns) == sorted(names(shape))
    places = Counter(lens if isinstance(lens, str) else lens["to"] for lens in columns.values())
    assert [place for place, count in places.items() if count > 1] == []


def test_both_shapes_have_one_name_for_the_hour_and_the_day(shape: Shape) -> None:
    columns = said(shape)["tables"]["workflow_history"]["columns"]
    assert columns[HOUR[shape]] == "context.hour_of_day"
    assert columns[DAY[shape]] == "context.day_of_week"


def test_every_decision_has_an_answer_and_every_answer_that_is_used_a_decision(shape: Shape) -> None:
    mapping = said(shape)
    assert all(decision["answer"] not in (None, "?") for decision in mapping["decisions"].values())
    text = mapping_for(names(shape))
    used = {word.strip("}{,") for word in text.split() if word.startswith("$")}
    assert {name[1:] for name in used} <= set(mapping["decisions"])


def test_nothing_gets_a_default_that_a_falsy_value_could_fall_into(shape: Shape) -> None:
    """Hour 0 and Monday stay 0: `x or -1` is what the old application's layer did."""
    columns = said(shape)["tables"]["workflow_history"]["columns"]
    assert [name for name, lens in columns.items() if isinstance(lens, dict) and "default" in lens] == []

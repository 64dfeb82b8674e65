"""The page about graphs: its graph can run, and its table names every kind."""

from __future__ import annotations

import re
from pathlib import Path

from mainstem.graph import kinds
from mainstem.graph.read import read_graph

PAGE = (Path(__file__).parents[2] / "docs/graphs.md").read_text(encoding="utf-8")


def test_its_graph_has_no_fault() -> None:
    [graph] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert read_graph(graph).name == "claim-intake"


def test_its_table_names_every_kind() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == set(kinds.KINDS) - {""}

"""Reading a graph: YAML, JSON or Python, checked whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mainstem.errors import GraphRefused
from mainstem.flow.modules import module_named
from mainstem.graph.model import Graph
from mainstem.graph.written import checked_graph


def read_graph(text: str, *, place: str = "graph") -> Graph:
    """A graph out of YAML or JSON, which YAML contains. Raises GraphRefused with every fault, each with its path."""
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise GraphRefused(f"{place} is no YAML: {error}", hint="mend the line that is named") from error
    return checked_graph(said, place=place)


def words_in(text: str, *, place: str = "graph") -> Any:
    """What a stranger's YAML or JSON holds. Raises GraphRefused, also for an alias: it makes much of little."""
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise GraphRefused(f"{place} has an alias (*name)", hint="write out what it stands for")
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise GraphRefused(f"{place} is no YAML: {error}", hint="mend the line that is named") from error


def graph_in(place: str) -> Graph:
    """The graph in a file, or in Python at module:name. Raises GraphRefused."""
    path = Path(place)
    if path.is_file():
        return read_graph(path.read_text(encoding="utf-8"), place=place)
    module, colon, name = place.partition(":")
    if not colon:
        raise GraphRefused(f"there is no file {place}", hint="give a .yaml or .json file, or module:name")
    found = getattr(module_named(module, missing=GraphRefused), name, None)
    if found is None:
        raise GraphRefused(f"module {module} has no {name!r}", hint="name a Graph, or a dict that is one")
    return checked_graph(found, place=place)

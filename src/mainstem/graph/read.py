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
    return checked_graph(words_in(text, place=place), place=place)


def words_in(text: str, *, place: str = "graph") -> Any:
    """What YAML or JSON holds. Raises GraphRefused where it is neither."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _unreadable(place, error) from error


def words_of_a_stranger(text: str, *, place: str = "graph") -> Any:
    """As `words_in`, but for an alias, which makes much of little: it is refused."""
    try:
        aliases = [token for token in yaml.scan(text) if isinstance(token, yaml.AliasToken)]
    except yaml.YAMLError as error:
        raise _unreadable(place, error) from error
    if aliases:
        raise GraphRefused(f"{place} has an alias (*{aliases[0].value})", hint="write out what it stands for")
    return words_in(text, place=place)


def _unreadable(place: str, error: yaml.YAMLError) -> GraphRefused:
    return GraphRefused(f"{place} is no YAML: {error}", hint="mend the line that is named")


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

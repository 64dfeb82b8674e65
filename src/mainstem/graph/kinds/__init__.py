"""The kinds of nodes, by name: those that come with us, and those that somebody entered."""

from __future__ import annotations

from pydantic import ValidationError

from mainstem.errors import BadArgument, KindRefused
from mainstem.graph.kinds.approval import Approval
from mainstem.graph.kinds.delay import Delay
from mainstem.graph.kinds.hand_on import HandOn
from mainstem.graph.kinds.http import Http
from mainstem.graph.kinds.kind import Kind
from mainstem.graph.kinds.map_over import Map
from mainstem.graph.kinds.python import Python
from mainstem.graph.kinds.sql import Sql
from mainstem.graph.kinds.workflow import Workflow
from mainstem.graph.model import Node

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (Approval(), Delay(), HandOn(), Http(), Map(), Python(), Sql(), Workflow())
}


def enter(kind: Kind) -> None:
    """Let nodes be of this kind, in this process. Raises BadArgument for a name that another kind has."""
    if not kind.name or KINDS.get(kind.name, kind) is not kind:
        raise BadArgument(f"a kind {kind.name!r} is there already", hint="give it a name of its own")
    KINDS[kind.name] = kind


def kind_of(node: Node) -> Kind:
    """What the node does. Raises KindRefused for a kind that nobody entered in this process."""
    if (kind := KINDS.get(node.kind or "")) is None:
        raise KindRefused(
            f"this worker has no kind {node.kind!r}", hint="start it with the module that enters it"
        )
    return kind


def faults_of_kind(node: Node) -> list[str]:
    """What speaks against a node's kind and its config."""
    place = f"nodes.{node.key}"
    if (kind := KINDS.get(node.kind or "")) is None:
        return [
            f"{place}.kind: there is no kind {node.kind!r}; there are {', '.join(sorted(filter(None, KINDS)))}"
        ]
    return [*_faults_of_cache(node, kind, place), *_faults_of_config(node, kind, place)]


def _faults_of_cache(node: Node, kind: Kind, place: str) -> list[str]:
    if kind.may_be_cached or node.cache is None:
        return []
    return [
        f"{place}.cache: a node of kind {kind.name} is not cached: what it gives was waited for in its run"
    ]


def _faults_of_config(node: Node, kind: Kind, place: str) -> list[str]:
    try:
        kind.config.model_validate(node.config)
    except ValidationError as error:
        return [
            f"{'.'.join([place, 'config', *map(str, one['loc'])])}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        ]
    return []

"""Checking the values of a graph: requirements, and the bindings that are to meet them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mainstem.graph.expression import fault_of, roots
from mainstem.graph.model import Binding, Node, Requirement
from mainstem.graph.requirements import faults_in
from mainstem.graph.shape import Shape

_OF_BINDINGS = {"input", "nodes"}
_READ_AS_ONE_ANOTHER: tuple[set[str], ...] = ({"date", "string"}, {"file", "string"})


def faults_of_values(node: Node, shape: Shape) -> list[str]:
    """What speaks against a node's requirements and bindings."""
    place = f"nodes.{node.key}"
    faults = [
        fault
        for word, requirements in (
            ("input_requirements", node.input_requirements),
            ("output_requirements", node.output_requirements),
        )
        for name, one in requirements.items()
        for fault in _of_requirement(one, f"{place}.{word}.{name}")
    ]
    for name, binding in node.data_bindings.items():
        faults += _of_binding(node, name, binding, shape)
    return [*faults, *_unbound(node)]


def _of_requirement(requirement: Requirement, place: str) -> Iterator[str]:
    if requirement.pattern is not None and (fault := _pattern_fault(requirement.pattern)):
        yield f"{place}.pattern: {fault}"
    elif requirement.rule is not None and (fault := fault_of(requirement.rule) or ""):
        yield f"{place}.rule: {fault}"
    elif requirement.has_default and requirement.default is not None:
        yield from faults_in(requirement, requirement.default, f"{place}.default")


def _pattern_fault(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return ""


def _of_binding(node: Node, name: str, binding: Binding, shape: Shape) -> Iterator[str]:
    place = f"nodes.{node.key}.data_bindings.{name}"
    if binding.path is not None and (fault := fault_of(binding.path)) is not None:
        yield f"{place}.path: {fault}"
        return
    required = node.input_requirements.get(name)
    match binding.source:
        case "value":
            if required is not None:
                yield from faults_in(required, binding.value, f"{place}.value")
        case "input":
            yield from _of_source(_of_input(binding, shape), binding, required, f"{place}.input")
        case "node":
            yield from _of_node(node, binding, shape, f"{place}.node")
            yield from _of_source(_of_output(binding, shape), binding, required, f"{place}.node")
        case "expression":
            yield from _of_expression(node, binding.expression or "", shape, f"{place}.expression")


def _of_node(node: Node, binding: Binding, shape: Shape, place: str) -> Iterator[str]:
    named = binding.node or ""
    if named not in shape.nodes:
        yield f"{place}: there is no node {named!r}"
    elif not shape.comes_before(named, node.key):
        yield f"{place}: {named} cannot have run when {node.key} does"


def _of_expression(node: Node, text: str, shape: Shape, place: str) -> Iterator[str]:
    if (fault := fault_of(text)) is not None:
        yield f"{place}: {fault}"
        return
    for first, second in sorted(roots(text), key=str):
        if first not in _OF_BINDINGS:
            yield f"{place}: {first!r} is none of input, nodes"
        elif first == "nodes" and second is not None:
            yield from _of_node(node, Binding(node=second), shape, place)


def _of_input(binding: Binding, shape: Shape) -> Requirement | str | None:
    """What the run's input has under this name: its requirement, None when nothing is known, or the fault."""
    entries = [node for node in shape.nodes.values() if node.type == "entry"]
    known = entries[0].input_requirements if len(entries) == 1 else {}
    if not known:
        return None
    return (
        known.get(binding.input or "") or f"the entry requires {', '.join(known)}, and no {binding.input!r}"
    )


def _of_output(binding: Binding, shape: Shape) -> Requirement | str | None:
    """What the node gives at this path, where it is a name that the node says something of."""
    node = shape.nodes.get(binding.node or "")
    return None if node is None or binding.path is None else node.output_requirements.get(binding.path)


def _of_source(
    found: Requirement | str | None, binding: Binding, required: Requirement | None, place: str
) -> Iterator[str]:
    if isinstance(found, str):
        yield f"{place}: {found}"
    elif found is None or required is None or (binding.input is not None and binding.path is not None):
        return
    elif found.type != required.type and {found.type, required.type} not in _READ_AS_ONE_ANOTHER:
        yield f"{place}: gives {found.type}, and {required.type} is required"


def _unbound(node: Node) -> Iterator[str]:
    """An entry without bindings is given what the run is given."""
    if node.type == "entry" and not node.data_bindings:
        return
    for name, one in node.input_requirements.items():
        if one.required and not one.has_default and name not in node.data_bindings:
            yield f"nodes.{node.key}.data_bindings: the required input {name!r} is bound to nothing"

"""Programs: the workflows in a user's modules, found as Python finds them from where the command was typed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mainstem.errors import BadArgument, UnknownWorkflow
from mainstem.flow.modules import module_named
from mainstem.flow.program import Workflow

Program = Workflow[..., Any]


def workflows_of(modules: Iterable[str], *, may_be_none: bool = False) -> list[Program]:
    """All workflows that these modules have, each once. Raises BadArgument and UnknownWorkflow."""
    found: dict[str, Program] = {}
    for module in modules:
        for workflow in vars(module_named(module)).values():
            if isinstance(workflow, Workflow):
                _enter(found, workflow)
    if not found and not may_be_none:
        raise UnknownWorkflow(
            f"no workflow in {', '.join(modules)}", hint="see how `mainstem init` makes one"
        )
    return list(found.values())


def workflow_at(place: str) -> Program:
    """The workflow at `module:name`, whether the name is its variable's or its own."""
    module, _, name = place.partition(":")
    members = vars(module_named(module))
    named = [member for member in members.values() if isinstance(member, Workflow) and member.name == name]
    for found in (members.get(name), *named):
        if isinstance(found, Workflow):
            return found
    raise UnknownWorkflow(f"{module} has no workflow {name!r}", hint=_offer(module, members))


def _enter(found: dict[str, Program], workflow: Program) -> None:
    if found.setdefault(workflow.name, workflow) is not workflow:
        raise BadArgument(f"two workflows are named {workflow.name!r}", hint="give one of them another name")


def _offer(module: str, members: dict[str, Any]) -> str:
    names = [name for name, member in members.items() if isinstance(member, Workflow)]
    return f"{module}:{names[0]}" if names else "see how `mainstem init` makes one"

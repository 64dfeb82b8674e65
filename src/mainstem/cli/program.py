"""Programs: the workflows in a user's modules, found as Python finds them from where the command was typed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from mainstem.errors import BadArgument, UnknownWorkflow
from mainstem.flow.program import Workflow

Program = Workflow[..., Any]


def workflows_of(modules: Iterable[str]) -> list[Program]:
    """All workflows that these modules have, each once. Raises BadArgument and UnknownWorkflow."""
    found: dict[str, Program] = {}
    for module in modules:
        for workflow in vars(load(module)).values():
            if isinstance(workflow, Workflow):
                _enter(found, workflow)
    if not found:
        raise UnknownWorkflow(
            f"no workflow in {', '.join(modules)}", hint="see how `mainstem init` makes one"
        )
    return list(found.values())


def workflow_at(place: str) -> Program:
    """The workflow at `module:name`, whether the name is its variable's or its own."""
    module, _, name = place.partition(":")
    members = vars(load(module))
    named = [member for member in members.values() if isinstance(member, Workflow) and member.name == name]
    for found in (members.get(name), *named):
        if isinstance(found, Workflow):
            return found
    raise UnknownWorkflow(f"{module} has no workflow {name!r}", hint=_offer(module, members))


def load(name: str) -> ModuleType:
    """Import a module. An error in it is its author's, and is shown whole; only a missing one is ours to tell."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name is None or not f"{name}.".startswith(f"{missing.name}."):
            raise
        raise BadArgument(
            f"there is no module {name!r} in {here}",
            hint="name it as in `import`, from its project's directory",
        ) from missing


def _enter(found: dict[str, Program], workflow: Program) -> None:
    if found.setdefault(workflow.name, workflow) is not workflow:
        raise BadArgument(f"two workflows are named {workflow.name!r}", hint="give one of them another name")


def _offer(module: str, members: dict[str, Any]) -> str:
    names = [name for name, member in members.items() if isinstance(member, Workflow)]
    return f"{module}:{names[0]}" if names else "see how `mainstem init` makes one"

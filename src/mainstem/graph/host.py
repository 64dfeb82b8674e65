"""The host of a run: what the process around it offers to the kinds of its nodes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mainstem.errors import KindRefused, UnknownWorkflow
from mainstem.flow.children import Child
from mainstem.flow.program import Workflow
from mainstem.flow.program import _conductor as conductor_of
from mainstem.model import Json

Query = Callable[[str, str, Mapping[str, Json], float | None], Awaitable[list[dict[str, Json]]]]
"""Performs a statement on a database by its name, with parameters, within seconds."""

Find = Callable[[str], Awaitable[Workflow[..., Any] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What nodes may ask for beyond their inputs. One without a database, or without workflows, says so when asked."""

    org_id: UUID | None = None
    workflows: Mapping[str, Workflow[..., Any]] = field(default_factory=dict)
    find: Find | None = None
    """Finds a workflow that is no code of this process."""
    query: Query | None = None

    async def call(self, workflow: str, given: Mapping[str, Json]) -> Json:
        """Run a workflow to its end as a part of this run. Raises UnknownWorkflow."""
        called = self.workflows.get(workflow)
        if called is None and self.find is not None:
            called = await self.find(workflow)
        if called is None:
            known = ", ".join(sorted(self.workflows)) or "none"
            raise UnknownWorkflow(
                f"this worker has no workflow {workflow!r}", hint=f"start it with its module; it has: {known}"
            )
        return await called.function(**called.parameters.read(dict(given)))

    async def begin(self, workflow: str, given: Mapping[str, Json], *, awaited: bool) -> Json:
        """Begin a run of its own, at the version that is active then: what it gives when it is awaited, else its id.

        Raises UnknownWorkflow, BadArgument, RunFailed, RunCancelled.
        """
        asked = Child(self.workflows.get(workflow, workflow), dict(given), None, None, None)
        return await conductor_of("a workflow node").child(asked, awaited=awaited)

    async def ask(
        self, database: str, statement: str, parameters: Mapping[str, Json], seconds: float | None
    ) -> list[dict[str, Json]]:
        """Rows of a statement. Raises KindRefused where no database has this name."""
        if self.query is None:
            raise no_database(database, ())
        return await self.query(database, statement, parameters, seconds)


def no_database(name: str, known: Iterable[str]) -> KindRefused:
    """Of a worker that has others, or none."""
    return KindRefused(
        f"this worker has no database {name!r}; it has: {', '.join(sorted(known)) or 'none'}",
        hint="name it when the worker starts: --database NAME=postgresql://…",
    )

"""Published graphs on a worker: each version is loaded once, and runs as a workflow of its own."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mainstem.errors import GraphRefused
from mainstem.flow.program import Workflow
from mainstem.graph.host import Host, no_database
from mainstem.graph.program import workflow_of
from mainstem.graph.shape import Shape
from mainstem.graph.steps import recorded
from mainstem.graph.written import written_graph
from mainstem.ledger.definitions import find_graph
from mainstem.ledger.link import Link
from mainstem.model import ClaimedRun, Json
from mainstem.postgres.statements import rows_of

log = logging.getLogger(__name__)

LOADED = 500
"""Versions that are kept; the one that was not used for the longest goes."""


@dataclass
class Graphs:
    """What a worker knows of published graphs.

    workflows: its code, which nodes may call. databases: URLs by name, for nodes of kind sql.
    """

    link: Link
    workflows: Mapping[str, Workflow[..., Any]]
    databases: Mapping[str, str]
    _shapes: OrderedDict[tuple[UUID, str, int], Shape] = field(default_factory=OrderedDict)

    async def workflow_of(self, run: ClaimedRun) -> Workflow[..., Any] | None:
        """The version that the run began with; None when no graph of it was published."""
        return await self._loaded(run.org_id, run.workflow, run.workflow_version)

    async def _loaded(self, org_id: UUID, name: str, version: int) -> Workflow[..., Any] | None:
        mark = (org_id, name, version)
        if mark not in self._shapes:
            found = await self.link(find_graph(org_id, name, version))
            if found is None:
                return None
            try:
                self._shapes[mark] = Shape(
                    written_graph(found.graph_config, place=f"{name} version {version}")
                )
            except GraphRefused as refusal:  # of an old system, in words of its own
                log.warning("not a graph that runs here: %s", refusal)
                return None
            while len(self._shapes) > LOADED:
                self._shapes.popitem(last=False)
        self._shapes.move_to_end(mark)
        return workflow_of(self._shapes[mark], self._host(org_id), name=name, version=version)

    def _host(self, org_id: UUID) -> Host:
        async def find(name: str) -> Workflow[..., Any] | None:
            return await self._called(org_id, name)

        return Host(org_id=org_id, workflows=self.workflows, find=find, query=self._query)

    async def _called(self, org_id: UUID, name: str) -> Workflow[..., Any] | None:
        """The graph that a node calls: the version that was active when the run first came by."""

        async def ask(_: dict[str, Json]) -> Json:
            found = await self.link(find_graph(org_id, name, None))
            return None if found is None else found.version

        version = await recorded(f"version_of:{name}", ask)({})
        return None if version is None else await self._loaded(org_id, name, version)

    async def _query(
        self, database: str, statement: str, parameters: Mapping[str, Json], seconds: float | None
    ) -> list[dict[str, Json]]:
        if (url := self.databases.get(database)) is None:
            raise no_database(database, self.databases)
        return await asyncio.to_thread(rows_of, url, statement, parameters, seconds=seconds)

"""Callers: people and programs that move runs through the SQL functions, one tenant's session each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import Connection

from conftest import Clock, Database, Tenant
from mainstem import Mainstem
from mainstem.errors import every_error
from mainstem.ledger.call import perform
from mainstem.ledger.runs import read_run
from mainstem.model import Run


@dataclass(frozen=True)
class Caller:
    """A tenant's session, in the role of servers and clients."""

    database: Database
    tenant: Tenant
    conn: Connection[Any]

    @classmethod
    def at(cls, database: Database, tenant: Tenant, role: str = "mainstem_app") -> Caller:
        return cls(database, tenant, database.connect(role, tenant.org_id))

    def client(self) -> Mainstem:
        return Mainstem(self.database.url, org_id=self.tenant.org_id)

    @property
    def clock(self) -> Clock:
        return Clock(self.database)

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        return self.conn.execute(query, parameters).fetchall()

    def value(self, query: str, *parameters: Any) -> Any:
        [row] = self.rows(query, *parameters)
        return next(iter(row.values()))

    def call(self, function: str, *arguments: Any) -> Any:
        """One function of the ledger, by position, as the SQL user writes it."""
        return self.value(f"select mainstem.{function}({', '.join(['%s'] * len(arguments))})", *arguments)

    def refusal(self, function: str, *arguments: Any) -> str:
        """The SQLSTATE with which a call is refused; every refusal of ours says what is wrong and what to do."""
        with pytest.raises(psycopg.Error) as refused:
            self.call(function, *arguments)
        assert refused.value.sqlstate in every_error(), refused.value
        assert refused.value.diag.message_primary
        assert refused.value.diag.message_hint
        return str(refused.value.sqlstate)

    def start_run(self, *, channel: str = "web", external_id: str | None = None) -> UUID:
        run_id: UUID = self.call(
            "start_workflow_execution",
            self.tenant.workflow_id,
            channel,
            external_id,
            None,
            self.tenant.user_id,
        )
        return run_id

    def start_step(self, run_id: UUID, number: int = 1, input_data: str | None = None) -> UUID:
        step_id: UUID = self.call("start_workflow_step", run_id, self.tenant.node_id, number, input_data)
        return step_id

    def read(self, run_id: UUID) -> Run:
        """A run with its steps, as the client reads it."""
        return perform(self.conn, read_run(run_id), org_id=self.tenant.org_id)

    def run(self, run_id: UUID) -> dict[str, Any]:
        [row] = self.rows("select * from mainstem.user_workflow_run where run_id = %s", run_id)
        return row

    def step(self, step_id: UUID) -> dict[str, Any]:
        [row] = self.rows(
            "select * from mainstem.user_workflow_run_step where run_id = mainstem.run_of(%s) and step_id = %s",
            step_id,
            step_id,
        )
        return row

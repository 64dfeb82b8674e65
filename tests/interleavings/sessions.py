"""Sessions: connections whose statements may wait for one another while the test goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from conftest import Database, Tenant
from mainstem.ids import new_run_id
from mainstem.ledger.call import Call
from mainstem.ledger.records import COMPOSITES, OIDS_SQL, StartRecord, register
from mainstem.ledger.runs import start_runs
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import aconnect

T = TypeVar("T")
Rows = list[dict[str, Any]]


@dataclass
class Session:
    """One connection; `watcher` is another, which sees what it waits for."""

    conn: AsyncConnection[Any]
    watcher: AsyncConnection[Any]

    async def rows(self, query: str, *parameters: Any) -> Rows:
        cursor = await self.conn.execute(query, parameters or None)
        return await cursor.fetchall() if cursor.description else []

    async def value(self, query: str, *parameters: Any) -> Any:
        [row] = await self.rows(query, *parameters)
        return next(iter(row.values()))

    async def call(self, function: str, *arguments: Any) -> Any:
        """One function of the ledger, by position."""
        return await self.value(
            f"select mainstem.{function}({', '.join(['%s'] * len(arguments))})", *arguments
        )

    async def perform(self, call: Call[T]) -> T:
        """A ledger call, in whatever transaction this session is."""
        return call.read(await self.rows(call.query, *call.parameters))

    async def begin(self, level: str = "read committed") -> None:
        await self.rows(f"begin isolation level {level}")

    async def commit(self) -> None:
        await self.rows("commit")

    async def rollback(self) -> None:
        await self.rows("rollback")

    async def blocked(self, asked: Awaitable[T]) -> asyncio.Task[T]:
        """The same statement under way, once it waits for a lock."""
        task: asyncio.Task[T] = asyncio.ensure_future(asked)
        await eventually(self._is_blocked)
        assert not task.done()
        return task

    async def _is_blocked(self) -> bool:
        cursor = await self.watcher.execute(
            "select cardinality(pg_blocking_pids(%s)) > 0 as waits", [self.conn.info.backend_pid]
        )
        [row] = await cursor.fetchall()
        return bool(row["waits"])


@asynccontextmanager
async def sessions(
    database: Database,
    count: int = 2,
    *,
    role: str | None = "mainstem_app",
    org_id: UUID | None = DEFAULT_ORG,
) -> AsyncIterator[list[Session]]:
    """So many sessions of a tenant; a role of None stays superuser, who notices a deadlock at once."""
    async with AsyncExitStack() as opened:
        watcher = await opened.enter_async_context(
            await aconnect(database.url, role=None, application_name="watcher")
        )
        watcher.row_factory = dict_row  # type: ignore[assignment]
        made = []
        for _ in range(count):
            conn: AsyncConnection[Any] = await opened.enter_async_context(
                await aconnect(database.url, role=role, application_name="test")
            )
            conn.row_factory = dict_row
            register(conn)
            if org_id is not None:
                await conn.execute("select set_config('app.current_org_id', %s, false)", [str(org_id)])
            if role is None:
                await conn.execute("set deadlock_timeout = '10ms'")
            made.append(Session(conn, watcher))
        yield made


async def refusal(asked: Awaitable[Any]) -> str:
    """The SQLSTATE with which a statement is refused."""
    with pytest.raises(psycopg.Error) as refused:
        await asked
    return str(refused.value.sqlstate)


async def unhindered(asked: Awaitable[T]) -> T:
    """What must not wait for anybody."""
    return await asyncio.wait_for(asked, 5)


async def eventually(ask: Callable[[], Awaitable[T]], *, seconds: float = 15) -> T:
    """What it answers once that is true: asked again and again."""
    async with asyncio.timeout(seconds):
        while True:
            if answer := await ask():
                return answer
            await asyncio.sleep(0.005)


async def outcomes(*asked: Awaitable[T]) -> list[T | str]:
    """All at once: for each what it gave, or the SQLSTATE with which it was refused."""

    async def outcome(of_one: Awaitable[T]) -> T | str:
        try:
            return await of_one
        except psycopg.Error as refused:
            return str(refused.sqlstate)

    return await asyncio.gather(*map(outcome, asked))


def start_record(tenant: Tenant, **more: Any) -> StartRecord:
    return StartRecord(new_run_id(), tenant.org_id, tenant.workflow_id, "web", b"{}", **more)


async def start_engine_runs(session: Session, *records: StartRecord) -> list[tuple[UUID, str]]:
    """Runs for whichever worker is free: id and answer of each."""
    oids = {row["typname"]: row["oid"] for row in await session.rows(OIDS_SQL, list(COMPOSITES))}
    return await session.perform(start_runs(oids, list(records)))


async def start_caller_run(session: Session, tenant: Tenant) -> UUID:
    run_id: UUID = await session.call("start_workflow_execution", tenant.workflow_id, "web", None, None, None)
    return run_id

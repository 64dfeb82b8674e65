"""Calls within a budget of time: the server ends a query that takes longer, or whose caller is gone."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar
from uuid import UUID

from psycopg import AsyncConnection, errors
from psycopg.rows import dict_row

from mainstem.errors import QueryBudgetExceeded
from mainstem.ledger.call import TENANT, Call, translated_errors

T = TypeVar("T")

_BUDGET = "select set_config('statement_timeout', %s, true)"


async def aperform_within(conn: AsyncConnection[Any], call: Call[T], *, org_id: UUID, seconds: float) -> T:
    """As `aperform`, for a tenant. Raises QueryBudgetExceeded. Cancelled, it cancels what the server is at."""
    try:
        with translated_errors():
            async with conn.cursor(row_factory=dict_row) as cursor:
                async with conn.pipeline(), conn.transaction():
                    await conn.execute(TENANT, [str(org_id)])
                    await conn.execute(_BUDGET, [str(int(seconds * 1000))])
                    await cursor.execute(call.query, call.parameters)
                return call.read([] if cursor.description is None else await cursor.fetchall())
    except errors.QueryCanceled as ended:
        raise QueryBudgetExceeded(
            f"the query took longer than {seconds:g} s",
            hint="ask for a shorter time, or fewer things at once",
        ) from ended
    except asyncio.CancelledError:
        await asyncio.shield(conn.cancel_safe(timeout=2))
        raise

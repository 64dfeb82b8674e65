"""Calls within a budget of time: the server ends a query that takes longer, or whose caller is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from psycopg import AsyncConnection, AsyncCursor, errors
from psycopg.rows import dict_row

from mainstem.errors import QueryBudgetExceeded
from mainstem.ledger.call import TENANT, Call, Row, translated_errors
from mainstem.ledger.cancellation import heed_cancellation, times_cancelled

T = TypeVar("T")

_BUDGET = "select set_config('statement_timeout', %s, true)"


async def aperform_within(
    conn: AsyncConnection[Any],
    call: Call[T],
    *,
    org_id: UUID | None,
    seconds: float,
    then: Callable[[T], Call[Any]] | None = None,
) -> T:
    """As `aperform`, for a tenant or none. Raises QueryBudgetExceeded. Cancelled, it cancels what the server is at.

    then: what is written beside it, made of its answer; both or neither.
    """
    before = times_cancelled()
    try:
        with translated_errors():
            async with conn.cursor(row_factory=dict_row) as cursor:
                async with conn.pipeline() as pipeline, conn.transaction():
                    await conn.execute(TENANT, ["" if org_id is None else str(org_id)])
                    await conn.execute(_BUDGET, [str(int(seconds * 1000))])
                    await cursor.execute(call.query, call.parameters, prepare=call.prepare)
                    if then is not None:
                        await pipeline.sync()
                        answer = call.read(await _rows(cursor))
                        following = then(answer)
                        await conn.execute(following.query, following.parameters)
                        return answer
                return call.read(await _rows(cursor))
    except errors.QueryCanceled as ended:
        heed_cancellation(since=before)
        raise QueryBudgetExceeded(
            f"the query took longer than {seconds:g} s",
            hint="ask for a shorter time, or fewer things at once",
        ) from ended
    except asyncio.CancelledError:
        await asyncio.shield(conn.cancel_safe(timeout=2))
        raise


async def _rows(cursor: AsyncCursor[Row]) -> list[Row]:
    return [] if cursor.description is None else await cursor.fetchall()

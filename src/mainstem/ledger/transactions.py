"""Transactions of steps: the author's statements and the step's record in one commit, or neither."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from mainstem.errors import Unreachable
from mainstem.ledger.call import TENANT, Call, Row, known_error
from mainstem.ledger.link import Link
from mainstem.ledger.records import Packed, StepRecord

_RECORD = "select mainstem._record_transaction_v1(%s, %b::mainstem._step_record)"
_RECORDED = "select s.status, s.output_data from mainstem.user_workflow_run_step s where s.run_id = %s and s.step_number = %s"


class NotCommitted(Exception):
    """The database refused the step's record, or the commit: nothing of the transaction was written. `refusal` says why."""

    def __init__(self, refusal: Exception) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class StepTransaction:
    """An open transaction of one step, with its run's tenant set."""

    connection: AsyncConnection[Any]

    async def record(self, worker_id: UUID, record: StepRecord, now_ns: int) -> str:
        """recorded, lost or over: see _record_transaction_v1. Whatever is not recorded is to be rolled back."""
        async with self.connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(_RECORD, [worker_id, Packed(record.packed(now_ns))])
            row = await cursor.fetchone()
        return "lost" if row is None else str(row[0])

    def refuse_loss(self, error: Exception) -> None:
        """Raise Unreachable when this error of the step's code is the end of its connection, from outside."""
        lost = _loss(error) if isinstance(error, psycopg.Error) else None
        if lost is not None and self.connection.closed:
            raise lost from error


@asynccontextmanager
async def step_transaction(link: Link, org_id: UUID) -> AsyncIterator[StepTransaction]:
    """A transaction that commits at the end, and is rolled back when something is raised.

    Raises NotCommitted, and Unreachable when the connection was lost: at the commit, then nobody knows; see `recorded_step`.
    """
    async with link.borrowed() as conn:
        try:
            async with conn.transaction():
                await conn.execute(TENANT, [str(org_id)])
                yield StepTransaction(conn)
        except psycopg.Error as error:
            if (lost := _loss(error)) is not None:
                raise lost from error
            raise NotCommitted(known_error(error) or error) from error
        finally:
            conn.row_factory = tuple_row  # whatever the step has made of it


def _loss(error: psycopg.Error) -> Unreachable | None:
    """A connection lost to something from outside: not one that the server ended as it rested, or took too long, in a transaction."""
    known = known_error(error)
    is_for_its_length = (error.sqlstate or "").startswith("25P")
    return known if isinstance(known, Unreachable) and not is_for_its_length else None


def recorded_step(run_id: UUID, step_number: int) -> Call[tuple[str, Any] | None]:
    """Status and output of a step; None when it is not recorded."""

    def read(rows: list[Row]) -> tuple[str, Any] | None:
        return (rows[0]["status"], rows[0]["output_data"]) if rows else None

    return Call(_RECORDED, [run_id, step_number], read)

"""A ledger call is a value: a statement, its parameters, and how its rows are read.

It is performed sync or async by the two functions at the end, and written once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, LiteralString, TypeVar
from uuid import UUID

import psycopg
from psycopg import AsyncConnection, Connection, errors
from psycopg.rows import dict_row

from mainstem.errors import (
    DatabaseReadOnly,
    LegacyColumnsDropped,
    MainstemError,
    RightsMissing,
    SchemaMissing,
    Unreachable,
    UnstorableValue,
    ValueTooLarge,
    every_error,
)
from mainstem.ledger.cancellation import heed_cancellation, times_cancelled

T = TypeVar("T")
U = TypeVar("U")
Row = dict[str, Any]

TENANT = "select set_config('app.current_org_id', %s, true)"
"""The tenant lasts for the transaction: a pooled connection carries nobody into the next one."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One statement to the ledger. Its errors come out as the classes of mainstem.errors, by SQLSTATE."""

    query: LiteralString
    parameters: Sequence[Any] | Mapping[str, Any]
    read: Callable[[list[Row]], T]
    prepare: bool | None = None
    """False: planned for these parameters each time, where a plan for any (as kept after some uses) would read far too much."""

    def then(self, change: Callable[[T], U]) -> Call[U]:
        """The same call, its answer changed."""
        return replace(self, read=lambda rows: change(self.read(rows)))  # type: ignore[return-value, arg-type]


def scalar(rows: list[Row]) -> Any:
    """The one value of the one row; None when there is no row."""
    return next(iter(rows[0].values())) if rows else None


def nothing(rows: list[Row]) -> None:
    """For calls that answer nothing."""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Within, what the database raises becomes the class with its code."""
    try:
        yield
    except psycopg.Error as error:
        if (known := known_error(error)) is None:
            raise
        raise known from error
    except UnicodeError as refusal:
        raise UnstorableValue(f"a text has no form in UTF-8: {refusal}") from refusal


@contextmanager
def unbroken() -> Iterator[None]:
    """As `translated_errors`, for who asks again: what somebody had the server cancel is Unreachable too, nothing of it was written."""
    before = times_cancelled()
    try:
        with translated_errors():
            yield
    except errors.QueryCanceled as cancelled:
        heed_cancellation(since=before)  # its own asker had it broken off
        raise Unreachable(
            f"the server broke off what it was asked: {cancelled}".strip(), hint="ask again"
        ) from cancelled


def known_error(error: psycopg.Error) -> MainstemError | None:
    """The error of ours that a database error stands for; None for one that nobody expected."""
    known = every_error().get(error.sqlstate or "")
    message = error.diag.message_primary or str(error)
    if known is not None:
        return known(message, hint=error.diag.message_hint)
    match error:
        case errors.InsufficientPrivilege():
            return RightsMissing(
                message, hint="connect with a login that is a member of the role the process needs"
            )
        case errors.ReadOnlySqlTransaction():
            return DatabaseReadOnly(
                message, hint="write to the primary, or end default_transaction_read_only"
            )
        case errors.UndefinedTable() | errors.UndefinedFunction() | errors.InvalidSchemaName() if (
            "mainstem." in message or '"mainstem"' in message
        ):
            return SchemaMissing(message, hint="run `mainstem db upgrade`")
        case errors.UndefinedColumn() if re.search(r"\blegacy_(trace|step)_id\b", message):
            return LegacyColumnsDropped(
                message,
                hint="ask by run id or external id; old keys are in mainstem_consolidation.consolidation_id",
            )
        case psycopg.Error() if _is_lost(error):
            return Unreachable(
                message.strip(), hint="is the server running, and is MAINSTEM_URL its address?"
            )
        case errors.StringDataRightTruncation():
            return ValueTooLarge(message, hint="give a shorter text")
        case psycopg.DataError():
            return UnstorableValue(message, hint="give values and texts that PostgreSQL holds: without NUL")
        case _:
            return None


def _is_lost(error: psycopg.Error) -> bool:
    """Whether it says that the connection, or the server's room for one, is gone."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    # refused or cut; the server's limits of a silent session; out of memory, disk or connections
    return error.sqlstate.startswith(("08", "57P", "25P03", "25P04", "53"))


def perform(
    conn: Connection[Any],
    call: Call[T],
    *,
    org_id: UUID | None = None,
    then: Callable[[T], Call[Any]] | None = None,
) -> T:
    """Perform a call in a transaction of its own, for one tenant or, as a worker, for all (None).

    then: what is written beside it, made of its answer; both or neither.
    """
    with translated_errors(), conn.transaction(), conn.cursor(row_factory=dict_row) as cursor:
        if org_id is not None:
            cursor.execute(TENANT, [str(org_id)])
        answer = call.read(_rows(cursor.execute(call.query, call.parameters, prepare=call.prepare)))
        if then is not None:
            following = then(answer)
            cursor.execute(following.query, following.parameters)
        return answer


async def aperform(conn: AsyncConnection[Any], call: Call[T], *, org_id: UUID | None = None) -> T:
    """As `perform`, async, and in one round trip."""
    with translated_errors():
        async with conn.cursor(row_factory=dict_row) as cursor:
            if org_id is None:  # one statement: the server holds nothing while this process stands still
                await cursor.execute(call.query, call.parameters, prepare=call.prepare)
            else:
                async with conn.pipeline(), conn.transaction():
                    await conn.execute(TENANT, [str(org_id)])
                    await cursor.execute(call.query, call.parameters, prepare=call.prepare)
            return call.read([] if cursor.description is None else await cursor.fetchall())


def _rows(cursor: psycopg.Cursor[Row]) -> list[Row]:
    return [] if cursor.description is None else cursor.fetchall()

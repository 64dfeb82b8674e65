"""A statement on somebody's database: one connection, one transaction, rows as JSON has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from mainstem.errors import CallFailed, KindRefused

PATIENCE = 30.0
"""Seconds that a statement may take where nobody says it."""

MOST_ROWS = 10_000

_SETTINGS = (
    "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 -c extra_float_digits=1 -c bytea_output=hex"
    " -c statement_timeout={0} -c lock_timeout={0} -c idle_in_transaction_session_timeout={0}"
)


def rows_of(
    url: str, statement: str, parameters: Mapping[str, Any], *, seconds: float | None
) -> list[dict[str, Any]]:
    """The rows, as JSON has them. Raises CallFailed for what may pass (locks, lost connections), KindRefused for what will not."""
    milliseconds = round((seconds or PATIENCE) * 1000)
    given = {name: _parameter(value) for name, value in parameters.items()}
    try:
        with (
            psycopg.connect(
                url,
                connect_timeout=10,
                application_name="mainstem sql node",
                options=_SETTINGS.format(milliseconds),
            ) as conn,
            conn.cursor(row_factory=dict_row) as cursor,
        ):
            cursor.execute(statement, given)
            rows = cursor.fetchmany(MOST_ROWS + 1) if cursor.description is not None else []
    except psycopg.OperationalError as error:  # locks, time-outs, serialization, a lost connection
        raise CallFailed(f"the database did not do it: {_told(error)}") from error
    except (psycopg.Error, KeyError, TypeError, ValueError) as refusal:
        raise KindRefused(
            f"the database refused the statement: {_told(refusal)}", hint="mend the query"
        ) from refusal
    if len(rows) > MOST_ROWS:
        raise KindRefused(f"the statement gave more than {MOST_ROWS:,} rows", hint="give it a limit")
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _parameter(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) else value


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime() | date() | time():
            return value.isoformat()
        case UUID():
            return str(value)
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return json.loads(json.dumps(value, default=str))


def _told(error: Exception) -> str:
    return " ".join(str(error).split())[:500]

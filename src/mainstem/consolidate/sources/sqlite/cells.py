"""A cell on its way from SQLite to PostgreSQL: the text that COPY takes, and the canonical form that both sides hash.

The canonical form of a row is that of its cells one after the other: `-` for NULL, else the number of bytes, a colon
and the text. So NULL is no text, and no separator can stand in a value. The text of a value is, by the landed type:
text as it is; bigint in decimal; numeric in decimal without trailing zeros; double precision as the sixteen hex digits
of its IEEE form (-0 as 0); bytea in hex; boolean as true or false.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from decimal import Decimal

from psycopg.sql import SQL, Composable, Composed, Identifier

from mainstem.consolidate.sources.sqlite.holdings import LandedType
from mainstem.consolidate.sources.sqlite.opening import Text, Value


class Misfit(Exception):
    """A value that the landed type does not take."""


def encoded(value: Value, type_: LandedType) -> str | None:
    """The value as COPY takes it. Raises Misfit."""
    return None if value is None else _ENCODERS[type_](value)


def is_exact(value: Value, type_: LandedType) -> bool:
    """Whether the landed text says all there is: not for a blob among texts, a NUL, or what is no UTF-8."""
    if type_ != "text" or not isinstance(value, bytes):
        return True
    return isinstance(value, Text) and 0 not in value and _is_utf8(value)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _text(value: Value) -> str:
    if isinstance(value, Text):
        return value.decode("utf-8", "backslashreplace").replace("\0", "\u2400")
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return repr(value)


def _bigint(value: Value) -> str:
    if not isinstance(value, int):
        raise Misfit
    return str(value)


def _boolean(value: Value) -> str:
    if value not in (0, 1) or not isinstance(value, int):
        raise Misfit
    return "true" if value else "false"


def _double(value: Value) -> str:
    if not isinstance(value, float):
        raise Misfit
    return repr(value)


def _numeric(value: Value) -> str:
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, float):
        raise Misfit
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return format(Decimal(repr(value)), "f")


def _bytea(value: Value) -> str:
    if not isinstance(value, bytes) or isinstance(value, Text):
        raise Misfit
    return "\\x" + value.hex()


_ENCODERS: Mapping[LandedType, Callable[[Value], str]] = {
    "text": _text,
    "bigint": _bigint,
    "boolean": _boolean,
    "double precision": _double,
    "numeric": _numeric,
    "bytea": _bytea,
}


def canonical(cell: str | None, type_: LandedType) -> bytes:
    """The canonical form of a cell, from its COPY text."""
    if cell is None:
        return b"-"
    said = _CANONICAL.get(type_, str)(cell).encode()
    return b"%d:%b" % (len(said), said)


def _plain(cell: str) -> str:
    trimmed = cell.rstrip("0").rstrip(".") if "." in cell else cell
    return "0" if trimmed in {"-0", ""} else trimmed


_CANONICAL: Mapping[LandedType, Callable[[str], str]] = {
    "double precision": lambda cell: struct.pack(">d", float(cell) + 0.0).hex(),
    "numeric": _plain,
    "bytea": lambda cell: cell[2:],
}

_IN_SQL: Mapping[LandedType, SQL] = {
    "text": SQL("{}"),
    "bigint": SQL("{}::text"),
    "boolean": SQL("{}::text"),
    "double precision": SQL("encode(float8send({} + 0.0), 'hex')"),
    "numeric": SQL("trim_scale({})::text"),
    "bytea": SQL("encode({}, 'hex')"),
}


def canonical_sql(column: str, type_: LandedType) -> Composable:
    """The same of a landed column, for PostgreSQL."""
    said = _IN_SQL[type_].format(Identifier(column))
    return Composed([SQL("coalesce(octet_length("), said, SQL(") || ':' || "), said, SQL(", '-')")])

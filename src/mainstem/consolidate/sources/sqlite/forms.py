"""The forms that a column's values have beyond their storage class: times of several kinds, JSON, JSON in JSON, yes and no.

They decide no type: a text lands as text. They are what the questions about zones and lenses are made of.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from datetime import datetime

from mainstem.consolidate.sources.sqlite.opening import Text, Value, name
from mainstem.consolidate.sources.sqlite.tables import Table

MOST = 10_000
"""Rows looked at, spread over the whole table."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:([T ])\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
_EPOCH = range(946_684_800, 4_102_444_800)
"""From 2000 to 2100, in seconds."""


def forms(conn: sqlite3.Connection, table: Table, *, most: int = MOST) -> dict[str, Counter[str]]:
    """Column → form → rows, of all rows or, in a larger table, of every n-th. NULLs are not counted."""
    [total] = conn.execute(f"select count(*) from {name(table.name)}").fetchone()
    every = max(1, -(-total // most))
    columns = [column.name for column in table.columns]
    found: dict[str, Counter[str]] = {column: Counter() for column in columns}
    wanted = ", ".join(map(name, columns))
    for number, row in enumerate(conn.execute(f"select {wanted} from {name(table.name)}")):
        if number % every:
            continue
        for column, value in zip(columns, row, strict=True):
            if value is not None:
                found[column][form_of(value)] += 1
    return found


def form_of(value: Value) -> str:
    """The form of one value that is not NULL."""
    match value:
        case Text():
            return _of_text(value.decode("utf-8", "backslashreplace"))
        case bytes():
            return "blob"
        case 0 | 1 if isinstance(value, int):
            return "0 or 1"
        case int():
            seconds = value // 1000 if value > _EPOCH.stop else value
            return "number that may be a time" if seconds in _EPOCH else "whole number"
        case _:
            return "number"


def _of_text(text: str) -> str:
    if not text:
        return "empty"
    if time := _TIME.fullmatch(text.strip()):
        return _of_time(text.strip(), time[1], time[2])
    if _NUMBER.fullmatch(text):
        return "number as text"
    return _of_json(text) if text.lstrip()[:1] in {"{", "[", '"'} or text == "null" else "text"


def _of_time(text: str, between: str | None, zone: str | None) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return "no time, though it looks like one"
    if between is None:
        return "date"
    kind = "time with T" if between == "T" else "time with a blank"
    return f"{kind} and a zone" if zone else f"{kind}, no zone"


def _of_json(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        return "no JSON, though it looks like it"
    match value:
        case dict():
            return "JSON object"
        case list():
            return "JSON array"
        case str():
            return "JSON encoded twice" if _is_json(value) else "JSON text"
        case _:
            return "JSON null"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True

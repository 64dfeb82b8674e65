"""A call as the statement that a person may send by hand, its parameters in their places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from psycopg.sql import Literal

from mainstem.ledger.call import Call

_PLACE = re.compile(r"%(?:\((\w+)\)s|s|%)")


def statement_of(call: Call[Any]) -> str:
    """It ends without a semicolon."""
    given = call.parameters
    left: Iterator[Any] = iter(()) if isinstance(given, Mapping) else iter(given)

    def filled(place: re.Match[str]) -> str:
        if place[0] == "%%":
            return "%"
        value = given[place[1]] if isinstance(given, Mapping) else next(left)
        return Literal(value).as_string(None)

    return _PLACE.sub(filled, call.query).strip()

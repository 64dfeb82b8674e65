"""Times of PostgreSQL that Python has no datetime for: infinity, years before 1 and after 9999.

Old tables have them, and what was stored there must be shown: such a time is read as the first or the last that Python has.
What is compared, copied or proved is compared in the database, and never comes through here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from psycopg import BaseConnection, DataError, adapters
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


def read_time(text: str) -> datetime:
    """A timestamptz as to_json writes it. Raises ValueError for what is no time of PostgreSQL's."""
    if text == "infinity" or re.match(r"\d{5,}-", text):
        return LAST
    if text == "-infinity" or text.endswith(" BC"):
        return FIRST
    return datetime.fromisoformat(text)


class _TextLoader(Loader):
    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        self._usual = _usual(self, oid, context)

    def load(self, data: Buffer) -> datetime:
        try:
            return self._usual(data)
        except DataError:
            return FIRST if bytes(data).startswith(b"-") or bytes(data).endswith(b"BC") else LAST


class _BinaryLoader(_TextLoader):
    format = Format.BINARY

    def load(self, data: Buffer) -> datetime:
        try:
            return self._usual(data)
        except DataError:
            return FIRST if bytes(data)[0] & 0x80 else LAST  # a signed number of microseconds


def _usual(loader: Loader, oid: int, context: AdaptContext | None) -> Callable[[Buffer], datetime]:
    """Psycopg's own, in C where that is installed."""
    kind: Any = adapters.get_loader(oid, loader.format)
    load: Callable[[Buffer], datetime] = kind(oid, context).load
    return load


def read_every_time(connection: BaseConnection[Any]) -> None:
    """From now on this connection reads any timestamptz."""
    for loader in (_TextLoader, _BinaryLoader):
        connection.adapters.register_loader("timestamptz", loader)

"""Exports: pages of runs as CSV or NDJSON, one page in memory at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from mainstem.model import FoundPage, FoundRun

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}

_RUN = TypeAdapter(FoundRun)
_COLUMNS = (
    *(name for name in FoundRun.__dataclass_fields__ if name != "steps"),
    "steps",
    "steps_completed",
    "steps_failed",
    "steps_running",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def exported(
    page: FoundPage, page_after: Callable[[str], Awaitable[FoundPage]], form: str
) -> AsyncIterator[bytes]:
    """The page and all that follow it, also those that a search comes to only after more than its budget."""
    if form == "csv":
        yield _lines([_COLUMNS])
    while True:
        if page.runs:
            yield _lines(map(_cells, page.runs)) if form == "csv" else b"".join(map(_line, page.runs))
        if page.next is None:
            return
        page = await page_after(page.next)


def _line(run: FoundRun) -> bytes:
    return _RUN.dump_json(run) + b"\n"


def _lines(rows: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cells(run: FoundRun) -> list[Any]:
    told = {**asdict(run), **{f"steps_{name}": count for name, count in asdict(run.steps).items()}}
    told["steps"] = run.steps.total
    return [_cell(told[name]) for name in _COLUMNS]


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula has an apostrophe before it."""
    if isinstance(value, list):
        value = json.dumps(value, ensure_ascii=False)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

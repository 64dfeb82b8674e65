"""The parts of a table: which of its columns is the status, the start, the tenant, the link to its run."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mainstem.consolidate.inspect.facts import Column, Family, Link, Role, Table

OPEN = frozenset(
    [
        "pending",
        "queued",
        "ready",
        "running",
        "active",
        "started",
        "starting",
        "in_progress",
        "processing",
        "waiting",
        "paused",
        "blocked",
        "idle",
    ]
)
FAILED = frozenset({"failed", "failure", "error", "errored"})
FINAL = FAILED | frozenset(
    [
        "completed",
        "complete",
        "succeeded",
        "success",
        "successful",
        "done",
        "finished",
        "cancelled",
        "canceled",
        "timeout",
        "timed_out",
        "skipped",
    ]
)
RUN_STATUSES = ("pending", "running", "waiting", "paused", "completed", "failed", "cancelled", "timeout")
STEP_STATUSES = ("pending", "running", "waiting", "completed", "failed", "skipped", "cancelled")
CHANNELS = ("web", "voice", "efax")

_STATUS = re.compile(r"(?:(?:trace|run|step|task|execution|workflow|job|phase)_)?(?:status|state)")
_STARTED = re.compile(r"start|started|started_at|start_time|start_timestamp|started_timestamp|began_at")
_ENDED = re.compile(
    r"end|ended|ended_at|end_time|end_timestamp|completed_at|finished_at|stopped_at|completed_timestamp"
)
_DURATION = re.compile(
    r"(?:duration|execution_time|elapsed|latency|run_?time)(?:_(ms|msec|millis|milliseconds|s|secs?|seconds|minutes))?"
)
_ERROR = re.compile(r"error_message|error|error_details?|failure_reason|error_text")
_TENANT = re.compile(r"(?:org|organi[sz]ation|tenant|client_account|account|company)_(?:id|uuid)")
_NUMBER = re.compile(r"step_number|step_index|step_no|sequence|position|step_order|phase_number|ordinal")
_TIME = re.compile(
    r"(?:.*_)?(?:at|time|timestamp|date|datetime|on|since|until|seen|detected|invoked)|timestamp|created|updated"
)
_SCALE = {"ms": 1, "msec": 1, "millis": 1, "milliseconds": 1, "minutes": 60_000}
_NO_TIME = re.compile(
    r".*(?:run|idle|recovery|execution)_?time|.*_time_(?:ms|seconds)|.*(?:region|location|version)_?on"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The columns a scan or a draft asks for; empty where the table has none."""

    status: str = ""
    started: str = ""
    ended: str = ""
    duration: str = ""
    milliseconds: int = 0
    """What one of the duration's unit is; 0 when its name does not say."""
    error: str = ""
    tenant: str = ""
    channel: str = ""
    number: str = ""


def parts_of(table: Table) -> Parts:
    """By name; the first column wins."""
    duration, unit = _duration(table)
    return Parts(
        status=_named(table, _STATUS, Family.TEXT),
        started=_named(table, _STARTED),
        ended=_named(table, _ENDED),
        duration=duration,
        milliseconds=unit,
        error=_named(table, _ERROR),
        tenant=_named(table, _TENANT),
        channel=_named(table, re.compile("channel"), Family.TEXT),
        number=_named(table, _NUMBER, Family.INTEGER),
    )


def link_to(table: Table, tables: dict[str, Table], role: Role) -> Link | None:
    """The link to a parent of this role, declared ones first; None where there is none."""
    found = [
        link
        for link in table.links
        if not link.parent_schema
        and link.parent in tables
        and link.parent != table.name
        and tables[link.parent].role is role
    ]
    return min(found, key=lambda link: (not link.is_declared, len(link.columns)), default=None)


def is_time(column: Column) -> bool:
    """Whether a column holds times: by its type, or by a name that says so."""
    if column.family in (Family.TIME, Family.NAIVE_TIME, Family.DATE):
        return True
    if re.search(r"timestamp|datetime|^date", column.type, re.IGNORECASE):
        return True
    if "current_timestamp" in (column.default or "").lower():
        return True
    return bool(
        column.family in (Family.TEXT, Family.INTEGER, Family.OTHER)
        and _TIME.fullmatch(column.name)
        and not _NO_TIME.fullmatch(column.name)
    )


def is_text_time(column: Column) -> bool:
    """Whether its times are texts or numbers, so that their format is to be found."""
    return is_time(column) and column.family not in (Family.TIME, Family.NAIVE_TIME, Family.DATE)


def _duration(table: Table) -> tuple[str, int]:
    for column in table.columns:
        if (found := _DURATION.fullmatch(column.name)) and column.family in (Family.INTEGER, Family.NUMBER):
            return column.name, _SCALE.get(found[1], 1000) if found[1] else 0
    return "", 0


def _named(table: Table, pattern: re.Pattern[str], family: Family | None = None) -> str:
    return next(
        (
            column.name
            for column in table.columns
            if pattern.fullmatch(column.name) and family in (None, column.family)
        ),
        "",
    )

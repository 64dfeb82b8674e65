"""Fields of the old API: where each stands in a run, and what it is of a run that never was in the old table.

A field is looked for among the columns, then where the `history` mapping put it, then in the context, then in the
input; what is found nowhere is computed from the steps, and else has its default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from mainstem.ledger.history import number_of
from mainstem.server.history.item import HistoryItem
from mainstem.server.history.values import READ

Row = Mapping[str, Any]

HOMES = {
    "retry_count": "error_details",
    "error_category": "error_details",
    "retry_reasons": "error_details",
    "error_phase_distribution": "error_details",
    "recovery_time_seconds": "error_details",
    "structured_input": "config_snapshot",
    "model_used": "config_snapshot",
    "workflow_template": "config_snapshot",
    "complexity_estimated": "config_snapshot",
    "scoring_version": "config_snapshot",
}
"""Where the mapping put a field that is not in the context."""

OTHER_NAMES = {"hour_of_day": "submission_hour", "day_of_week": "submission_day_of_week"}
"""As the first shape of the old table has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How runs are told to old clients."""

    zone: tzinfo
    """In which the hour and the day of a native run are."""
    native_status: bool = False
    """`status` is the ledger's own of eight, which old clients do not know all of."""

    def item(self, row: Row) -> HistoryItem:
        """A row of the ledger as the old application's."""
        columns = self._columns(row)
        is_native = row["legacy_trace_id"] is None
        computed = self._computed(row) if is_native else {}
        found = {
            name: value
            for name, field in HistoryItem.model_fields.items()
            if name not in columns
            and (value := _value(row, name, READ[field.annotation], computed)) is not None
        }
        null = (
            {} if is_native else {"scoring_version": None}
        )  # a default of the table, which a NULL in it was not
        return HistoryItem.model_validate({**null, **columns, **found})

    def _columns(self, row: Row) -> dict[str, Any]:
        legacy = row["legacy_trace_id"]
        return {
            "id": number_of(row["run_id"]) if legacy is None else legacy,
            "status": row["native_status" if self.native_status else "status"],
            "duration_seconds": None if row["duration_ms"] is None else int(row["duration_ms"] / 1000),
            "error_message": _message(row),
            **{name: row[name] for name in ("adw_id", "native_status", "run_id")},
            **{name: row[name] for name in ("start_time", "end_time", "created_at", "updated_at")},
        }

    def _computed(self, row: Row) -> dict[str, Any]:
        began: datetime = row["began"].astimezone(self.zone)
        total = row["steps_total"]
        steps = ("steps_total", "steps_completed", "retry_count", "current_phase", "bottleneck_phase")
        return {
            **{name: row[name] for name in (*steps, "phase_durations")},
            "phase_count": row["phase_count"] or None,
            "success_rate": 100.0 * row["steps_completed"] / total if total else None,
            "workflow_template": row["workflow"],
            "error_category": {"timeout": "timeout", "failed": "unknown"}.get(row["native_status"]),
            "hour_of_day": began.hour,
            "day_of_week": began.weekday(),
        }


def _value(row: Row, name: str, read: Any, computed: Row) -> Any:
    """The first that fits."""
    values = (read(value) for value in (*_stored(row, name), computed.get(name)) if value is not None)
    return next((value for value in values if value is not None), None)


def _stored(row: Row, name: str) -> Iterator[Any]:
    for place in (HOMES.get(name), "live_context", "context", "input_data"):
        document = row[place] if place else None
        if isinstance(document, dict):
            yield document.get(name)
            yield document.get(OTHER_NAMES.get(name, name))


def _message(row: Row) -> str | None:
    """A failed run has to say why; one that did not came over with words of ours, and keeps that it had none."""
    was = row["error_was"]
    message: str | None = row["error_message"]
    is_ours = isinstance(was, dict) and was.get("as") == message
    return was.get("was") if is_ours else message

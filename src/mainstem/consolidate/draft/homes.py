"""Homes: which column of a run or a step a column goes to, by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mainstem.consolidate.inspect import Column, Family, Role, Table
from mainstem.consolidate.inspect.parts import is_time, parts_of

_TIMES = (Family.TIME, Family.NAIVE_TIME, Family.TEXT)
_JSON = (Family.JSON, Family.TEXT)

_BOTH: Mapping[str, tuple[str, tuple[Family, ...]]] = {
    "error_message|error|error_text|failure_reason": ("error_message", (Family.TEXT,)),
    "error_details?": ("error_details", _JSON),
    "created_at|created|created_on": ("created_at", _TIMES),
    "updated_at|updated|modified_at": ("updated_at", _TIMES),
    "input_data|input|inputs": ("input_data", _JSON),
    "output_data|output|outputs|result|results": ("output_data", _JSON),
}
_OF_RUN: Mapping[str, tuple[str, tuple[Family, ...]]] = {
    **_BOTH,
    "workflow_id": ("workflow_id", (Family.UUID,)),
    "external_id": ("external_id", (Family.TEXT,)),
    "config_snapshot|config": ("config_snapshot", _JSON),
    "created_by": ("created_by", (Family.UUID,)),
    "priority": ("priority", (Family.INTEGER,)),
    "is_test": ("is_test", (Family.BOOLEAN,)),
}
_OF_STEP: Mapping[str, tuple[str, tuple[Family, ...]]] = {
    **_BOTH,
    "node_id": ("node_id", (Family.UUID,)),
    "node_key|node_name|step_name|name": ("node_key", (Family.TEXT,)),
    "retry_count|retries": ("retry_count", (Family.INTEGER,)),
    "iteration": ("iteration", (Family.INTEGER,)),
}
NOT_NULL = frozenset({"created_at", "updated_at", "status", "channel", "retry_count", "workflow_id"})
"""Columns of ours that take no NULL and that an old column may fill."""

MIRRORS: Mapping[Role, tuple[str, tuple[str, ...]]] = {
    Role.ORGANIZATION: ("organization", ("org_id", "name", "created_at", "updated_at")),
    Role.USER: ("app_user", ("user_id", "org_id", "email", "display_name", "created_at", "updated_at")),
    Role.WORKFLOW: (
        "user_workflow",
        ("workflow_id", "org_id", "name", "description", "created_at", "updated_at"),
    ),
    Role.NODE: (
        "user_workflow_node",
        ("node_id", "org_id", "workflow_id", "label", "description", "metadata", "created_at", "updated_at"),
    ),
    Role.TRANSITION: (
        "user_workflow_transition",
        ("workflow_id", "org_id", "from_node", "to_node", "action_label", "freq"),
    ),
}
"""What our tables of definitions are called, and their columns that an old table may have."""


def homes_of(table: Table) -> dict[str, str]:
    """Column → its home; the first column wins a home, and a column without one is left out."""
    parts = parts_of(table)
    named = {
        parts.status: "status",
        parts.started: "started_at",
        parts.ended: "ended_at",
        parts.duration: "duration_ms",
    }
    if table.role is Role.RUN:
        named |= {parts.channel: "channel"}
        if parts.tenant and table.column(parts.tenant).family is Family.UUID:
            named |= {parts.tenant: "org_id"}
    found: dict[str, str] = {}
    for column in table.columns:
        home = named.get(column.name) or _by_name(table, column)
        if home and home not in found.values():
            found[column.name] = home
    return found | _own_name(table, found)


EVENT_KEYS = frozenset({"event_id", "event_type", "event_data", "timestamp"})
"""What an event of ours has."""


def event_names(table: Table) -> dict[str, str]:
    """Column → its name in an event of ours, where it is of that name's type; an element has no place for originals."""
    times = [column.name for column in table.columns if is_time(column)]
    wanted: Mapping[str, tuple[tuple[str, ...], tuple[Family, ...]]] = {
        "event_id": (table.primary_key, (Family.INTEGER, Family.UUID)),
        "event_type": (("event_type", "event_name", "type", "kind", "name"), (Family.TEXT,)),
        "event_data": (("event_data", "payload", "data", "details"), (Family.JSON,)),
        "timestamp": (("timestamp", *times), (Family.TIME,)),
    }
    return {
        column: name
        for name, (candidates, families) in wanted.items()
        for column in [
            each for each in candidates if table.has(each) and table.column(each).family in families
        ][:1]
    }


def _own_name(table: Table, found: Mapping[str, str]) -> dict[str, str]:
    """The one unique text of a run is what it is called outside, unless another column is."""
    unique = {key.columns[0] for key in table.keys if len(key.columns) == 1 and not key.is_primary}
    texts = [
        name for name in sorted(unique) if table.column(name).family is Family.TEXT and name not in found
    ]
    if table.role is not Role.RUN or "external_id" in found.values() or len(texts) != 1:
        return {}
    return {texts[0]: "external_id"}


def _by_name(table: Table, column: Column) -> str:
    known = _OF_RUN if table.role is Role.RUN else _OF_STEP
    if (column.name,) == table.primary_key:
        legacy = "legacy_trace_id" if table.role is Role.RUN else "legacy_step_id"
        return legacy if column.family is Family.INTEGER else ""
    if column.name == "metadata" and column.family is Family.JSON:
        return "metadata.original"  # whole under a key: it may be NULL, a list, or have keys that the ledger uses
    return next(
        (
            home
            for pattern, (home, families) in known.items()
            if re.fullmatch(pattern, column.name) and column.family in families
        ),
        "",
    )

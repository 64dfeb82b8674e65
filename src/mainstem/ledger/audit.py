"""The audit trail: who changed what through a server, written in the transaction of the change."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from mainstem.ledger.call import Call, Row, nothing

_SHOWN = "audit_id, at, actor, key_id, user_id, action, target, details, request_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A change that is to be written down. details: without secrets."""

    actor: str
    action: str
    target: str
    details: Mapping[str, Any] = field(default_factory=dict)
    key_id: UUID | None = None
    user_id: UUID | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Audited:
    """A change that was written down."""

    audit_id: UUID
    at: datetime
    actor: str
    key_id: UUID | None
    user_id: UUID | None
    action: str
    target: str
    details: dict[str, Any]
    request_id: str | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Changes, latest first; `next` is where the next page begins."""

    changes: list[Audited]
    next: UUID | None


def write(audit: Audit | Sequence[Audit]) -> Call[None]:
    """An entry of this tenant's trail, or several."""
    if not isinstance(audit, Audit):
        return _write_all(audit)
    return Call(
        "insert into mainstem.user_workflow_audit (org_id, actor, key_id, user_id, action, target, details, request_id)"
        " values (mainstem.current_org(), %s, %s, %s, %s, %s, %s::jsonb, %s)",
        [
            audit.actor,
            audit.key_id,
            audit.user_id,
            audit.action,
            audit.target,
            json.dumps(dict(audit.details), default=str),
            audit.request_id,
        ],
        nothing,
    )


def _write_all(audits: Sequence[Audit]) -> Call[None]:
    told = json.dumps([asdict(audit) for audit in audits], default=str)
    return Call(
        "insert into mainstem.user_workflow_audit (org_id, actor, key_id, user_id, action, target, details, request_id)"
        " select mainstem.current_org(), a.actor, a.key_id, a.user_id, a.action, a.target, a.details, a.request_id"
        " from jsonb_to_recordset(%s::jsonb) a (actor text, key_id uuid, user_id uuid, action text, target text,"
        " details jsonb, request_id text)",
        [told],
        nothing,
    )


def list_changes(
    *, limit: int, after: UUID | None = None, action: str | None = None, target: str | None = None
) -> Call[AuditPage]:
    """This tenant's trail, latest first."""
    return Call(
        f"select {_SHOWN} from mainstem.user_workflow_audit where org_id = mainstem.current_org()"
        " and (%s::text is null or action = %s) and (%s::text is null or target = %s)"
        " and (%s::uuid is null or (at, audit_id) < (select a.at, a.audit_id from mainstem.user_workflow_audit a"
        " where a.org_id = mainstem.current_org() and a.audit_id = %s::uuid))"
        " order by at desc, audit_id desc limit %s",
        [action, action, target, target, after, after, limit + 1],
        lambda rows: _page(rows, limit),
    )


def _page(rows: list[Row], limit: int) -> AuditPage:
    changes = [Audited(**row) for row in rows[:limit]]
    return AuditPage(changes, changes[-1].audit_id if len(rows) > limit else None)

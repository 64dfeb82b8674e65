"""The audit trail: who changed what through a server or the command line, written in the transaction of the change."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from mainstem.ledger.call import Call, Row, nothing
from mainstem.ledger.redaction import without_secrets

_SHOWN = "audit_id, at, actor, key_id, user_id, action, target, details, request_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A change that is to be written down. details: what looks like a secret in them is masked as it is written."""

    actor: str
    action: str
    target: str
    details: Mapping[str, Any] = field(default_factory=dict)
    key_id: UUID | None = None
    user_id: UUID | None = None
    request_id: str | None = None


AuditOf = Audit | Callable[[Any], Audit | Sequence[Audit]]
"""What is written down of a change, or how it is told from the change's answer."""


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


def entry(audit: AuditOf, told: object) -> Call[None]:
    """What is written beside a change that has been told so."""
    made = audit(told) if callable(audit) else audit
    return write(*([made] if isinstance(made, Audit) else made))


def write(*audits: Audit) -> Call[None]:
    """Entries of this tenant's trail."""
    masked = [asdict(replace(audit, details=without_secrets(audit.details))) for audit in audits]
    return Call(
        "insert into mainstem.user_workflow_audit (org_id, actor, key_id, user_id, action, target, details, request_id)"
        " select mainstem.current_org(), a.actor, a.key_id, a.user_id, a.action, a.target, a.details, a.request_id"
        " from jsonb_to_recordset(%s::jsonb) a (actor text, key_id uuid, user_id uuid, action text, target text,"
        " details jsonb, request_id text)",
        [json.dumps(masked, default=str)],
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

"""Maintenance that needs no owner: what workers do on the side, each time a little."""

from __future__ import annotations

from mainstem.ledger import changes, step_cache
from mainstem.ledger.call import Call, nothing
from mainstem.ledger.link import Link


async def maintain(link: Link) -> None:
    """Leaves for the weeks ahead; old changes, idempotency keys, workers, audited changes and cached results swept in small batches. Any worker may."""
    for call in (
        leaves_ahead(),
        changes.sweep(),
        _sweep_keys(),
        _sweep_workers(),
        _sweep_audit(),
        step_cache.sweep(),
    ):
        await link(call)


def leaves_ahead() -> Call[None]:
    """See that runs of the next four weeks have a partition."""
    return Call(
        "select mainstem.ensure_workflow_leaf(mainstem.clock() + n * interval '1 week') from generate_series(0, 4) n",
        [],
        nothing,
    )


def _sweep_keys() -> Call[None]:
    return Call(
        "delete from mainstem.user_workflow_idempotency where (org_id, workflow_id, key) in ("
        "select org_id, workflow_id, key from mainstem.user_workflow_idempotency"
        " where expires_at < mainstem.clock() order by expires_at limit 1000)",
        [],
        nothing,
    )


def _sweep_workers() -> Call[None]:
    return Call(
        "delete from mainstem.user_workflow_worker w where reaped_at < mainstem.clock() - interval '1 day'"
        " and not exists (select from mainstem.user_workflow_run_queue q where q.worker_id = w.worker_id)",
        [],
        nothing,
    )


def _sweep_audit() -> Call[None]:
    """The trail of a change goes with the runs of its time: by its own tenant's retention_days."""
    return Call(
        "delete from mainstem.user_workflow_audit where (org_id, audit_id) in ("
        "select a.org_id, a.audit_id from mainstem.user_workflow_audit a join mainstem.organization o on o.org_id = a.org_id"
        " where a.at < mainstem.clock() - make_interval(days => o.retention_days) limit 5000)",
        [],
        nothing,
    )

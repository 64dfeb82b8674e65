"""An example of a consolidation."""

from __future__ import annotations

CONSOLIDATION = {
    "system": "rcm",
    "phase": "cut_over",
    "next": "mainstem consolidate finish rcm",
    "is_held": False,
    "began_at": "2026-03-01T08:00:00Z",
    "updated_at": "2026-03-02T08:00:00Z",
    "cut_over_at": "2026-03-02T08:00:00Z",
    "has_backup": True,
    "phases": [{"name": "copy", "entered_at": "2026-03-01T08:10:00Z", "seconds": 41.2, "attempts": 1}],
    "parity": [
        {
            "table": "workflow_trace",
            "target": "user_workflow_run",
            "direction": "→",
            "old_rows": 120344,
            "new_rows": 120344,
            "digest": "-8123312:4422991",
            "digest_equal": True,
            "checked_at": "2026-03-01T08:20:00Z",
        }
    ],
    "drift": 0,
    "readers": [{"name": "workflow_trace", "reads_since_cutover": 0}],
    "quarantine": [{"table": "workflow_steps", "reason": "its trace is gone", "rows": 3}],
    "journal": [
        {"at": "2026-03-02T08:00:00Z", "phase": "cut_over", "what": "cut-over", "facts": {"locked_ms": 31.0}}
    ],
    "can_finish": True,
    "why_not": None,
    "rollback": {
        "possible": True,
        "lossless": True,
        "losses": [],
        "changed_since": 12,
        "command": "mainstem consolidate rollback rcm",
    },
}
CONSOLIDATIONS = {"consolidations": [CONSOLIDATION], "note": None}

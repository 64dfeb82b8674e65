"""An example of migrations."""

from __future__ import annotations

MIGRATIONS = {
    "migrations": [
        {
            "name": "0042_add_claims",
            "target": "postgresql shop at db.example",
            "phase": "rehearsed",
            "updated_at": "2026-03-04T11:00:00Z",
            "has_backup": True,
            "rehearsal": [{"line": 3, "milliseconds": 41.5, "exclusive": ["public.claim"]}],
            "held": {"public.claim": 12.0},
        }
    ],
    "note": None,
}

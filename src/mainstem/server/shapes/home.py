"""An example of home."""

from __future__ import annotations

from mainstem.server.shapes.analytics import CHANNEL

HOME = {
    "at": "2026-03-04T12:00:00Z",
    "needs_attention": [
        {
            "kind": "failed_runs",
            "severity": "warn",
            "what": "no member 17",
            "workflow_id": "3f6f0c0e-7d9e-4a1f-9c3a-2f0f5a8f1b11",
            "workflow": "claim-intake",
            "count": 9,
            "last_run_id": "01a1f118-f356-7588-91f7-88e91e000000",
            "at": "2026-03-04T11:40:02Z",
            "remedy": "mainstem runs show 01a1f118-f356-7588-91f7-88e91e000000",
        }
    ],
    "hours": [{"at": "2026-03-04T11:00:00Z", "completed": 51, "failed": 1, "cancelled": 0, "open": 2}],
    "channels": [CHANNEL],
    "running_now": {
        "pending": 0,
        "running": 1,
        "waiting": 1,
        "paused": 0,
        "latest": [
            {
                "run_id": "01a1f118-f356-7588-91f7-88e91e000000",
                "workflow_id": "3f6f0c0e-7d9e-4a1f-9c3a-2f0f5a8f1b11",
                "workflow": "claim-intake",
                "status": "running",
                "channel": "voice",
                "external_id": "claim-7",
                "created_at": "2026-03-04T11:59:30Z",
                "started_at": "2026-03-04T11:59:31Z",
            }
        ],
    },
}

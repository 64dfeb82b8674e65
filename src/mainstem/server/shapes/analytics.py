"""Examples of analytics."""

from __future__ import annotations

_PERCENTILES = {"p50_ms": 812.0, "p95_ms": 2410.5, "p99_ms": 6120.0}

SUMMARY = {
    "since": "2026-02-02T12:00:00Z",
    "before": "2026-03-04T12:00:00Z",
    "runs": 1204,
    "completed": 1187,
    "failed": 9,
    "cancelled": 0,
    "running": 8,
    "success_rate": 0.9925,
    **_PERCENTILES,
    "workflows": 4,
    "steps": 9632,
    "retries": 41,
}
LATENCY = {
    "key": "3f6f0c0e-7d9e-4a1f-9c3a-2f0f5a8f1b11",
    "label": "claim-intake",
    "workflow": "claim-intake",
    "ended": 1196,
    "failed": 9,
    "mean_ms": 1002.4,
    **_PERCENTILES,
    "max_ms": 30211,
}
CELL = {"weekday": 0, "hour": 9, "runs": 71, "failed": 1, "p95_ms": 2210.0}
CHANNEL = {
    "channel": "voice",
    "description": "Calls",
    "runs": 220,
    "completed": 216,
    "failed": 2,
    "running": 2,
    "success_rate": 0.9908,
    **_PERCENTILES,
}
SLOW_NODE = {
    "workflow_id": "3f6f0c0e-7d9e-4a1f-9c3a-2f0f5a8f1b11",
    "workflow": "claim-intake",
    "node": "Read the fax",
    "steps": 1204,
    "failed": 5,
    "retries": 17,
    "total_ms": 481600,
    **_PERCENTILES,
}

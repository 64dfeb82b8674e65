"""Examples of workflows."""

from __future__ import annotations

WORKFLOW = {
    "workflow_id": "3f6f0c0e-7d9e-4a1f-9c3a-2f0f5a8f1b11",
    "name": "claim-intake",
    "description": "A claim from the fax to the decision",
    "status": "active",
    "version": 3,
    "created_at": "2026-01-04T08:00:00Z",
    "updated_at": "2026-03-01T10:12:00Z",
    "is_graph": True,
    "statistics": {
        "runs": 1204,
        "completed": 1187,
        "failed": 9,
        "running": 8,
        "success_rate": 0.9925,
        "p50_ms": 812.0,
        "p95_ms": 2410.5,
        "p99_ms": 6120.0,
        "last_run_at": "2026-03-04T11:59:31Z",
        "sparkline": [{"day": "2026-03-04", "completed": 88, "failed": 1}],
    },
}
WORKFLOWS = {"workflows": [WORKFLOW], "next": None}

NODE = {
    "node_id": "8d9c1a52-27cf-4c57-a7a8-0f3b7d7e7f10",
    "key": "8d9c1a52-27cf-4c57-a7a8-0f3b7d7e7f10",
    "label": "Read the fax",
    "type": "entry",
    "description": None,
    "metadata": {"type": "entry", "kind": "ocr.read"},
    "statistics": {
        "steps": 1204,
        "completed": 1199,
        "failed": 5,
        "skipped": 0,
        "retries": 17,
        "success_rate": 0.9958,
        "p50_ms": 310.0,
        "p95_ms": 990.0,
        "p99_ms": 2100.0,
        "last_step_at": "2026-03-04T11:59:31Z",
    },
}
GRAPH = {
    "source": "nodes",
    "nodes": [{"key": NODE["key"], "label": "Read the fax", "type": "entry"}],
    "edges": [],
    "graph_config": None,
}
VERSIONS = {
    "versions": [
        {
            "version": 3,
            "checksum": "9b1f0c",
            "published_at": "2026-03-01T10:12:00Z",
            "published_by": None,
            "graph_config": None,
        }
    ],
    "next": None,
}
SCHEMA = {
    "type": "object",
    "properties": {"member_id": {"type": "string", "description": "As on the card"}},
    "required": ["member_id"],
}

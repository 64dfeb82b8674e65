"""Cases of workflows, configs, analytics, home, consolidations, migrations, operations and organizations."""

from __future__ import annotations

from cases import Case, Seeded
from mainstem.server.access import Access
from mainstem.server.shapes.definitions import GRAPH

V1 = "/api/v1"
VIEWER, OPERATOR, ADMIN = Access.VIEWER, Access.OPERATOR, Access.ADMIN


def workflow(seeded: Seeded) -> dict[str, str]:
    return {"workflow_id": str(seeded.a["workflow"])}


def version(seeded: Seeded) -> dict[str, str]:
    return {**workflow(seeded), "version": "1"}


def config(seeded: Seeded) -> dict[str, str]:
    return {"config_id": str(seeded.a["config"])}


CASES = [
    Case("GET", f"{V1}/workflows", VIEWER),
    *(
        Case("GET", f"{V1}/workflows/{{workflow_id}}{part}", VIEWER, ids=workflow)
        for part in ("", "/nodes", "/graph", "/versions", "/configs", "/schema")
    ),
    Case("POST", f"{V1}/workflows", OPERATOR, body={"name": "drawn"}),
    Case(
        "POST",
        f"{V1}/workflows/check",
        VIEWER,
        body={"graph_config": GRAPH},
        changes=False,
        without_database=True,
    ),
    Case("GET", f"{V1}/workflows/{{workflow_id}}/draft", VIEWER, ids=workflow),
    Case(
        "PUT",
        f"{V1}/workflows/{{workflow_id}}/draft",
        OPERATOR,
        ids=workflow,
        body={"graph_config": GRAPH},
        headers={"If-Match": "*"},
    ),
    Case(
        "POST",
        f"{V1}/workflows/{{workflow_id}}/versions",
        OPERATOR,
        ids=workflow,
        body={"graph_config": GRAPH},
    ),
    *(
        Case("GET", f"{V1}/workflows/{{workflow_id}}/versions/{{version}}{part}", VIEWER, ids=version)
        for part in ("", "/diff")
    ),
    Case("POST", f"{V1}/workflows/{{workflow_id}}/versions/{{version}}/activate", OPERATOR, ids=version),
    Case("POST", f"{V1}/workflows/{{workflow_id}}/rollback", OPERATOR, ids=workflow),
    Case("GET", f"{V1}/templates", VIEWER),
    Case("GET", f"{V1}/templates/{{name}}", VIEWER, ids=lambda _: {"name": "template"}),
    Case(
        "PUT",
        f"{V1}/templates/{{name}}",
        OPERATOR,
        ids=lambda _: {"name": "template"},
        body={"graph_config": GRAPH},
    ),
    Case("GET", f"{V1}/configs", VIEWER),
    Case("POST", f"{V1}/configs", OPERATOR, body={"config_data": {"limit": 3}, "channel": "web"}),
    Case("GET", f"{V1}/configs/{{config_id}}", VIEWER, ids=config),
    Case(
        "PUT",
        f"{V1}/configs/{{config_id}}",
        OPERATOR,
        ids=config,
        body={"config_data": {"limit": 3}, "priority": 2},
        headers={"If-Match": "*"},
    ),
    Case("POST", f"{V1}/configs/{{config_id}}/activate", OPERATOR, ids=config),
    Case("GET", f"{V1}/configs/{{config_id}}/activations", VIEWER, ids=config),
    *(
        Case("GET", f"{V1}/analytics/{part}", VIEWER)
        for part in ("summary", "latency", "heatmap", "channels", "nodes")
    ),
    Case("GET", f"{V1}/home", VIEWER),
    Case("GET", f"{V1}/channels", VIEWER),
    Case("GET", f"{V1}/workers", VIEWER),
    Case("GET", f"{V1}/queue", VIEWER),
    Case("GET", f"{V1}/partitions", VIEWER),
    Case("GET", f"{V1}/doctor", ADMIN),
    Case("GET", f"{V1}/organizations", VIEWER),
    Case("POST", f"{V1}/organizations", ADMIN, body={"name": "north"}, changes_elsewhere=True),
    Case("GET", f"{V1}/consolidations", ADMIN),
    Case("GET", f"{V1}/consolidations/{{system}}", ADMIN, ids=lambda _: {"system": "old"}),
    Case("GET", f"{V1}/migrations", ADMIN, without_database=True),
]

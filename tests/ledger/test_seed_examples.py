"""The usage examples of the schema's first documentation, word for word, new ids for old."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import UUID

from conftest import Database, Tenant
from mainstem.ids import step_id

EXAMPLES = (Path(__file__).parent / "seed_001_examples.sql").read_text(encoding="utf-8")
WORKFLOW, USER = "'123e4567-e89b-12d3-a456-426614174000'", "'123e4567-e89b-12d3-a456-426614174001'"
RUN, NODE, STEP = r"\b1001\b", r"\b5\b", r"\b2001\b"


def with_new_ids(statement: str, ids: dict[str, UUID]) -> str:
    for old, new in ids.items():
        statement = re.sub(old, f"'{new}'", statement)
    return statement


def test_the_examples_run_in_order_with_nothing_but_their_ids_replaced(
    database: Database, tenant: Tenant
) -> None:
    conn = database.connect()
    conn.execute("set search_path = mainstem, public")
    ids = {WORKFLOW: tenant.workflow_id, USER: tenant.user_id, NODE: tenant.node_id}
    answers: list[list[dict[str, Any]]] = []
    for statement in filter(None, map(str.strip, re.split(r";\n", EXAMPLES))):
        answers.append(conn.execute(with_new_ids(statement, ids)).fetchall())
        if "start_workflow_execution" in statement:
            ids[RUN] = answers[-1][0]["start_workflow_execution"]
        elif "start_workflow_step" in statement:
            ids[STEP] = answers[-1][0]["start_workflow_step"]

    _, _, completed, set_key, every_key, one_key, summary, channels, failed = answers
    assert ids[STEP] == step_id(ids[RUN], 1)
    assert completed == [{"complete_workflow_step": ""}]
    assert set_key == [{"set_workflow_context": ""}]
    assert [(row["key"], row["value"]) for row in every_key] == [("user_session", {"session_id": "abc123"})]
    assert one_key == every_key
    [run] = summary
    assert (run["run_id"], run["channel"], run["external_id"], run["status"]) == (
        ids[RUN],
        "web",
        "EXT-12345",
        "running",
    )
    assert (run["total_steps"], run["completed_steps"], run["failed_steps"]) == (1, 1, 0)
    assert [(row["channel"], row["execution_count"], row["success_count"]) for row in channels] == [
        ("web", 1, 0)
    ]
    assert failed == []

    [held] = database.rows(
        "select r.config_snapshot, r.created_by, s.node_id, s.status, s.input_data, s.output_data"
        " from mainstem.user_workflow_run r join mainstem.user_workflow_run_step s using (run_id) where run_id = %s",
        ids[RUN],
    )
    assert (held["config_snapshot"], held["created_by"]) == ({"config": "data"}, tenant.user_id)
    assert (held["node_id"], held["status"]) == (tenant.node_id, "completed")
    assert (held["input_data"], held["output_data"]) == ({"input": "data"}, {"output": "data"})

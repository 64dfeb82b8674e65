"""The audit trail: what is changed from the command line is written down with the change, and with who typed it."""

from __future__ import annotations

from typing import Any

import pytest

from conditions import one_server
from conftest import Database, Tenant
from mainstem.ledger.redaction import MASK
from typed import Terminal

__all__ = ["one_server"]


@pytest.fixture
def terminal(database: Database) -> Terminal:
    return Terminal(database.url)


def trail(database: Database) -> list[dict[str, Any]]:
    return database.rows(
        "select actor, action, target, details from mainstem.user_workflow_audit order by at"
    )


def begun(database: Database, tenant: Tenant, status: str) -> str:
    """A run that its callers move, in this state."""
    conn = database.connect(org_id=tenant.org_id)
    start = "select mainstem.start_workflow_execution(%s, 'web', null, null, null) as id"
    [row] = conn.execute(start, [tenant.workflow_id]).fetchall()
    if status != "running":
        conn.execute("select mainstem.complete_workflow_execution(%s, %s)", [row["id"], status])
    return str(row["id"])


def test_each_change_of_a_run_is_written_down(database: Database, terminal: Terminal, tenant: Tenant) -> None:
    for status, action, words, details in (
        ("running", "runs.cancel", ["cancel", "RUN", "--reason", "sent twice"], {"reason": "sent twice"}),
        ("failed", "runs.retry", ["retry", "RUN"], {}),
    ):
        run = begun(database, tenant, status)
        terminal.lines(
            "--org", str(tenant.org_id), "runs", *(run if word == "RUN" else word for word in words)
        )
        entry = trail(database)[-1]
        assert (entry["action"], entry["target"], entry["details"]) == (action, run, details)
        assert entry["actor"].startswith("cli ")


def test_keys_and_configs_are_written_down_without_their_secrets(
    database: Database, terminal: Terminal
) -> None:
    [made] = terminal.lines("keys", "create", "import", "--role", "operator")
    terminal.lines("keys", "revoke", made["key_id"])
    [config] = terminal.lines("configs", "set", '{"token": "abc-123"}', "--activate")
    assert [(entry["action"], entry["target"]) for entry in trail(database)] == [
        ("keys.create", made["key_id"]),
        ("keys.revoke", made["key_id"]),
        ("configs.create", config["config_id"]),
        ("configs.activate", config["config_id"]),
    ]
    told = str(trail(database))
    assert made["key"] not in told
    assert "abc-123" not in told


def test_what_was_refused_is_not_written_down(database: Database, terminal: Terminal, tenant: Tenant) -> None:
    run = begun(database, tenant, "completed")
    assert terminal.error("--org", str(tenant.org_id), "runs", "cancel", run)[:2] == (4, "MS003")
    assert trail(database) == []


def test_what_looks_like_a_secret_is_masked_here_too(
    database: Database, terminal: Terminal, tenant: Tenant
) -> None:
    run = begun(database, tenant, "running")
    terminal.lines("--org", str(tenant.org_id), "runs", "cancel", run, "--reason", "bearer abc123 was leaked")
    assert trail(database)[-1]["details"] == {"reason": f"{MASK} was leaked"}

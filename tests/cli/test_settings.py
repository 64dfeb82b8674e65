"""Settings: what the environment says, and what an option says instead."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from conftest import Database, Tenant
from mainstem.errors import BadArgument
from mainstem.settings import Settings
from typed import Terminal

ORG = UUID("0190a000-0000-7000-8000-000000000007")


def test_the_environment_says_where_the_ledger_is_and_whose() -> None:
    found = Settings.from_environment(
        {
            "MAINSTEM_URL": "postgresql://there/db",
            "MAINSTEM_ORG": str(ORG),
            "MAINSTEM_DATA": "/var/data",
            "PATH": "/bin",
        }
    )
    assert found == Settings(url="postgresql://there/db", org_id=ORG, data=Path("/var/data"))


def test_an_empty_variable_is_one_that_is_not_there() -> None:
    assert Settings.from_environment({"MAINSTEM_URL": "", "MAINSTEM_ORG": ""}) == Settings()


def test_an_organization_that_is_no_uuid_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadArgument, match="'acme', which is no uuid") as refusal:
        Settings.from_environment({"MAINSTEM_ORG": "acme"})
    assert "mainstem.organization" in (refusal.value.hint or "")


def test_a_bad_environment_is_one_line_and_the_exit_code_of_wrong_usage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAINSTEM_ORG", "acme")
    result = Terminal("postgresql://nowhere/").type("runs", "list")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == "error: MAINSTEM_ORG is 'acme', which is no uuid"


def test_an_option_beats_the_environment(
    database: Database, tenant: Tenant, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINSTEM_URL", "postgresql://nowhere.invalid/")
    monkeypatch.setenv("MAINSTEM_ORG", str(tenant.org_id))
    terminal = Terminal(database.url)
    [begun] = terminal.lines("run", "intake")
    assert [run["run_id"] for run in terminal.lines("runs", "list")] == [begun["run_id"]]
    assert terminal.lines("--org", str(other_tenant.org_id), "runs", "list") == []

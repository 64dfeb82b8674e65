"""Workflows and configs, as they are typed."""

from __future__ import annotations

import pytest

from conditions import one_server
from conftest import Database, Tenant
from past_runs import Past, make_past
from typed import Terminal

__all__ = ["one_server"]


@pytest.fixture
def past(database: Database) -> Past:
    return make_past(database.url, runs=60)


@pytest.fixture
def terminal(database: Database) -> Terminal:
    return Terminal(database.url)


def test_workflows_are_listed_with_the_statistics_of_their_runs(terminal: Terminal, past: Past) -> None:
    lines = terminal.lines("workflows", "list", "--days", "10")
    assert [line["name"] for line in lines] == sorted(past.workflows)
    assert [line["statistics"]["runs"] for line in lines] == [
        len(past.since(10, name)) for name in sorted(past.workflows)
    ]
    shown = terminal.type("workflows", "list").stdout
    assert "claim" in shown


def test_a_page_of_workflows_tells_how_to_go_on(terminal: Terminal, past: Past) -> None:
    first = terminal.type("workflows", "list", "--limit", "2")
    after = first.stderr.split("--after ")[1].strip()
    assert [line["name"] for line in terminal.lines("workflows", "list", "--after", after)] == ["eligibility"]


def test_a_workflow_is_shown_by_its_name_or_id_with_its_nodes(terminal: Terminal, past: Past) -> None:
    [by_name] = terminal.lines("workflows", "show", "billing")
    [by_id] = terminal.lines("workflows", "show", str(past.workflows["billing"]))
    assert by_name == by_id
    assert {node["key"] for node in by_name["nodes"]} == {"read", "decide", "write"}
    assert "decide" in terminal.type("workflows", "show", "billing").stdout


@pytest.mark.parametrize("name", ["nobody", "01a1f118-f356-7588-91f7-88e91e000000"])
def test_a_workflow_that_is_not_there_exits_with_3_and_names_the_list(terminal: Terminal, name: str) -> None:
    exit_code, code, hint = terminal.error("workflows", "show", name)
    assert (exit_code, code) == (3, "MS001")
    assert "mainstem workflows list" in hint


def test_a_config_is_set_activated_and_activated_back(terminal: Terminal, tenant: Tenant) -> None:
    scope = ("--workflow", "intake", "--channel", "web")
    [first] = terminal.lines("configs", "set", *scope, "--activate", '{"limit": 3}')
    [second] = terminal.lines("configs", "set", *scope, '{"limit": 4}')
    assert (first["version"], first["is_active"]) == (1, True)
    assert (second["version"], second["is_active"]) == (2, False)
    terminal.lines("configs", "activate", second["config_id"])
    terminal.lines("configs", "activate", first["config_id"])
    [active] = terminal.lines("configs", "list", "--active", "--workflow", "intake")
    assert active["config_data"] == {"limit": 3}
    [shown] = terminal.lines("configs", "show", first["config_id"])
    assert [one["version"] for one in shown["activations"]] == [1, 2, 1]
    told = terminal.type("configs", "show", first["config_id"]).stdout
    assert told.startswith("default 1 for intake in web, active")
    assert len(terminal.lines("configs", "list", "--inactive")) == 1


def test_what_is_no_object_or_names_what_is_not_there_makes_no_config(
    terminal: Terminal, tenant: Tenant
) -> None:
    assert terminal.error("configs", "set", "[1]")[0] == 2
    assert terminal.error("configs", "set", "{")[0] == 2
    assert terminal.error("configs", "set", "@nowhere.json")[0] == 2
    assert terminal.error("configs", "set", "--channel", "post", "{}")[:2] == (2, "MS010")
    assert terminal.error("configs", "set", "--workflow", "nobody", "{}")[0] == 3
    assert terminal.error("configs", "activate", "01a1f118-f356-7588-91f7-88e91e000000")[0] == 3
    assert terminal.lines("configs", "list") == []


def test_the_data_comes_from_standard_input_too(terminal: Terminal) -> None:
    result = terminal.type("configs", "set", "-", stdin='{"limit": 3}')
    assert "mainstem configs activate" in result.stdout

"""Checking a graph: every fault at once, each with its path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from graphs import CLAIM_INTAKE, FIRST_OF_TWO, linear

from mainstem.errors import GraphRefused
from mainstem.graph.model import Graph, dependencies, json_schema
from mainstem.graph.read import graph_in, read_graph
from mainstem.graph.written import checked_graph


def faults(graph: Any) -> tuple[str, ...]:
    with pytest.raises(GraphRefused) as refused:
        checked_graph(graph)
    assert all(fault in refused.value.message for fault in refused.value.faults)
    return refused.value.faults


def changed(text: str = CLAIM_INTAKE, **nodes: Any) -> dict[str, Any]:
    """The graph with some nodes' words changed; None takes a node away."""
    graph: dict[str, Any] = yaml.safe_load(text)
    for key, words in nodes.items():
        if words is None:
            del graph["nodes"][key]
        else:
            graph["nodes"].setdefault(key, {}).update(words)
    return graph


def test_the_claim_intake_graph_has_no_fault() -> None:
    graph = read_graph(CLAIM_INTAKE)
    assert graph.entry.key == "received"
    assert len(graph.nodes) == 14
    read_graph(FIRST_OF_TWO)


def test_yaml_json_and_python_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = read_graph(CLAIM_INTAKE)
    (tmp_path / "graph.json").write_text(json.dumps(yaml.safe_load(CLAIM_INTAKE)))
    (tmp_path / "drawn_here.py").write_text(f"GRAPH = {yaml.safe_load(CLAIM_INTAKE)!r}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert graph_in("graph.json") == graph_in("drawn_here:GRAPH") == graph
    assert checked_graph(graph.as_written) == graph


def test_every_fault_is_told_at_once_with_its_path() -> None:
    graph = changed(
        eligibility={"data_bindings": {"member": {"node": "pay"}}, "timeout": "30s"},
        fraud={"kind": "telepathy"},
        complete={"max_visits": None},
        pay={"config": {"function": "no function"}},
        paid={"data_bindings": {"score": {"expression": "nodes.assessed.("}, "city": {"input": "city"}}},
        lonely={},
    )
    graph["edges"].append({"from": "paid", "to": "nowhere"})
    told = faults(graph)
    expected = {
        "edges.19.to: there is no node 'nowhere'",
        "nodes.lonely: no way leads here from received",
        "nodes.lonely: it leads nowhere; each way ends in an outcome",
        "nodes.complete: a loop without end (complete, is_complete); give one of its nodes max_visits",
        "nodes.eligibility.data_bindings.member.node: pay cannot have run when eligibility does",
        "nodes.fraud.kind: there is no kind 'telepathy'; there are approval, delay, http, map, python, sql, workflow",
        "nodes.paid.data_bindings.city.input: the entry requires document, source, and no 'city'",
    }
    assert expected <= set(told)
    rest = sorted(set(told) - expected)
    assert [fault.split(":")[0] for fault in rest] == [
        "nodes.paid.data_bindings.score.expression",
        "nodes.pay.config.function",
    ]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"tpye": "entry"}, "nodes.middle.tpye: Extra inputs are not permitted"),
        ({"timeout": "soon"}, "nodes.middle.timeout: 'soon' is no duration: write 30, 30s, 5m, 2h or 3d"),
        (
            {"data_bindings": {"a": {"value": 1, "input": "b"}}},
            "nodes.middle.data_bindings.a: a binding has exactly one of value, input, context, node, expression",
        ),
        (
            {"data_bindings": {"a": {"value": 1, "path": "b"}}},
            "nodes.middle.data_bindings.a: path has no meaning beside value",
        ),
    ],
)
def test_words_that_no_graph_has_are_told_by_their_node(words: dict[str, Any], fault: str) -> None:
    assert faults(linear("misspelt", **words)) == (fault,)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (
            {"input_requirements": {"n": {"type": "number"}}, "data_bindings": {"n": {"value": "one"}}},
            "nodes.middle.data_bindings.n.value: 'one' is no number",
        ),
        (
            {"input_requirements": {"n": {"type": "number"}}},
            "nodes.middle.data_bindings: the required input 'n' is bound to nothing",
        ),
        (
            {"output_requirements": {"n": {"type": "string", "pattern": "("}}},
            "nodes.middle.output_requirements.n.pattern: missing ), unterminated subpattern at position 0",
        ),
        (
            {"output_requirements": {"n": {"type": "date", "default": "tomorrow"}}},
            "nodes.middle.output_requirements.n.default: 'tomorrow' is no date",
        ),
        ({"data_bindings": {"n": {"expression": "city"}}}, "nodes.middle.data_bindings.n.expression: 'city' is none of input, nodes"),
        (
            {"data_bindings": {"n": {"expression": "length(nodes.done.a)"}}},
            "nodes.middle.data_bindings.n.expression: done cannot have run when middle does",
        ),
        (
            {"data_bindings": {"n": {"expression": "!input.paid"}}},
            "nodes.middle.data_bindings.n.expression: `!a.b` is read as `(!a).b`; write !(a.b)",
        ),
        (
            {"kind": "approval", "cache": {"ttl": "1h"}},
            "nodes.middle.cache: a node of kind approval is not cached: what it gives was waited for in its run",
        ),
        ({"join": "all"}, "nodes.middle.join: fewer than two ways lead here"),
        ({"kind": "map"}, "nodes.middle.config: say either function or workflow"),
        (
            {"kind": "map", "config": {"workflow": "other", "executor": "process"}},
            "nodes.middle.config: an executor is a function's: the steps of a workflow name their own",
        ),
        ({"type": "outcome"}, "nodes.middle: an outcome ends its way, and an edge leads on from here"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_told_before_it_runs(words: dict[str, Any], fault: str) -> None:
    assert fault in faults(linear("faulty", **words))


def test_an_input_takes_what_its_source_gives() -> None:
    graph = changed(eligibility={"data_bindings": {"member": {"node": "read", "path": "amount"}}})
    assert faults(graph) == (
        "nodes.eligibility.data_bindings.member.node: gives number, and string is required",
    )


def test_branches_that_come_together_say_how() -> None:
    graph = changed(assessed={"join": None})
    assert faults(graph) == (
        "nodes.assessed.join: branches of read come together here; say join: all, or join: any",
    )


def diamond(top: str) -> dict[str, Any]:
    ways = [("start", "top"), ("top", "left"), ("top", "right"), ("left", "done"), ("right", "done")]
    return {
        "nodes": {
            "start": {"type": "entry"},
            "top": {"type": top},
            "left": {},
            "right": {},
            "done": {"type": "outcome"},
        },
        "edges": [
            {"from": origin, "to": target, **({"condition": "input.a"} if target == "left" else {})}
            for origin, target in ways
        ],
    }


def test_ways_of_a_decision_may_meet_again_without_a_join() -> None:
    checked_graph(diamond("decision"))
    assert faults(diamond("general")) == (
        "nodes.done.join: branches of top come together here; say join: all, or join: any",
    )


def test_a_graph_has_one_entry_and_an_outcome() -> None:
    assert faults({"nodes": {"a": None, "b": None}, "edges": [{"from": "a", "to": "b"}]})[:2] == (
        "nodes: a graph has one node of type entry, and here are 0: none",
        "nodes: there is no node of type outcome",
    )


def test_what_is_no_graph_at_all_is_told_too() -> None:
    for text in ("- 1", "nodes: [", "nodes: {}"):
        with pytest.raises(GraphRefused):
            read_graph(text)
    with pytest.raises(GraphRefused, match="there is no file"):
        graph_in("nowhere.yaml")


def test_a_graph_names_the_workflows_that_it_calls() -> None:
    graph = Graph.model_validate(linear("parent", kind="workflow", config={"workflow": "child"}))
    assert dependencies(graph.nodes) == ["child"]


def test_the_json_schema_knows_every_word_of_the_graph() -> None:
    schema = json.loads(json_schema())
    assert set(schema["$defs"]["Edge"]["properties"]) == {
        "from",
        "to",
        "label",
        "condition",
        "on_error",
        "errors",
    }
    assert {"key", "data_bindings", "max_visits"} <= set(schema["$defs"]["Node"]["properties"])

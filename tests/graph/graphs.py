"""Graphs of the tests, as their authors write them."""

from __future__ import annotations

CLAIM_INTAKE = """
name: claim-intake
description: A claim from its document to its payment
nodes:
  received:
    type: entry
    input_requirements:
      document: {type: string, min_length: 3}
      source: {type: string, default: web, enum: [web, voice, efax]}
  read:
    kind: python
    label: Read the document
    config: {function: "graph_functions:read_claim"}
    data_bindings:
      document: {input: document}
    output_requirements:
      member: {type: string}
      amount: {type: number, minimum: 0}
  eligibility:
    kind: python
    config: {function: "graph_functions:check_eligibility"}
    data_bindings:
      member: {node: read, path: member}
    input_requirements:
      member: {type: string, pattern: "^m"}
    retry: {attempts: 3, first: 10ms}
  fraud:
    kind: python
    config: {function: "graph_functions:score_fraud"}
    data_bindings:
      amount: {node: read, path: amount}
    retry: {attempts: 1}
  no_score:
    data_bindings:
      score: {value: 0.5}
      because: {expression: "nodes.fraud.error.message"}
  assessed:
    join: all
    data_bindings:
      active: {expression: "nodes.eligibility.active"}
      score: {expression: "nodes.no_score.score || nodes.fraud"}
  complete:
    kind: python
    config: {function: "graph_functions:ask_again"}
    data_bindings:
      round_number: {value: 1}
    max_visits: 5
  is_complete:
    type: decision
  decide:
    type: decision
  approve:
    kind: approval
    config: {question: "Pay this claim?", assignee: ann, timeout: 3d, form: {comment: {type: string, required: false}}}
  is_approved:
    type: decision
  pay:
    kind: python
    config: {function: "graph_functions:pay"}
    data_bindings:
      member: {node: read, path: member}
      amount: {node: read, path: amount}
  paid:
    type: outcome
    data_bindings:
      payment: {node: pay}
      score: {node: assessed, path: score}
  denied:
    type: outcome
    data_bindings:
      reason: {value: not covered}
edges:
  - {from: received, to: read}
  - {from: read, to: eligibility}
  - {from: read, to: fraud}
  - {from: read, to: complete}
  - {from: eligibility, to: assessed}
  - {from: fraud, to: assessed}
  - {from: fraud, to: no_score, on_error: true, errors: [ConnectionError]}
  - {from: no_score, to: assessed}
  - {from: complete, to: is_complete}
  - {from: is_complete, to: assessed, condition: "nodes.complete.complete", label: complete}
  - {from: is_complete, to: complete, label: again}
  - {from: assessed, to: decide}
  - {from: decide, to: denied, condition: "!(nodes.assessed.active)", label: not covered}
  - {from: decide, to: approve, condition: "nodes.read.amount > `1000`", label: large}
  - {from: decide, to: pay, label: small}
  - {from: approve, to: is_approved}
  - {from: is_approved, to: pay, condition: "nodes.approve.approved", label: yes}
  - {from: is_approved, to: denied, label: no}
  - {from: pay, to: paid}
"""

FIRST_OF_TWO = """
name: first-of-two
nodes:
  start: {type: entry}
  slow: {kind: python, config: {function: "graph_functions:behind_the_gate"}, data_bindings: {name: {value: slow}}}
  fast: {kind: python, config: {function: "graph_functions:quick"}, data_bindings: {name: {value: fast}}}
  first: {join: any, data_bindings: {slow: {node: slow}, fast: {node: fast}}}
  told: {kind: python, config: {function: "graph_functions:quick"}, data_bindings: {name: {value: told}}}
  done: {type: outcome, data_bindings: {from: {node: first}}}
edges:
  - {from: start, to: slow}
  - {from: start, to: fast}
  - {from: slow, to: first}
  - {from: fast, to: first}
  - {from: first, to: told}
  - {from: told, to: done}
"""


def linear(name: str, **node: object) -> dict[str, object]:
    """A graph with one node between its ends."""
    return {
        "name": name,
        "nodes": {
            "start": {"type": "entry"},
            "middle": node,
            "done": {"type": "outcome", "data_bindings": {"result": {"node": "middle"}}},
        },
        "edges": [{"from": "start", "to": "middle"}, {"from": "middle", "to": "done"}],
    }

"""Test runs: what they are given in place of what some of their steps would do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from mainstem.flow.values import dumped


@dataclass(frozen=True, slots=True)
class Given:
    """What stands in for one call of a step. how: `output` or `pin`."""

    how: str
    output: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A test run: marked as such (`is_test`), and left out of the statistics.

    outputs: by a step's name what each of its calls gives, without its function running. pins: the same for one call
    only, by its count from 1: `{"look": {2: "found"}}`; a pin goes before an output. All other steps run.
    """

    __test__: ClassVar[bool] = False

    outputs: Mapping[str, Any] = field(default_factory=dict)
    pins: Mapping[str, Mapping[int, Any]] = field(default_factory=dict)

    @classmethod
    def pinned(cls, run: Any, *names: str) -> Test:
        """With what these steps of a recorded run gave; all that it completed, without names."""
        pins: dict[str, dict[int, Any]] = {}
        for step in run.steps:
            if step.status == "completed" and (not names or step.node_key in names):
                pins.setdefault(step.node_key, {})[step.iteration] = step.output_data
        return cls(pins=pins)

    def as_json(self) -> bytes:
        """As the ledger keeps it. Raises ValueRefused."""
        pins = {name: {str(n): value for n, value in calls.items()} for name, calls in self.pins.items()}
        return dumped({"outputs": dict(self.outputs), "pins": pins}, "what a test run is given")


def given_for(test: Mapping[str, Any], name: str, iteration: int) -> Given | None:
    """What a kept test says of this call; None: the step runs."""
    pins = test.get("pins", {}).get(name, {})
    if str(iteration) in pins:
        return Given("pin", json.dumps(pins[str(iteration)]).encode())
    if name in test.get("outputs", {}):
        return Given("output", json.dumps(test["outputs"][name]).encode())
    return None

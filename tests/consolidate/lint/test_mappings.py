"""Mappings: what one would lose is found in its facts, and a careful one has nothing to be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mainstem.consolidate.lint import MappingFacts, Severity, TableFacts, examine_mapping

CAREFUL = TableFacts(
    name="workflow_events",
    columns=("event_id", "trace_id", "event_type", "spare"),
    mentioned=frozenset({"event_id", "trace_id", "event_type"}),
    dropped={"spare": "always NULL"},
    values={"event_type": {"started": "begin", "stopped": "end"}},
    present={"event_type": {"started": 3, "stopped": 1}},
    sql={"event_type": "(select jsonb_agg(x.v order by x.id) from x where x.id = {row}.event_id)"},
    keys=("event_id",),
    elements=True,
    order=("timestamp", "event_id"),
    carried=frozenset({"event_id", "event_type"}),
)


def told(**changes: Any) -> list[tuple[str, int | None]]:
    mapping = MappingFacts("rcm", (replace(CAREFUL, **changes),))
    return [(each.rule, each.rows) for each in examine_mapping(mapping)]


def test_a_careful_mapping_has_nothing_to_be_told() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"mentioned": frozenset({"event_id"})}, ("D02", None)),
        ({"dropped": {"spare": " "}}, ("D02", None)),
        ({"values": {"event_type": {"started": "x", "stopped": "x"}}}, ("D03", 4)),
        ({"present": {"event_type": {"started": 3, "paused": 2}}}, ("D03", 2)),
        ({"sql": {"event_type": "jsonb_agg(x.v)"}}, ("D06", None)),
        ({"order": ("timestamp",)}, ("D06", None)),
        ({"carried": frozenset({"event_type"})}, ("D07", None)),
        ({"sql": {"event_type": "coalesce({value}, gen_random_uuid())"}}, ("D11", None)),
        ({"sql": {"org_id": "(select org_id from organization limit 1)"}}, ("D11", None)),
        ({"tenant_from": "coalesce(org_id, first)"}, ("D12", None)),
    ],
    ids=str,
)
def test_what_a_mapping_would_lose_is_told(changes: dict[str, Any], finding: tuple[str, int | None]) -> None:
    assert told(**changes) == [finding]


def test_two_values_may_become_one_where_the_original_is_kept() -> None:
    both = {"event_type": {"started": "x", "stopped": "x"}}
    assert told(values=both, kept=frozenset({"event_type"})) == []


def test_a_finding_names_the_mapping_and_its_table() -> None:
    [found] = examine_mapping(MappingFacts("rcm", (replace(CAREFUL, dropped={}),)))
    assert (found.file, found.object, found.severity) == ("rcm", "workflow_events", Severity.ERROR)
    assert "nobody mentions spare" in found.message

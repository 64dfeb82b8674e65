"""The comparison of what came out with the manifest."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

import pytest
from pydantic import TypeAdapter

from mainstem.demo.manifest import Entry, Expected, Result, compare, manifest
from mainstem.demo.model import Claim, Decision, Outcome, Reason

Results: TypeAlias = dict[str, Result]


def perfect_result(entry: Entry) -> Result:
    expected = entry.expected
    if expected.outcome is None or expected.reason is None:
        return Result(entry.external_id, "failed", error=f"{expected.error}: page 1 is a picture")
    decision = Decision(
        expected.outcome, expected.reason, perfect_claim(expected), expected.granted, expected.doubt
    )
    return Result(entry.external_id, "completed", decision)


def perfect_claim(expected: Expected) -> Claim | None:
    fields = expected.fields
    if fields is None:
        return None
    received_on = date(2025, 3, 18)
    return Claim(
        fields.member_id, fields.service_date, received_on, fields.amount, fields.provider, fields.kind
    )


@pytest.fixture
def results() -> Results:
    entries = manifest().documents
    return {entry.external_id: perfect_result(entry) for entry in entries if entry.duplicate_of is None}


def test_what_must_come_out_differs_in_nothing(results: Results) -> None:
    assert compare(results.values()) == []


def test_a_copys_run_may_bear_either_name(results: Results) -> None:
    first = results.pop("alder-efax-01")
    assert compare([*results.values(), replace(first, external_id="alder-efax-03")]) == []


def test_a_missing_run_is_told(results: Results) -> None:
    del results["alder-web-01"]
    assert compare(results.values()) == ["alder-web-01 (an ordinary dental claim) has no run"]


def test_a_run_of_a_strange_document_is_told(results: Results) -> None:
    stranger = Result("alder-web-99", "completed")
    assert compare([*results.values(), stranger]) == ["alder-web-99 has a run, and is in no manifest"]


def test_a_second_run_of_a_document_is_told(results: Results) -> None:
    again = results["alder-web-01"]
    assert compare([*results.values(), again]) == [
        "alder-web-01 (an ordinary dental claim) has 2 runs, and must have one"
    ]


def test_a_copy_with_a_run_of_its_own_is_told(results: Results) -> None:
    copy = replace(results["alder-efax-01"], external_id="alder-efax-03")
    assert compare([*results.values(), copy]) == [
        "alder-efax-01 (an ordinary fax) has 2 runs, and must have one"
    ]


def decision_in(results: Results) -> Decision:
    decision = results["alder-web-05"].decision
    assert decision is not None
    return decision


def changed(results: Results, **changes: Any) -> list[str]:
    decision = replace(decision_in(results), **changes)
    results["alder-web-05"] = replace(results["alder-web-05"], decision=decision)
    return [sentence.partition(": ")[2] for sentence in compare(results.values())]


def test_a_changed_outcome_is_told(results: Results) -> None:
    assert changed(results, outcome=Outcome.DENIED) == ["outcome is denied, and must be approved"]


def test_a_changed_reason_is_told(results: Results) -> None:
    assert changed(results, reason=Reason.WITHIN_LIMIT) == [
        "reason is within_limit, and must be supervisor_approved"
    ]


def test_a_supervisor_who_was_not_asked_is_told(results: Results) -> None:
    assert changed(results, doubt=None) == ["doubt is nothing, and must be over_limit"]


def test_a_changed_payment_is_told(results: Results) -> None:
    assert changed(results, granted=Decimal(1)) == ["granted is 1, and must be 3120.00"]


def test_a_changed_field_is_told(results: Results) -> None:
    claim = decision_in(results).claim
    assert claim is not None
    assert changed(results, claim=replace(claim, member_id="ALD-1")) == [
        "member_id is ALD-1, and must be ALD-100106"
    ]


def test_a_claim_that_was_not_extracted_is_told(results: Results) -> None:
    assert changed(results, claim=None)[0] == "member_id is nothing, and must be ALD-100106"


def test_a_run_that_failed_is_told(results: Results) -> None:
    results["alder-web-01"] = Result("alder-web-01", "failed", error="OSError")
    assert compare(results.values())[0] == (
        "alder-web-01 (an ordinary dental claim): status is failed, and must be completed"
    )


def test_a_run_that_failed_of_something_else_is_told(results: Results) -> None:
    results["alder-efax-05"] = Result("alder-efax-05", "failed", error="OSError: disk full")
    assert compare(results.values()) == [
        "alder-efax-05 (a scan that nobody can read): the error is OSError: disk full, and must name UnreadableScan"
    ]


def test_a_run_is_compared_as_the_ledger_holds_it(results: Results) -> None:
    output = TypeAdapter(Decision).dump_python(decision_in(results), mode="json")
    assert Result.of_run("alder-web-05", "completed", output) == results["alder-web-05"]

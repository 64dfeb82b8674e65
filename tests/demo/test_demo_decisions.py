"""The rules and the letters."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from mainstem.demo.answer import SENTENCES, letter
from mainstem.demo.decide import decide, left_open, patience, settled
from mainstem.demo.manifest import manifest
from mainstem.demo.model import (
    Care,
    Claim,
    Decision,
    Doubt,
    Eligibility,
    Outcome,
    Reason,
    Standing,
    Unfit,
    Verdict,
)

CLAIM = Claim("ALD-1", date(2025, 2, 14), date(2025, 3, 1), Decimal("100.00"), "Dr. Quill", Care.DENTAL)
COVERED = Eligibility(Standing.COVERED, [Care.DENTAL])
LIMIT = Decimal("100.00")


def decided(claim: Claim = CLAIM, eligibility: Eligibility = COVERED) -> tuple[str, Reason]:
    decision = decide(claim, eligibility, limit=LIMIT)
    return "doubtful" if isinstance(decision, Doubt) else decision.outcome, decision.reason


def test_a_covered_claim_within_the_limit_is_approved_in_full() -> None:
    assert decide(CLAIM, COVERED, limit=LIMIT) == Decision(
        Outcome.APPROVED, Reason.WITHIN_LIMIT, CLAIM, granted=Decimal("100.00")
    )


def test_a_cent_over_the_limit_is_doubtful() -> None:
    assert decided(replace(CLAIM, amount=Decimal("100.01"))) == ("doubtful", Reason.OVER_LIMIT)


def test_an_amount_that_is_not_settled_is_doubtful() -> None:
    claim = replace(CLAIM, amount_is_settled=False)
    assert decided(claim) == ("doubtful", Reason.AMBIGUOUS_AMOUNT)


@pytest.mark.parametrize(
    ("standing", "outcome", "reason"),
    [
        (Standing.UNKNOWN, Outcome.DENIED, Reason.MEMBER_UNKNOWN),
        (Standing.NOT_COVERED, Outcome.DENIED, Reason.MEMBER_NOT_COVERED),
        (Standing.UNREACHABLE, "doubtful", Reason.ELIGIBILITY_UNREACHABLE),
    ],
)
def test_a_member_who_is_not_known_to_be_covered_is_not_approved(
    standing: Standing, outcome: str, reason: Reason
) -> None:
    assert decided(eligibility=Eligibility(standing, [])) == (outcome, reason)


def test_care_outside_the_plan_is_denied() -> None:
    claim = replace(CLAIM, kind=Care.VISION)
    assert decided(claim) == (Outcome.DENIED, Reason.KIND_NOT_COVERED)


def test_a_claim_may_be_filed_for_a_year_and_not_a_day_longer() -> None:
    assert decided(replace(CLAIM, received_on=date(2026, 2, 14)))[0] is Outcome.APPROVED
    assert decided(replace(CLAIM, received_on=date(2026, 2, 15)))[1] is Reason.FILED_TOO_LATE


def test_a_supervisor_may_grant_another_amount() -> None:
    decision = settled(Doubt(CLAIM, Reason.OVER_LIMIT), Verdict(approve=True, by="r", amount=Decimal(80)))
    assert (decision.outcome, decision.granted) == (Outcome.APPROVED, Decimal(80))


def test_a_supervisor_who_denies_grants_nothing() -> None:
    decision = settled(Doubt(CLAIM, Reason.OVER_LIMIT), Verdict(approve=False, by="r"))
    assert (decision.outcome, decision.granted, decision.doubt) == (Outcome.DENIED, None, Reason.OVER_LIMIT)


def test_a_silent_supervisor_leaves_the_claim_open() -> None:
    assert left_open(Doubt(CLAIM, Reason.OVER_LIMIT)).outcome is Outcome.PENDED


def test_who_stands_at_the_counter_waits_for_seconds_and_not_for_days() -> None:
    assert patience(replace(CLAIM, kind=Care.PHARMACY)).total_seconds() < 10 < patience(CLAIM).total_seconds()


def test_each_reason_that_can_be_the_last_word_has_its_sentence() -> None:
    doubts = {Reason.OVER_LIMIT, Reason.AMBIGUOUS_AMOUNT, Reason.ELIGIBILITY_UNREACHABLE}
    assert set(SENTENCES) == set(Reason) - doubts
    assert {entry.expected.reason for entry in manifest().documents} - {None} == set(SENTENCES)


def test_a_letter_names_the_amount_and_the_fields() -> None:
    paid = Decision(Outcome.APPROVED, Reason.WITHIN_LIMIT, CLAIM, granted=Decimal("1184.50"))
    returned = Decision(Outcome.RETURNED, Reason.MISSING_FIELDS, detail="provider, amount")
    assert letter(paid) == "Your claim is approved. We pay $1,184.50."
    assert letter(returned) == "Something is missing. Please complete it. (provider, amount)"


@pytest.mark.parametrize("value", [CLAIM, Unfit(Reason.WRONG_TYPES, "amount")])
def test_a_claim_and_its_absence_come_back_from_the_ledger_as_they_went_in(value: Claim | Unfit) -> None:
    either: TypeAdapter[Claim | Unfit] = TypeAdapter(Claim | Unfit)
    assert either.validate_python(either.dump_python(value, mode="json")) == value


@pytest.mark.parametrize(
    "value",
    [
        Doubt(CLAIM, Reason.OVER_LIMIT),
        Decision(Outcome.DENIED, Reason.MEMBER_UNKNOWN, CLAIM),
        Decision(Outcome.APPROVED, Reason.WITHIN_LIMIT, CLAIM, Decimal("100.00")),
        Decision(Outcome.FORWARDED, Reason.NOT_A_CLAIM),
    ],
)
def test_a_decision_and_a_doubt_come_back_from_the_ledger_as_they_went_in(value: Decision | Doubt) -> None:
    either: TypeAdapter[Decision | Doubt] = TypeAdapter(Decision | Doubt)
    assert either.validate_python(either.dump_python(value, mode="json")) == value

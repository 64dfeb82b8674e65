"""The rules: what becomes of a claim. Nothing is asked and nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from mainstem.demo.model import Care, Decision, Doubt, Outcome, Paper, Reason, Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.demo.model import Claim, Eligibility, Unfit, Verdict

LIMITS = {"alder": Decimal("2500.00"), "birch": Decimal("1000.00")}
"""What each organization grants without asking a supervisor."""

FILING_PERIOD = timedelta(days=365)

PATIENCE = timedelta(days=3)
PATIENCE_AT_THE_COUNTER = timedelta(seconds=5)
"""Somebody stands in the pharmacy and waits."""


@dataclass(frozen=True, slots=True)
class Question:
    """A claim, what is known of its member, and how much may be granted without asking."""

    claim: Claim
    eligibility: Eligibility
    limit: Decimal


def decide(claim: Claim, eligibility: Eligibility, *, limit: Decimal) -> Decision | Doubt:
    """Denied for the first reason against it, doubtful for the first reason to ask, approved for want of either."""
    question = Question(claim, eligibility, limit)
    for applies, reason in DENIALS:
        if applies(question):
            return Decision(Outcome.DENIED, reason, claim)
    for applies, reason in DOUBTS:
        if applies(question):
            return Doubt(claim, reason)
    return Decision(Outcome.APPROVED, Reason.WITHIN_LIMIT, claim, granted=claim.amount)


def is_filed_too_late(question: Question) -> bool:
    return question.claim.received_on - question.claim.service_date > FILING_PERIOD


def is_of_a_stranger(question: Question) -> bool:
    return question.eligibility.standing is Standing.UNKNOWN


def is_of_an_uncovered_member(question: Question) -> bool:
    return question.eligibility.standing is Standing.NOT_COVERED


def is_outside_the_plan(question: Question) -> bool:
    eligibility = question.eligibility
    return eligibility.standing is Standing.COVERED and question.claim.kind not in eligibility.kinds


def is_unanswered(question: Question) -> bool:
    return question.eligibility.standing is Standing.UNREACHABLE


def is_of_two_amounts(question: Question) -> bool:
    return not question.claim.amount_is_settled


def is_over_the_limit(question: Question) -> bool:
    return question.claim.amount > question.limit


Rule: TypeAlias = "tuple[Callable[[Question], bool], Reason]"

DENIALS: tuple[Rule, ...] = (
    (is_filed_too_late, Reason.FILED_TOO_LATE),
    (is_of_a_stranger, Reason.MEMBER_UNKNOWN),
    (is_of_an_uncovered_member, Reason.MEMBER_NOT_COVERED),
    (is_outside_the_plan, Reason.KIND_NOT_COVERED),
)
DOUBTS: tuple[Rule, ...] = (
    (is_unanswered, Reason.ELIGIBILITY_UNREACHABLE),
    (is_of_two_amounts, Reason.AMBIGUOUS_AMOUNT),
    (is_over_the_limit, Reason.OVER_LIMIT),
)


def without_claim(paper: Paper) -> Decision:
    """The decision on a paper that was sent for another purpose, or for none."""
    if paper is Paper.BLANK:
        return Decision(Outcome.RETURNED, Reason.NOTHING_WRITTEN)
    return Decision(Outcome.FORWARDED, Reason.NOT_A_CLAIM)


def sent_back(unfit: Unfit) -> Decision:
    return Decision(Outcome.RETURNED, unfit.reason, detail=unfit.detail)


def patience(claim: Claim) -> timedelta:
    """How long a doubtful claim waits for the supervisor."""
    return PATIENCE_AT_THE_COUNTER if claim.kind is Care.PHARMACY else PATIENCE


def settled(doubt: Doubt, verdict: Verdict) -> Decision:
    """What becomes of a doubtful claim when the supervisor has spoken."""
    if not verdict.approve:
        return Decision(Outcome.DENIED, Reason.SUPERVISOR_DENIED, doubt.claim, doubt=doubt.reason)
    granted = doubt.claim.amount if verdict.amount is None else verdict.amount
    return Decision(Outcome.APPROVED, Reason.SUPERVISOR_APPROVED, doubt.claim, granted, doubt.reason)


def left_open(doubt: Doubt) -> Decision:
    """What becomes of a doubtful claim when the supervisor keeps silent."""
    return Decision(Outcome.PENDED, Reason.SUPERVISOR_SILENT, doubt.claim, doubt=doubt.reason)

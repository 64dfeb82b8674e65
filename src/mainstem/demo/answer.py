"""The answer: a decision as the sentence that its sender reads."""

from __future__ import annotations

from mainstem.demo.model import Decision, Outcome, Reason

SENTENCES = {
    Reason.WITHIN_LIMIT: "Your claim is approved.",
    Reason.SUPERVISOR_APPROVED: "We have looked at your claim once more, and it is approved.",
    Reason.SUPERVISOR_DENIED: "We have looked at your claim once more, and cannot approve it.",
    Reason.SUPERVISOR_SILENT: "We cannot decide on your claim yet. You will hear from us.",
    Reason.MEMBER_UNKNOWN: "We know no member with this number.",
    Reason.MEMBER_NOT_COVERED: "You were not covered on the day of the treatment.",
    Reason.KIND_NOT_COVERED: "Your plan does not cover this kind of care.",
    Reason.FILED_TOO_LATE: "A claim must reach us within a year of the treatment.",
    Reason.DATE_IN_FUTURE: "The treatment is still to come. Please send your claim when it has been given.",
    Reason.IMPOSSIBLE_DATE: "The day of the treatment is in no calendar. Please correct it.",
    Reason.MISSING_FIELDS: "Something is missing. Please complete it.",
    Reason.WRONG_TYPES: "Some fields hold what they cannot. Please correct them.",
    Reason.NOTHING_WRITTEN: "What you sent is empty. Please send it again.",
    Reason.NOT_A_CLAIM: "This is no claim. We have passed it on to our colleagues.",
}
"""A sentence for each reason that can be the last word."""


def letter(decision: Decision) -> str:
    parts = [SENTENCES[decision.reason]]
    if decision.outcome is Outcome.APPROVED:
        parts.append(f"We pay ${decision.granted:,.2f}.")
    if decision.detail:
        parts.append(f"({decision.detail})")
    return " ".join(parts)

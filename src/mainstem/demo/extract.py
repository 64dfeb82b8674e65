"""Extraction: a claim's fields as values, or why there is no claim."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from mainstem.demo.model import Care, Claim, Reading, Reason, Unfit
from mainstem.demo.written import Written, written

MEMBER_ID = re.compile(r"\b([A-Z]) ?([A-Z]) ?([A-Z])[-, ]*(\d(?: ?\d){5})\b")
DATE = re.compile(r"\d{4}-\d\d-\d\d|\d\d?/\d\d?/\d{4}|\d\d? [A-Z][a-z]+ \d{4}|[A-Z][a-z]+ \d\d?, \d{4}")
DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%d %B %Y", "%B %d, %Y")
ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")
SPOKEN_AMOUNT = re.compile(r"(\d+) dollars(?: and (\d\d?) cents)?")
AMOUNT = re.compile(r"(?<![-\d.])\d+(?:\.\d{1,2})?(?!\.?\d)")
CARE_WORDS = {
    "dental": Care.DENTAL,
    "dentist": Care.DENTAL,
    "medical": Care.MEDICAL,
    "doctor": Care.MEDICAL,
    "pharmacy": Care.PHARMACY,
    "prescription": Care.PHARMACY,
    "vision": Care.VISION,
    "glasses": Care.VISION,
}
CARE = re.compile("|".join(CARE_WORDS), re.IGNORECASE)
CENT = Decimal("0.01")


class ImpossibleDate(ValueError):
    """It is written as dates are written, and no calendar has it."""


def extract(reading: Reading) -> Claim | Unfit:
    """The claim in a reading; unfit when a field is mistyped or missing, or its date cannot be."""
    words = written(reading)
    if words.mistyped:
        return Unfit(Reason.WRONG_TYPES, ", ".join(words.mistyped))
    if absent := missing_fields(words):
        return Unfit(Reason.MISSING_FIELDS, ", ".join(absent))
    try:
        return not_from_the_future(claim_in(words))
    except ImpossibleDate as error:
        return Unfit(Reason.IMPOSSIBLE_DATE, str(error))


def missing_fields(words: Written) -> list[str]:
    """The fields that are empty, or hold nothing of their kind ("some time in the spring")."""
    found = {
        "member_id": MEMBER_ID.search(words.member_id),
        "service_date": DATE.search(plain_date(words.service_date)),
        "provider": words.provider,
        "kind": CARE.search(words.kind),
        "amount": words.amounts and all(AMOUNT.search(plain_amount(amount)) for amount in words.amounts),
    }
    return [name for name, value in found.items() if not value]


def claim_in(words: Written) -> Claim:
    """The claim of somebody who has left nothing out. Raises ImpossibleDate."""
    amounts = {amount_in(amount) for amount in words.amounts}
    return Claim(
        member_id=member_id_in(words.member_id),
        service_date=date_in(words.service_date),
        received_on=date_in(words.received_on),
        amount=max(amounts),
        provider=words.provider,
        kind=CARE_WORDS[first(CARE, words.kind)[0].lower()],
        amount_is_settled=len(amounts) == 1,
    )


def not_from_the_future(claim: Claim) -> Claim | Unfit:
    if claim.service_date <= claim.received_on:
        return claim
    return Unfit(Reason.DATE_IN_FUTURE, f"{claim.service_date} is after {claim.received_on}")


def member_id_in(text: str) -> str:
    one, two, three, digits = first(MEMBER_ID, text).groups()
    return f"{one}{two}{three}-{digits.replace(' ', '')}"


def date_in(text: str) -> date:
    """The day in "2025-02-14", "02/14/2025", "14 February 2025" or "February 14th, 2025". Raises ImpossibleDate."""
    day = first(DATE, plain_date(text))[0]
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(day, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    raise ImpossibleDate(f"{day} is in no calendar")


def amount_in(text: str) -> Decimal:
    """The amount in "1,184.50", "USD 1,184.50", "$1,184.50" or "1,184 dollars and 50 cents"."""
    plain = plain_amount(text)
    if spoken := SPOKEN_AMOUNT.search(plain):
        return Decimal(spoken[1]) + Decimal(spoken[2] or 0) * CENT
    return Decimal(first(AMOUNT, plain)[0]).quantize(CENT)


def plain_date(text: str) -> str:
    return ORDINAL.sub("", text)


def plain_amount(text: str) -> str:
    return text.replace(",", "")


def first(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    """Where the pattern is found; the caller has made sure that it is."""
    match = pattern.search(text)
    if match is None:
        raise ValueError(f"nothing in {text!r} looks like {pattern.pattern}")
    return match

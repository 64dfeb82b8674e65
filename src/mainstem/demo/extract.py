"""Extraction: a claim's fields as values, or why there is no claim."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from mainstem.demo.model import Care, Claim, Reading, Reason, Unfit
from mainstem.demo.written import Written, written

MEMBER_ID = re.compile(r"\b([A-Z]) ?([A-Z]) ?([A-Z])[-, ]*((?:\d ?){6})(?!\d)")
ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")
DATE = re.compile(r"\d{4}-\d\d?-\d\d?|\d\d?/\d\d?/\d{4}|\d\d? [A-Z][a-z]+ \d{4}|[A-Z][a-z]+ \d\d?, \d{4}")
DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%d %B %Y", "%B %d, %Y")
SPOKEN_AMOUNT = re.compile(r"([\d,]+) dollars(?: and (\d\d?) cents)?")
WRITTEN_AMOUNT = re.compile(r"\d[\d,]*(?:\.\d{1,2})?")
CARE_WORDS = {
    Care.DENTAL: ("dental", "dentist"),
    Care.VISION: ("vision", "glasses"),
    Care.PHARMACY: ("pharmacy", "prescription"),
    Care.MEDICAL: ("medical", "doctor"),
}


class ImpossibleDate(ValueError):
    """A date is written as dates are, and no calendar has it."""


def extract(reading: Reading) -> Claim | Unfit:
    """The claim in a reading. Unfit when a field is mistyped, missing, or a date that cannot be."""
    words = written(reading)
    if words.mistyped:
        return Unfit(Reason.WRONG_TYPES, f"not text, or not a number: {', '.join(words.mistyped)}")
    try:
        return claim_from(words)
    except ImpossibleDate as error:
        return Unfit(Reason.IMPOSSIBLE_DATE, str(error))


def claim_from(words: Written) -> Claim | Unfit:
    fields = {
        "member_id": member_id_in(words.member_id),
        "service_date": date_in(words.service_date),
        "provider": words.provider,
        "kind": care_in(words.kind),
        "amount": max(amounts_in(words), default=None),
    }
"""TBD"""

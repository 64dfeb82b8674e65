"""What is written: a claim's fields as the sender wrote, typed or said them, in each channel.

Nothing is understood here. A field that is not there is an empty string; what it means is for `extract` to say.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import TypeAlias

from mainstem.demo.model import Channel, Reading

Turn: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """A claim in the sender's own words.

    amounts: each one that the sender may mean. mistyped: the fields of a form that hold something else than text.
    """

    received_on: str = ""
    member_id: str = ""
    service_date: str = ""
    provider: str = ""
    kind: str = ""
    amounts: list[str] = field(default_factory=list)
    mistyped: list[str] = field(default_factory=list)


def written(reading: Reading) -> Written:
    match reading.channel:
        case Channel.WEB:
            return written_in_form(reading.text)
        case Channel.VOICE:
            return said_in_call(reading.text)
        case Channel.EFAX:
            return written_on_fax(reading.text)


FORM_FIELDS = ("member_id", "service_date", "provider", "kind", "amount")


def written_in_form(text: str) -> Written:
    form = json.loads(text, parse_float=Decimal)
    claim = form.get("claim")
    if not isinstance(claim, dict):
        return Written(mistyped=["claim"])
    typed = {name: str(claim.get(name) or "").strip() for name in FORM_FIELDS}
    return Written(
        received_on=str(form.get("submitted_at"))[:10],
        member_id=typed["member_id"],
        service_date=typed["service_date"],
        provider=typed["provider"],
        kind=typed["kind"],
        amounts=[typed["amount"]] if typed["amount"] else [],
        mistyped=[name for name in FORM_FIELDS if not is_typed(name, claim.get(name))],
    )


def is_typed(name: str, value: object) -> bool:
    """Whether a form's field may hold this. An amount may be a number; true is none, whatever Python says."""
    if isinstance(value, bool):
        return False
    return value is None or isinstance(value, (str, int, Decimal) if name == "amount" else str)


LABELLED = re.compile(
    r"^(Member no\.|Date of service|Provider|Kind of care|Amount claimed): *(.*)$", re.MULTILINE
)
FAX_RECEIVED = re.compile(r"^FAX RECEIVED (\S+) \S+ FROM (.+) PAGE \d+ OF \d+$", re.MULTILINE)


def written_on_fax(text: str) -> Written:
    fields = {label: value.strip() for label, value in LABELLED.findall(text)}
    received = FAX_RECEIVED.search(text)
    amount = fields.get("Amount claimed")
    return Written(
        received_on=received.group(1) if received else "",
        member_id=fields.get("Member no.", ""),
        service_date=fields.get("Date of service", ""),
        provider=fields.get("Provider", ""),
        kind=fields.get("Kind of care", ""),
        amounts=[amount] if amount else [],
    )


CALL_RECEIVED = re.compile(r"^Call of (\S+),", re.MULTILINE)
TURN = re.compile(r"^(AGENT|CALLER): (.*)$", re.MULTILINE)
MONEY = re.compile(r"\$ ?[\d,]+(?:\.\d\d)?|[\d,]+ dollars(?: and \d\d? cents)?")
PUT_RIGHT = re.compile(r"\b(?:no, sorry|I mean|correction)\b")


def said_in_call(text: str) -> Written:
    received, turns = CALL_RECEIVED.search(text), TURN.findall(text)
    return Written(
        received_on=received.group(1) if received else "",
        member_id=answer_to("member number", turns),
        service_date=answer_to("When", turns),
        provider=answer_to("Who treated", turns).removeprefix("That was ").removesuffix("."),
        kind=answer_to("kind of care", turns),
        amounts=amounts_said(turns),
    )


def answer_to(question: str, turns: list[Turn]) -> str:
    """What the caller says right after the agent's question; empty when it was not asked."""
    return next((answer for asked, answer in exchanges(turns) if question in asked), "")


def exchanges(turns: list[Turn]) -> list[Turn]:
    """Each of the agent's turns with the caller's next one."""
    pairs = pairwise(turns)
    return [(asked, said) for (who, asked), (other, said) in pairs if (who, other) == ("AGENT", "CALLER")]


def amounts_said(turns: list[Turn]) -> list[str]:
    """The amounts the bill may have: the one the caller agreed to when it was read back, or each that was named."""
    agreed = [
        MONEY.findall(asked)
        for asked, said in exchanges(turns)
        if said.startswith("Yes") and MONEY.search(asked)
    ]
    return agreed[-1] if agreed else MONEY.findall(PUT_RIGHT.split(answer_to("how much", turns))[-1])

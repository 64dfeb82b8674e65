"""Classification: what kind of paper a document is, from its words alone."""

from __future__ import annotations

import json
import re

from mainstem.demo.model import Channel, Paper, Reading

FAX_CLAIM = re.compile(r"^CLAIM FORM$", re.MULTILINE)
SPOKEN_CLAIM = re.compile(r"^CALLER: .*\bclaim\b", re.MULTILINE)
TURN = re.compile(r"^(AGENT|CALLER): ", re.MULTILINE)


def classify(reading: Reading) -> Paper:
    match reading.channel:
        case Channel.WEB:
            return classify_form(reading)
        case Channel.VOICE:
            return classify_call(reading)
        case Channel.EFAX:
            return classify_fax(reading)


def classify_form(reading: Reading) -> Paper:
    return Paper.CLAIM if json.loads(reading.text).get("form") == "claim" else Paper.OTHER


def classify_call(reading: Reading) -> Paper:
    if not TURN.search(reading.text):
        return Paper.BLANK
    return Paper.CLAIM if SPOKEN_CLAIM.search(reading.text) else Paper.OTHER


def classify_fax(reading: Reading) -> Paper:
    if not reading.text.strip():
        return Paper.BLANK
    return Paper.CLAIM if FAX_CLAIM.search(reading.text) else Paper.OTHER

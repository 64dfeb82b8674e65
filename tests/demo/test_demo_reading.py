"""Reading, classifying and extracting: each of the sixty documents, and the ways in which they may be written."""

from datetime import date
from decimal import Decimal

import pytest

from mainstem.demo.classify import classify
from mainstem.demo.extract import ImpossibleDate, amount_in, date_in, extract, member_id_in
from mainstem.demo.manifest import Entry, Fields, manifest
from mainstem.demo.model import Channel, Claim, Document, Paper, Reading, Reason, Unfit
from mainstem.demo.reading import DamagedDocument, Unreadable, UnreadableScan, read

ENTRIES = manifest().documents
READABLE = [entry for entry in ENTRIES if entry.expected.error is None]
UNREADABLE = [entry for entry in ENTRIES if entry.expected.error is not None]
NO_CLAIMS: dict[Reason | None, Paper] = {Reason.NOT_A_CLAIM: Paper.OTHER, Reason.NOTHING_WRITTEN: Paper.BLANK}


def document_of(entry: Entry) -> Document:
    return Document(entry.org, entry.channel, entry.file)


def name_of(entry: Entry) -> str:
    return entry.external_id


def read_call(*turns: str) -> Claim | Unfit:
    lines = ["Call of 2025-03-18, line +1 555 0199", "", *turns]
    return extract(Reading(Channel.VOICE, ["\n".join(lines)]))


@pytest.mark.parametrize("entry", READABLE, ids=name_of)
def test_a_readable_document_is_classified_by_its_words(entry: Entry) -> None:
    paper = classify(read(document_of(entry)))
    assert paper is NO_CLAIMS.get(entry.expected.reason, Paper.CLAIM)


@pytest.mark.parametrize("entry", [e for e in READABLE if e.expected.fields], ids=name_of)
def test_a_claim_is_read_as_it_was_meant(entry: Entry) -> None:
    claim = extract(read(document_of(entry)))
    assert isinstance(claim, Claim)
    found = Fields(claim.member_id, claim.service_date, claim.amount, claim.provider, claim.kind)
    assert found == entry.expected.fields


@pytest.mark.parametrize(
    "entry",
    [e for e in READABLE if not e.expected.fields and e.expected.reason not in NO_CLAIMS],
    ids=name_of,
)
def test_a_claim_that_cannot_be_says_why(entry: Entry) -> None:
    unfit = extract(read(document_of(entry)))
    assert isinstance(unfit, Unfit)
    assert unfit.reason is entry.expected.reason


@pytest.mark.parametrize("entry", UNREADABLE, ids=name_of)
def test_an_unreadable_document_has_an_error_of_its_own(entry: Entry) -> None:
    with pytest.raises(Unreadable) as caught:
        read(document_of(entry))
    assert type(caught.value).__name__ == entry.expected.error


def test_a_scan_names_the_page_that_nobody_can_read() -> None:
    with pytest.raises(UnreadableScan, match=r"page 2 of birch-efax-05\.pdf"):
        read(Document("birch", Channel.EFAX, "birch/efax/birch-efax-05.pdf"))


def test_an_empty_page_is_no_scan() -> None:
    assert read(Document("alder", Channel.EFAX, "alder/efax/alder-efax-06.pdf")).pages == [""]


def test_a_transcript_taken_for_a_form_is_damaged() -> None:
    with pytest.raises(DamagedDocument):
        read(Document("alder", Channel.WEB, "alder/voice/alder-voice-01.txt"))


@pytest.mark.parametrize(
    "text", ["2025-02-14", "02/14/2025", "14 February 2025", "February 14, 2025", "On February 14th, 2025."]
)
def test_a_day_is_understood_however_it_is_written(text: str) -> None:
    assert date_in(text) == date(2025, 2, 14)


@pytest.mark.parametrize(
    "text", ["2025-02-31", "02/29/2025", "31 February 2025", "13/13/2025", "3 Brumaire 2025"]
)
def test_a_day_of_no_calendar_is_refused(text: str) -> None:
    with pytest.raises(ImpossibleDate):
        date_in(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1184.5", "1184.50"),
        ("USD 1,184.50", "1184.50"),
        ("$1,184.50", "1184.50"),
        ("1,184 dollars and 50 cents", "1184.50"),
        ("84 dollars and 5 cents", "84.05"),
        ("75 dollars", "75.00"),
    ],
)
def test_an_amount_is_understood_however_it_is_written(text: str, amount: str) -> None:
    assert str(amount_in(text)) == amount


@pytest.mark.parametrize("text", ["-84.00", "a lot", "", "84.005"])
def test_what_is_no_amount_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(ValueError, match="nothing in"):
        amount_in(text)


@pytest.mark.parametrize("text", ["ALD-100106", "It is A L D, 1 0 0 1 0 6.", "ALD 100106"])
def test_a_member_number_is_understood_however_it_is_said(text: str) -> None:
    assert member_id_in(text) == "ALD-100106"


@pytest.mark.parametrize("amount", ["true", "[88]", "NaN", "{}"])
def test_an_amount_of_the_wrong_type_is_named(amount: str) -> None:
    form = f'{{"form": "claim", "submitted_at": "2025-03-18", "claim": {{"amount": {amount}}}}}'
    assert extract(Reading(Channel.WEB, [form])) == Unfit(Reason.WRONG_TYPES, "amount")


def asked_for(amount_turns: list[str]) -> Claim:
    claim = read_call(
        "AGENT: What is your member number?",
        "CALLER: It is ALD-100104.",
        "AGENT: What kind of care was it?",
        "CALLER: A visit to the doctor.",
        "AGENT: Who treated you, or sold it to you?",
        "CALLER: That was Dr. Emeka Rosewater.",
        "AGENT: When was the treatment?",
        "CALLER: On February 26th, 2025.",
        "AGENT: And how much is the bill?",
        *amount_turns,
    )
    assert isinstance(claim, Claim)
    return claim


def test_of_two_amounts_the_larger_is_claimed_and_stays_open() -> None:
    claim = asked_for(["CALLER: 114 dollars. Or 140 dollars?"])
    assert (claim.amount, claim.amount_is_settled) == (Decimal(140), False)


def test_an_amount_named_twice_is_one_amount() -> None:
    claim = asked_for(["CALLER: 114 dollars. Yes, $114.00."])
    assert (claim.amount, claim.amount_is_settled) == (Decimal(114), True)


def test_a_caller_who_corrects_an_amount_means_the_second() -> None:
    claim = asked_for(["CALLER: 140 dollars, no, sorry, 114 dollars."])
    assert (claim.amount, claim.amount_is_settled) == (Decimal(114), True)


def test_an_amount_that_is_read_back_and_agreed_to_is_the_one() -> None:
    claim = asked_for(["CALLER: 114 dollars or 140 dollars.", "AGENT: So $140.00?", "CALLER: Yes."])
    assert (claim.amount, claim.amount_is_settled) == (Decimal(140), True)


def test_an_amount_that_is_read_back_and_refused_settles_nothing() -> None:
    claim = asked_for(["CALLER: 114 dollars or 140 dollars.", "AGENT: So $140.00?", "CALLER: I do not know."])
    assert not claim.amount_is_settled

"""The sixty cases of the demo: what each document says, and what must become of it.

The intent is written here by hand, beside the document that carries it. Nothing here reads, decides or
imports the workflow: the manifest is a promise, and the workflow is what has to keep it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Channel = Literal["web", "voice", "efax"]
Form = Literal["claim", "inquiry", "empty", "blank", "cut off"]
Turn = tuple[str, str]


@dataclass(frozen=True)
class Claim:
    """What the sender means, which is also what must be extracted."""

    member_id: str
    service_date: str
    amount: str
    provider: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What must come out. `extracted`: whether a whole claim must have been read on the way."""

    outcome: str | None
    reason: str | None
    extracted: bool = True
    doubt: str | None = None
    verdict: dict[str, object] | None = None
    granted: str | None = None
    status: str = "completed"
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """One document. `written` replaces what the claim would say; `turns` a voice call's usual conversation."""

    org: str
    channel: Channel
    number: int
    about: str
    intent: Intent
    claim: Claim | None = None
    form: Form = "claim"
    written: dict[str, object] = field(default_factory=dict)
    turns: tuple[Turn, ...] = ()
    received: str = "2025-03-18"
    layout: tuple[str, ...] = ("claim",)
    copy_of: str | None = None
    copy: Literal["same bytes", "sent again", "misdirected"] | None = None

    @property
    def external_id(self) -> str:
        return f"{self.org}-{self.channel}-{self.number:02}"


APPROVED = Intent(outcome="approved", reason="within_limit")


def denied(reason: str) -> Intent:
    return Intent(outcome="denied", reason=reason)


def returned(reason: str) -> Intent:
    return Intent(outcome="returned", reason=reason, extracted=False)


def failed(error: str) -> Intent:
    return Intent(status="failed", outcome=None, reason=None, error=error, extracted=False)


def supervisor_approves(doubt: str, granted: str | None = None) -> Intent:
    """granted: the amount, where it is not the one that was claimed."""
    verdict = {"approve": True, "by": "r.okonjo-hale", "amount": granted}
    return Intent(
        outcome="approved", reason="supervisor_approved", doubt=doubt, verdict=verdict, granted=granted
    )


def supervisor_denies(doubt: str) -> Intent:
    verdict: dict[str, object] = {"approve": False, "by": "r.okonjo-hale", "amount": None}
    return Intent(outcome="denied", reason="supervisor_denied", doubt=doubt, verdict=verdict)


def supervisor_is_silent(doubt: str) -> Intent:
    return Intent(outcome="pended", reason="supervisor_silent", doubt=doubt)


FORWARDED = Intent(outcome="forwarded", reason="not_a_claim", extracted=False)


def ald(number: int, service_date: str, amount: str, provider: str, kind: str) -> Claim:
    return Claim(f"ALD-{number}", service_date, amount, provider, kind)


def bir(number: int, service_date: str, amount: str, provider: str, kind: str) -> Claim:
    return Claim(f"BIR-{number}", service_date, amount, provider, kind)


def web(org: str, number: int, about: str, intent: Intent, claim: Claim | None = None) -> Case:
    return Case(org=org, channel="web", number=number, about=about, intent=intent, claim=claim)


def voice(org: str, number: int, about: str, intent: Intent, claim: Claim | None = None) -> Case:
    return Case(org=org, channel="voice", number=number, about=about, intent=intent, claim=claim)


def efax(org: str, number: int, about: str, intent: Intent, claim: Claim | None = None) -> Case:
    return Case(org=org, channel="efax", number=number, about=about, intent=intent, claim=claim)


def copy(case: Case, number: int, how: Literal["same bytes", "sent again"]) -> Case:
    about = f"{case.external_id} once more: {how}"
    return replace(case, number=number, about=about, copy_of=case.external_id, copy=how)


HESITANT: tuple[Turn, ...] = (
    ("AGENT", "And how much is the bill?"),
    ("CALLER", "It was 140 dollars. Or 114 dollars, I do not have it in front of me."),
    ("AGENT", "You are not sure?"),
    ("CALLER", "No, I am not."),
)
CORRECTED: tuple[Turn, ...] = (
    ("AGENT", "And how much is the bill?"),
    ("CALLER", "It is 206 dollars, no, sorry, 260 dollars."),
)
READ_BACK: tuple[Turn, ...] = (
    ("AGENT", "And how much is the bill?"),
    ("CALLER", "75 dollars, or with the splint 92 dollars and 40 cents."),
    ("AGENT", "So the amount you claim is $92.40?"),
    ("CALLER", "Yes, with the splint."),
)
TORN: tuple[Turn, ...] = (
    ("AGENT", "And how much is the bill?"),
    ("CALLER", "The first page says $310.00 and the second says $350.00."),
    ("AGENT", "Which of them did you pay?"),
    ("CALLER", "I could not tell you."),
)
NEW_CARD: tuple[Turn, ...] = (
    ("AGENT", "This is the member line, good morning. What can I do for you?"),
    ("CALLER", "Good morning. I lost my card and would like a new one."),
    ("AGENT", "I will have one sent to you. Anything else?"),
    ("CALLER", "No, that was all, thank you."),
)
FORGOTTEN: tuple[Turn, ...] = (
    ("AGENT", "When was the treatment?"),
    ("CALLER", "Some time in the spring, I would have to look it up."),
)

ALDER_WEB = [
    web("alder", 1, "an ordinary dental claim", APPROVED,
        ald(100101, "2025-02-14", "184.50", "Willow Row Dental", "dental")),
    web("alder", 2, "an ordinary medical claim", APPROVED,
        ald(100103, "2025-02-20", "640.00", "Dr. Marisol Quill", "medical")),
    replace(web("alder", 3, "the amount is a JSON number", APPROVED,
                ald(100104, "2025-03-01", "38.20", "Lantern Street Pharmacy", "pharmacy")),
            written={"amount": 38.2}),
    replace(web("alder", 4, "the date is written the American way", APPROVED,
                ald(100102, "2025-02-27", "215.00", "Fernglass Opticians", "vision")),
            written={"service_date": "02/27/2025"}),
    web("alder", 5, "over the limit, and well founded", supervisor_approves("over_limit"),
        ald(100106, "2025-02-03", "3120.00", "Harrowgate Clinic", "medical")),
    web("alder", 6, "over the limit, and not well founded", supervisor_denies("over_limit"),
        ald(100109, "2025-01-22", "7800.00", "Harrowgate Clinic", "medical")),
    web("alder", 7, "the member's coverage ended last year", denied("member_not_covered"),
        ald(100105, "2025-02-11", "96.00", "Dr. Marisol Quill", "medical")),
    web("alder", 8, "nobody knows this member", denied("member_unknown"),
        ald(999001, "2025-02-18", "120.00", "Dr. Emeka Rosewater", "medical")),
    replace(web("alder", 9, "a day that no calendar has", returned("impossible_date"),
                ald(100101, "2025-02-28", "75.00", "Willow Row Dental", "dental")),
            written={"service_date": "2025-02-31"}),
    replace(web("alder", 10, "a form whose fields have the wrong types", returned("wrong_types"),
                ald(100102, "2025-02-12", "88.00", "Dr. Marisol Quill", "medical")),
            written={"member_id": 100102, "amount": ["88.00"], "service_date": {"year": 2025}}),
    web("alder", 11, "dental care under a plan without it", denied("kind_not_covered"),
        ald(100108, "2025-02-25", "310.00", "Willow Row Dental", "dental")),
    replace(web("alder", 12, "provider and amount left out", returned("missing_fields"),
                ald(100109, "2025-02-24", "55.00", "Dr. Emeka Rosewater", "medical")),
            written={"provider": "", "amount": None}),
]  # fmt: skip
ALDER_VOICE = [
    voice("alder", 1, "an ordinary call about a doctor's bill", APPROVED,
          ald(100102, "2025-03-03", "120.00", "Dr. Emeka Rosewater", "medical")),
    replace(voice("alder", 2, "the member number is spelled out, digit by digit", APPROVED,
                  ald(100106, "2025-03-05", "95.40", "Willow Row Dental", "dental")),
            written={"member_id": "A L D, 1 0 0 1 0 6"}),
    replace(voice("alder", 3, "the caller hesitates between two amounts",
                  supervisor_approves("ambiguous_amount", granted="114.00"),
                  ald(100104, "2025-02-26", "140.00", "Dr. Emeka Rosewater", "medical")),
            turns=HESITANT),
    replace(voice("alder", 4, "the caller corrects the amount", APPROVED,
                  ald(100101, "2025-03-06", "260.00", "Fernglass Opticians", "vision")),
            turns=CORRECTED),
    replace(voice("alder", 5, "a call that is no claim", FORWARDED), turns=NEW_CARD, form="inquiry"),
    voice("alder", 6, "treated before the coverage began", denied("member_not_covered"),
          ald(100110, "2025-01-09", "210.00", "Harrowgate Clinic", "medical")),
    voice("alder", 7, "a medicine over the limit, and no supervisor near", supervisor_is_silent("over_limit"),
          ald(100103, "2025-03-10", "2900.00", "Lantern Street Pharmacy", "pharmacy")),
    voice("alder", 8, "the eligibility service never answers for this member",
          supervisor_approves("eligibility_unreachable"),
          ald(100107, "2025-03-04", "64.00", "Dr. Marisol Quill", "medical")),
]  # fmt: skip
ALDER_EFAX = [
    efax("alder", 1, "an ordinary fax", APPROVED,
         ald(100109, "2025-02-17", "412.75", "Harrowgate Clinic", "medical")),
    replace(efax("alder", 2, "a claim on two pages", APPROVED,
                 ald(100106, "2025-01-30", "1050.00", "Willow Row Dental", "dental")),
            layout=("claim's first half", "claim's second half")),
    replace(efax("alder", 5, "a scan that nobody can read", failed("UnreadableScan")), layout=("scan",)),
    replace(efax("alder", 6, "an empty page", returned("nothing_written")), layout=("blank",)),
    replace(efax("alder", 7, "31 February", returned("impossible_date"),
                 ald(100110, "2025-02-28", "130.00", "Dr. Emeka Rosewater", "medical")),
            written={"service_date": "31 February 2025"}),
    efax("alder", 8, "over the limit, granted in part",
         supervisor_approves("over_limit", granted="4000.00"),
         ald(100101, "2025-02-05", "4999.99", "Harrowgate Clinic", "medical")),
    replace(efax("alder", 9, "an advertisement", FORWARDED), form="inquiry"),
    efax("alder", 10, "filed more than a year after the treatment", denied("filed_too_late"),
         ald(100102, "2023-11-20", "150.00", "Fernglass Opticians", "vision")),
]  # fmt: skip
BIRCH_WEB = [
    web("birch", 1, "an ordinary medical claim", APPROVED,
        bir(200201, "2025-02-19", "230.00", "Dr. Saffron Elmhurst", "medical")),
    web("birch", 2, "an ordinary dental claim", APPROVED,
        bir(200202, "2025-02-21", "175.25", "Molar & Moss", "dental")),
    replace(web("birch", 3, "the date is written out", APPROVED,
                bir(200203, "2025-03-02", "61.10", "Copperleaf Pharmacy", "pharmacy")),
            written={"service_date": "2 March 2025"}),
    web("birch", 4, "glasses under a plan without them", denied("kind_not_covered"),
        bir(200204, "2025-02-13", "199.00", "Clearbrook Eyewear", "vision")),
    web("birch", 5, "exactly the limit", APPROVED,
        bir(200205, "2025-02-06", "1000.00", "Saint Orla's Infirmary", "medical")),
    web("birch", 6, "one cent over the limit", supervisor_denies("over_limit"),
        bir(200205, "2025-02-07", "1000.01", "Saint Orla's Infirmary", "medical")),
    replace(web("birch", 7, "a submission that broke off on its way", failed("DamagedDocument"),
                bir(200206, "2025-02-22", "84.00", "Dr. Saffron Elmhurst", "medical")),
            form="cut off"),
    web("birch", 8, "the member's coverage ended last year", denied("member_not_covered"),
        bir(200207, "2025-01-15", "47.50", "Molar & Moss", "dental")),
    web("birch", 9, "treated after the form was sent", returned("date_in_future"),
        bir(200208, "2025-04-18", "90.00", "Dr. Saffron Elmhurst", "medical")),
    replace(web("birch", 10, "true and a list where text belongs", returned("wrong_types"),
                bir(200203, "2025-02-10", "33.00", "Copperleaf Pharmacy", "pharmacy")),
            written={"amount": True, "provider": ["Copperleaf", "Pharmacy"]}),
    replace(web("birch", 11, "a question about opening hours", FORWARDED), form="inquiry"),
    replace(web("birch", 12, "a claim form without any field", returned("missing_fields")), form="empty"),
]  # fmt: skip
BIRCH_VOICE = [
    voice("birch", 1, "an ordinary call about a dentist's bill", APPROVED,
          bir(200202, "2025-03-07", "142.00", "Molar & Moss", "dental")),
    replace(voice("birch", 2, "the agent reads one of two amounts back", APPROVED,
                  bir(200206, "2025-03-11", "92.40", "Dr. Saffron Elmhurst", "medical")),
            turns=READ_BACK),
    replace(voice("birch", 3, "two amounts, and no help to choose", supervisor_denies("ambiguous_amount"),
                  bir(200208, "2025-02-28", "350.00", "Clearbrook Eyewear", "vision")),
            turns=TORN),
    replace(voice("birch", 4, "a silent line", returned("nothing_written")), form="blank"),
    voice("birch", 5, "over the limit, and well founded", supervisor_approves("over_limit"),
          bir(200201, "2025-02-23", "1640.00", "Saint Orla's Infirmary", "medical")),
    voice("birch", 6, "nobody knows this member", denied("member_unknown"),
          bir(999002, "2025-03-01", "58.00", "Copperleaf Pharmacy", "pharmacy")),
    replace(voice("birch", 7, "the thirty-first of February", returned("impossible_date"),
                  bir(200203, "2025-02-28", "71.00", "Dr. Saffron Elmhurst", "medical")),
            written={"service_date": "February 31st, 2025"}),
    replace(voice("birch", 8, "the caller does not know the day", returned("missing_fields"),
                  bir(200204, "2025-03-01", "118.00", "Molar & Moss", "dental")),
            turns=FORGOTTEN),
]  # fmt: skip
BIRCH_EFAX = [
    efax("birch", 1, "an ordinary fax", APPROVED,
         bir(200206, "2025-02-16", "305.60", "Saint Orla's Infirmary", "medical")),
    replace(efax("birch", 2, "another organization's fax, byte for byte: no duplicate here",
                 denied("member_unknown"),
                 ald(100109, "2025-02-17", "412.75", "Harrowgate Clinic", "medical")),
            copy_of="alder-efax-01", copy="misdirected"),
    efax("birch", 3, "an ordinary fax about glasses", APPROVED,
         bir(200208, "2025-03-08", "240.00", "Clearbrook Eyewear", "vision")),
    replace(efax("birch", 5, "a cover sheet, and a scan that nobody can read", failed("UnreadableScan")),
            layout=("cover", "scan")),
    replace(efax("birch", 6, "a fax that broke off on its way", failed("DamagedDocument"),
                 bir(200202, "2025-02-12", "81.00", "Molar & Moss", "dental")),
            form="cut off"),
    replace(efax("birch", 7, "three pages, the middle one empty", APPROVED,
                 bir(200201, "2025-02-04", "866.00", "Saint Orla's Infirmary", "medical")),
            layout=("claim's first half", "blank", "claim's second half")),
    efax("birch", 8, "a medicine over the limit, and no supervisor near", supervisor_is_silent("over_limit"),
         bir(200203, "2025-03-12", "1375.00", "Copperleaf Pharmacy", "pharmacy")),
    efax("birch", 9, "over the limit, and not well founded", supervisor_denies("over_limit"),
         bir(200205, "2025-01-28", "5210.00", "Saint Orla's Infirmary", "medical")),
]  # fmt: skip

COPIES = [
    copy(ALDER_EFAX[0], 3, "same bytes"),
    copy(ALDER_EFAX[1], 4, "sent again"),
    copy(BIRCH_EFAX[2], 4, "same bytes"),
    copy(BIRCH_EFAX[5], 10, "sent again"),
]

CASES = sorted(
    ALDER_WEB + ALDER_VOICE + ALDER_EFAX + BIRCH_WEB + BIRCH_VOICE + BIRCH_EFAX + COPIES,
    key=lambda case: case.external_id,
)

ALL_KINDS = ["dental", "medical", "pharmacy", "vision"]


def _member(
    name: str, plan: str, kinds: list[str], since: str = "2023-01-01", **more: object
) -> dict[str, object]:
    return {"name": name, "plan": plan, "kinds": kinds, "covered_from": since, "covered_to": None} | more


MEMBERS = {
    "alder": {
        "ALD-100101": _member("Odessa Quillfeather", "Canopy", ALL_KINDS),
        "ALD-100102": _member("Bram Thistlewood", "Canopy", ALL_KINDS),
        "ALD-100103": _member("Ines Marrowby", "Sapling", ["medical", "pharmacy"]),
        "ALD-100104": _member("Teodor Vanterpool", "Sapling", ["medical", "pharmacy"]),
        "ALD-100105": _member("Lark Penhallow", "Canopy", ALL_KINDS, covered_to="2024-12-31"),
        "ALD-100106": _member("Juniper Ashgrove", "Canopy", ALL_KINDS),
        "ALD-100107": _member("Caspian Wolde", "Canopy", ALL_KINDS, out_of_service=True),
        "ALD-100108": _member("Mirela Stonebrook", "Sapling", ["medical", "pharmacy"]),
        "ALD-100109": _member("Orrin Featherstone", "Canopy", ALL_KINDS),
        "ALD-100110": _member("Petra Lindqvale", "Canopy", ALL_KINDS, "2025-02-01"),
    },
    "birch": {
        "BIR-200201": _member("Ansel Wrenfield", "Catkin", ALL_KINDS),
        "BIR-200202": _member("Delphine Oakhurst", "Bark", ["dental", "medical"]),
        "BIR-200203": _member("Ruben Cloudsley", "Catkin", ALL_KINDS),
        "BIR-200204": _member("Yara Nettlecombe", "Bark", ["dental", "medical"]),
        "BIR-200205": _member("Silas Merriweather", "Catkin", ALL_KINDS),
        "BIR-200206": _member("Thea Larkspur", "Bark", ["dental", "medical"]),
        "BIR-200207": _member("Corwin Hazelmere", "Catkin", ALL_KINDS, covered_to="2024-12-31"),
        "BIR-200208": _member("Noor Brackenridge", "Catkin", ALL_KINDS),
    },
}  # fmt: skip

ORGANIZATIONS = {
    "alder": {"org_id": "0a1de000-0000-4000-8000-00000000a1de", "name": "Alder Mutual (SYNTHETIC)"},
    "birch": {"org_id": "0b12c000-0000-4000-8000-00000000b12c", "name": "Birch Benefits (SYNTHETIC)"},
}

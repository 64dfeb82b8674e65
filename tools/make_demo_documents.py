"""The demo's documents, made from the cases: `python tools/make_demo_documents.py`.

Needs reportlab and Pillow, which the project itself does not: run it in an environment of their own. The same
cases give the same bytes; what it writes is committed.
"""

from __future__ import annotations

import io
import json
import random
from dataclasses import asdict
from datetime import date
from pathlib import Path

from demo_cases import CASES, MEMBERS, ORGANIZATIONS, Case, Turn
from PIL import Image
from reportlab import rl_config
from reportlab.lib.pagesizes import A5
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

DOCUMENTS = Path(__file__).parents[1] / "src/mainstem/demo/documents"
NOTICE = "SYNTHETIC: no such person, no such claim"
EXTENSION = {"web": "json", "voice": "txt", "efax": "pdf"}
SEED = 20250318

rl_config.useA85 = 0


def main() -> None:
    for old in (*DOCUMENTS.glob("*/*/*"), *DOCUMENTS.glob("*.json")):
        old.unlink()
    for case in CASES:
        path = DOCUMENTS / file_of(case)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content_of(case))
    write_json(DOCUMENTS / "manifest.json", manifest())
    write_json(DOCUMENTS / "members.json", {"notice": NOTICE, "organizations": MEMBERS})


def original_of(case: Case) -> Case:
    """The case that this one repeats; itself, when it repeats none."""
    return next(other for other in CASES if other.external_id == (case.copy_of or case.external_id))


def file_of(case: Case) -> Path:
    return Path(case.org, case.channel, f"{case.external_id}.{EXTENSION[case.channel]}")


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def content_of(case: Case) -> bytes:
    if case.copy in ("same bytes", "misdirected"):
        return content_of(original_of(case))
    whole = {"web": web, "voice": voice, "efax": efax}[case.channel](case)
    return whole[: len(whole) * 3 // 5] if case.form == "cut off" else whole


def web(case: Case) -> bytes:
    page: dict[str, object] = {
        "notice": NOTICE,
        "form": "claim",
        "submitted_at": f"{case.received}T09:{case.number:02}:00Z",
    }
    if case.form == "inquiry":
        page |= {"form": "question", "text": "When are you open at Easter? I could not find it on the page."}
    else:
        page |= {"claim": {} if case.claim is None else asdict(case.claim) | case.written}
    return json.dumps(page, indent=1).encode() + b"\n"


def voice(case: Case) -> bytes:
    heading = f"SYNTHETIC TRANSCRIPT: no such caller, no such claim\nCall of {case.received}, line +1 555 01{case.number:02}\n\n"
    return (heading + "".join(f"{who}: {words}\n" for who, words in conversation(case))).encode()


def conversation(case: Case) -> list[Turn]:
    if case.form == "blank":
        return []
    if case.claim is None:
        return list(case.turns)
    said = asdict(case.claim) | {"service_date": spoken(case.claim.service_date)} | case.written
    usual = [
        ("AGENT", "This is the claims line, good morning. What can I do for you?"),
        ("CALLER", "Good morning. I would like to hand in a claim."),
        ("AGENT", "Gladly. What is your member number?"),
        ("CALLER", f"It is {said['member_id']}."),
        ("AGENT", "What kind of care was it?"),
        ("CALLER", CARE[case.claim.kind]),
        ("AGENT", "Who treated you, or sold it to you?"),
        ("CALLER", f"That was {said['provider']}."),
        ("AGENT", "When was the treatment?"),
        ("CALLER", f"On {said['service_date']}."),
        ("AGENT", "And how much is the bill?"),
        ("CALLER", f"It is {dollars(case.claim.amount)}."),
    ]
    return [
        *exchanged(usual, case.turns),
        ("AGENT", "Thank you. You will hear from us."),
        ("CALLER", "Goodbye."),
    ]


CARE = {
    "dental": "The dentist, a filling.",
    "medical": "A visit to the doctor.",
    "pharmacy": "Medicine, on prescription.",
    "vision": "New glasses.",
}


def exchanged(usual: list[Turn], turns: tuple[Turn, ...]) -> list[Turn]:
    """The usual conversation, with `turns` in place of the question that they begin with and its answer."""
    if not turns:
        return usual
    place = usual.index(turns[0])
    return [*usual[:place], *turns, *usual[place + 2 :]]


def spoken(iso: str) -> str:
    day = date.fromisoformat(iso)
    suffix = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}.get(day.day, "th")
    return f"{day:%B} {day.day}{suffix}, {day.year}"


def dollars(amount: str) -> str:
    whole, cents = amount.split(".")
    return f"{int(whole):,} dollars" + (f" and {int(cents)} cents" if int(cents) else "")


def efax(case: Case) -> bytes:
    paper = io.BytesIO()
    canvas = Canvas(paper, pagesize=A5, invariant=1)
    canvas.setTitle(f"SYNTHETIC {original_of(case).external_id}")
    for number, page in enumerate(case.layout, start=1):
        draw(canvas, case, page, number)
        canvas.showPage()
    canvas.save()
    return paper.getvalue()


def draw(canvas: Canvas, case: Case, page: str, number: int) -> None:
    if page == "scan":
        canvas.drawImage(noise(case.external_id), 30, 30, width=360, height=535)
    elif page != "blank":
        write_lines(canvas, [transmission(case, number), "", *lines_of(case, page), "", NOTICE])


def write_lines(canvas: Canvas, lines: list[str]) -> None:
    for row, line in enumerate(lines):
        canvas.setFont("Courier" if row == 0 else "Helvetica", 7 if row == 0 else 11)
        canvas.drawString(40, 560 - 22 * row, line)


def transmission(case: Case, page: int) -> str:
    sender = f"+1 555 02{original_of(case).number:02}"
    return f"FAX RECEIVED {case.received} 08:{case.number:02} FROM {sender} PAGE {page} OF {len(case.layout)}"


def lines_of(case: Case, page: str) -> list[str]:
    if page == "cover":
        return ["COVER SHEET", "To the claims department: my claim is on the next page."]
    if case.claim is None:
        return [
            "TONER AT HALF PRICE",
            "Only this week, only for offices that fax.",
            "Inkwell & Sons, Dept. 9",
        ]
    said = asdict(case.claim) | {"service_date": printed(case.claim.service_date)} | case.written
    fields = [
        f"Member no.: {said['member_id']}",
        f"Date of service: {said['service_date']}",
        f"Kind of care: {case.claim.kind.capitalize()}",
        f"Provider: {said['provider']}",
        f"Amount claimed: USD {float(case.claim.amount):,.2f}",
    ]
    half = {"claim's first half": fields[:3], "claim's second half": fields[3:]}.get(page, fields)
    return ["CLAIM FORM", *half]


def printed(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%B} {day.year}"


def noise(name: str) -> ImageReader:
    """A page as a worn drum sends it: specks, and no letter."""
    specks = random.Random(f"{SEED} {name}")
    scan = Image.new("1", (150, 223), 1)
    for _ in range(2500):
        scan.putpixel((specks.randrange(150), specks.randrange(223)), 0)
    return ImageReader(scan.convert("L"))


def manifest() -> dict[str, object]:
    return {
        "notice": NOTICE,
        "organizations": ORGANIZATIONS,
        "documents": [entry(case) for case in CASES],
    }


def entry(case: Case) -> dict[str, object]:
    return {
        "external_id": case.external_id,
        "org": case.org,
        "channel": case.channel,
        "file": str(file_of(case)),
        "about": case.about,
        "duplicate_of": None if case.copy == "misdirected" else case.copy_of,
        "expected": expected(case),
    }


def expected(case: Case) -> dict[str, object]:
    intent = case.intent
    claim = asdict(case.claim) if intent.extracted and case.claim else None
    paid = case.claim.amount if case.claim and intent.outcome == "approved" else None
    return {
        "status": intent.status,
        "outcome": intent.outcome,
        "reason": intent.reason,
        "error": intent.error,
        "fields": claim,
        "granted": intent.granted or paid,
        "waits": intent.doubt is not None,
        "doubt": intent.doubt,
        "verdict": intent.verdict,
    }


if __name__ == "__main__":
    main()

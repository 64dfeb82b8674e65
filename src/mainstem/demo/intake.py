"""Claim intake: from a document to its answer, whatever happens to the worker meanwhile.

    read → classify → extract → check eligibility → decide → (ask the supervisor) → answer

Each step is recorded once, so a worker that takes the run over goes on after the last recorded step; it may execute
the one that was in flight again. That is why nothing here has an effect that a second time would double.
"""

import time
from datetime import date

from pydantic import TypeAdapter

from mainstem import (
    Retry,
    SignalTimedOut,
    StepFailed,
    add_event,
    add_screenshot,
    set_context,
    step,
    used_endpoint,
    wait_for_signal,
    workflow,
)
from mainstem.demo.answer import letter
from mainstem.demo.classify import classify
from mainstem.demo.decide import LIMITS, decide, left_open, patience, sent_back, settled, without_claim
from mainstem.demo.eligibility import ask, url_of
from mainstem.demo.executions import count_execution
from mainstem.demo.extract import extract
from mainstem.demo.model import (
    Channel,
    Claim,
    Decision,
    Document,
    Doubt,
    Eligibility,
    Paper,
    Reading,
    Standing,
    Unfit,
    Verdict,
)
from mainstem.demo.reading import Unreadable, read

SECONDS_A_PAGE = 0.1
"""The demo's papers are small; letter recognition takes about this long, and is what a kill interrupts."""

VERDICT = TypeAdapter(Verdict)


@workflow("claim-intake", version=1)
async def claim_intake(document: Document) -> Decision:
    """Decide on a document and answer its sender. A document that nobody can read fails the run."""
    reading = await read_document(document)
    decision = await assess(document.org, reading)
    if isinstance(decision, Doubt):
        decision = await ask_supervisor(decision)
    await answer(document.channel, decision)
    return decision


async def assess(org: str, reading: Reading) -> Decision | Doubt:
    paper = await classify_document(reading)
    if paper is not Paper.CLAIM:
        return without_claim(paper)
    claim = await extract_claim(reading)
    if isinstance(claim, Unfit):
        return sent_back(claim)
    return await decide_claim(org, claim, await eligibility_of(org, claim))


async def eligibility_of(org: str, claim: Claim) -> Eligibility:
    try:
        return await check_eligibility(org, claim.member_id, claim.service_date)
    except StepFailed:
        return Eligibility(Standing.UNREACHABLE, kinds=[])


async def ask_supervisor(doubt: Doubt) -> Decision:
    """Wait for the signal, for days if it must be: the run holds no worker meanwhile."""
    await set_context("doubt", {"reason": doubt.reason, "amount": str(doubt.claim.amount)})
    try:
        payload = await wait_for_signal("supervisor", timeout=patience(doubt.claim))
    except SignalTimedOut:
        return left_open(doubt)
    return settled(doubt, VERDICT.validate_python(payload))


@step(retry=Retry(attempts=3, never=(Unreadable,)), timeout=10)
def read_document(document: Document) -> Reading:
    count_execution("read_document")
    reading = read(document)
    for number, text in enumerate(reading.pages, start=1):
        time.sleep(SECONDS_A_PAGE)
        add_event("page.read", {"page": number, "characters": len(text)})
        if document.channel is Channel.EFAX:
            add_screenshot({"path": document.file, "page": number})
    return reading


@step
async def classify_document(reading: Reading) -> Paper:
    count_execution("classify_document")
    paper = classify(reading)
    add_event("document.classified", {"paper": paper})
    return paper


@step
async def extract_claim(reading: Reading) -> Claim | Unfit:
    count_execution("extract_claim")
    claim = extract(reading)
    if isinstance(claim, Unfit):
        add_event("claim.unfit", {"reason": claim.reason, "detail": claim.detail})
    else:
        add_event("claim.extracted", {"member_id": claim.member_id, "amount": str(claim.amount)})
    return claim


@step(retry=Retry(attempts=5, first=0.1, factor=2.0, longest=2.0), timeout=10)
def check_eligibility(org: str, member_id: str, on: date) -> Eligibility:
    count_execution("check_eligibility")
    used_endpoint(url_of(org, member_id, on))
    eligibility = ask(org, member_id, on)
    add_event("eligibility.answered", {"standing": eligibility.standing, "plan": eligibility.plan})
    return eligibility


@step
async def decide_claim(org: str, claim: Claim, eligibility: Eligibility) -> Decision | Doubt:
    count_execution("decide_claim")
    decision = decide(claim, eligibility, limit=LIMITS[org])
    add_event(
        "claim.doubted" if isinstance(decision, Doubt) else "claim.decided", {"reason": decision.reason}
    )
    return decision


@step
async def answer(channel: Channel, decision: Decision) -> str:
    """The letter. Sending it would carry `step_info().idempotency_key`, so that a second execution sends nothing."""
    count_execution("answer")
    text = letter(decision)
    add_event("answer.written", {"channel": channel, "outcome": decision.outcome})
    return text

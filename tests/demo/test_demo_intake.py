"""The intake's steps, called outside of a run, over all documents: they make of them what the manifest says."""

import asyncio
from collections.abc import Iterator

import pytest

from mainstem.demo.decide import left_open, settled
from mainstem.demo.eligibility import ADDRESS, EligibilityServer, EligibilityUnavailable
from mainstem.demo.executions import EXECUTIONS
from mainstem.demo.intake import answer, assess, decide_claim, extract_claim, read_document
from mainstem.demo.mailroom import Delivery, deliveries
from mainstem.demo.manifest import Result, compare, manifest
from mainstem.demo.model import Claim, Decision, Doubt, Eligibility, Reading, Standing
from mainstem.demo.reading import Unreadable

ENTRIES = {entry.external_id: entry for entry in manifest().documents}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[EligibilityServer]:
    monkeypatch.delenv(EXECUTIONS, raising=False)
    with EligibilityServer() as server:
        monkeypatch.setenv(ADDRESS, server.url)
        yield server


async def assess_with_patience(org: str, reading: Reading) -> Decision | Doubt:
    """As the engine does: three attempts, and then the workflow goes on without an answer."""
    for _ in range(3):
        try:
            return await assess(org, reading)
        except EligibilityUnavailable:
            continue
    claim = await extract_claim(reading)
    assert isinstance(claim, Claim)
    return await decide_claim(org, claim, Eligibility(Standing.UNREACHABLE, kinds=[]))


async def result_of(delivery: Delivery) -> Result:
    try:
        reading = await read_document(delivery.document)
    except Unreadable as error:
        return Result(delivery.external_id, "failed", error=type(error).__name__)
    decision = await assess_with_patience(delivery.document.org, reading)
    if isinstance(decision, Doubt):
        verdict = ENTRIES[delivery.external_id].expected.verdict
        decision = left_open(decision) if verdict is None else settled(decision, verdict)
    assert await answer(delivery.channel, decision)
    return Result(delivery.external_id, "completed", decision)


async def test_the_steps_make_of_each_document_what_the_manifest_says(service: EligibilityServer) -> None:
    originals = [delivery for delivery in deliveries() if ENTRIES[delivery.external_id].duplicate_of is None]
    results = await asyncio.gather(*map(result_of, originals))
    assert compare(results) == []


async def test_a_copy_comes_to_the_same_end_as_its_original(service: EligibilityServer) -> None:
    copies = [delivery for delivery in deliveries() if ENTRIES[delivery.external_id].duplicate_of is not None]
    for result in await asyncio.gather(*map(result_of, copies)):
        assert result.decision is not None
        assert result.decision.outcome is ENTRIES[result.external_id].expected.outcome

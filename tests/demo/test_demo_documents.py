"""The demo's documents: what is committed, and what the mailroom makes of it."""

import json
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from pypdf import PdfReader

from mainstem.demo.mailroom import ORGANIZATIONS, deliveries
from mainstem.demo.manifest import manifest

DOCUMENTS = Path(__file__).parents[2] / "src/mainstem/demo/documents"
ENTRIES = {entry.external_id: entry for entry in manifest().documents}


def synthetic_mark(file: Path) -> str:
    if file.suffix != ".pdf":
        return file.read_text()
    if ENTRIES[file.stem].expected.error == "DamagedDocument":
        return file.read_bytes().decode("latin-1")
    return str(PdfReader(file).metadata)


def test_sixty_documents_of_two_organizations_come_in_three_channels() -> None:
    assert Counter((entry.org, entry.channel) for entry in ENTRIES.values()) == {
        (org, channel): count
        for org in ("alder", "birch")
        for channel, count in (("web", 12), ("voice", 8), ("efax", 10))
    }


def test_each_file_has_its_expectation_and_each_expectation_its_file() -> None:
    files = {str(file.relative_to(DOCUMENTS)) for file in DOCUMENTS.glob("*/*/*")}
    assert files == {entry.file for entry in ENTRIES.values()}
    assert {delivery.external_id for delivery in deliveries()} == set(ENTRIES)


@pytest.mark.parametrize("file", sorted(DOCUMENTS.glob("**/*.*")), ids=lambda file: file.name)
def test_each_document_says_that_it_is_synthetic(file: Path) -> None:
    assert "SYNTHETIC" in synthetic_mark(file)


def test_the_documents_are_small() -> None:
    assert sum(file.stat().st_size for file in DOCUMENTS.glob("**/*.*")) < 500_000


def test_the_mailroom_knows_a_copy_by_what_is_written_on_it() -> None:
    firsts: dict[tuple[UUID, str], str] = {}
    found: dict[str, str] = {}
    for delivery in deliveries():
        key = (delivery.org_id, delivery.idempotency_key)
        found[delivery.external_id] = firsts.setdefault(key, delivery.external_id)
    assert found == {entry.external_id: entry.run_of for entry in ENTRIES.values()}


def test_copies_of_one_fax_start_the_same_request() -> None:
    arrived = {delivery.external_id: delivery for delivery in deliveries()}
    for copy, first in (("alder-efax-03", "alder-efax-01"), ("alder-efax-04", "alder-efax-02")):
        assert arrived[copy].document == arrived[first].document


def test_the_same_fax_to_another_organization_is_no_copy() -> None:
    arrived = {delivery.external_id: delivery for delivery in deliveries()}
    here, there = arrived["alder-efax-01"], arrived["birch-efax-02"]
    assert here.idempotency_key == there.idempotency_key
    assert here.org_id != there.org_id
    assert here.document != there.document


def test_the_channels_arrive_interleaved() -> None:
    first_ten = Counter(delivery.channel for delivery in deliveries()[:12])
    assert set(first_ten) == {"web", "voice", "efax"}


def test_the_manifest_names_the_organizations_as_the_mailroom_does() -> None:
    assert {name: org.org_id for name, org in manifest().organizations.items()} == ORGANIZATIONS


def test_who_waits_is_doubted_and_who_is_doubted_waits() -> None:
    for entry in ENTRIES.values():
        expected = entry.expected
        assert expected.waits == (expected.doubt is not None), entry.external_id
        assert expected.waits or expected.verdict is None, entry.external_id


def test_reality_is_in_the_documents() -> None:
    seen = {entry.expected.reason or entry.expected.error for entry in ENTRIES.values()}
    assert seen >= {
        "within_limit",
        "supervisor_approved",
        "supervisor_denied",
        "supervisor_silent",
        "member_not_covered",
        "member_unknown",
        "kind_not_covered",
        "impossible_date",
        "wrong_types",
        "missing_fields",
        "nothing_written",
        "not_a_claim",
        "UnreadableScan",
        "DamagedDocument",
    }
    doubts = {entry.expected.doubt for entry in ENTRIES.values()} - {None}
    assert doubts == {"over_limit", "ambiguous_amount", "eligibility_unreachable"}
    assert sum(entry.duplicate_of is not None for entry in ENTRIES.values()) == 4


def test_the_members_file_marks_itself_too() -> None:
    assert "SYNTHETIC" in json.loads((DOCUMENTS / "members.json").read_text())["notice"]

"""The manifest: what must come out of each document, and the comparison with what did.

It was written from the intent of each document, before the workflow ever saw one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Self
from uuid import UUID

from pydantic import JsonValue, TypeAdapter

from mainstem.demo.model import Care, Channel, Claim, Decision, Outcome, Reason, Verdict
from mainstem.demo.reading import DOCUMENTS


@dataclass(frozen=True, slots=True)
class Fields:
    """What must be read from a document."""

    member_id: str
    service_date: date
    amount: Decimal
    provider: str
    kind: Care


@dataclass(frozen=True, slots=True)
class Expected:
    """What must become of a document's run.

    error: the class that a failed run's error must name. waits: whether it waits for the supervisor, who then gives
    `verdict`, or stays silent when there is none. granted: the amount to pay, when the claim is approved.
    """

    status: str
    outcome: Outcome | None
    reason: Reason | None
    error: str | None
    fields: Fields | None
    granted: Decimal | None
    waits: bool
    doubt: Reason | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A document and its expectation. `duplicate_of`: the document whose run it shares."""

    external_id: str
    org: str
    channel: Channel
    file: str
    about: str
    duplicate_of: str | None
    expected: Expected

    @property
    def run_of(self) -> str:
        return self.duplicate_of or self.external_id


@dataclass(frozen=True, slots=True)
class Organization:
    org_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Manifest:
    notice: str
    organizations: dict[str, Organization]
    documents: list[Entry]


@dataclass(frozen=True, slots=True)
class Result:
    """What the ledger holds of one run. `error` names the error's class, when the run failed."""

    external_id: str
    status: str
    decision: Decision | None = None
    error: str = ""

    @classmethod
    def of_run(cls, external_id: str, status: str, output: JsonValue, error: str | None = None) -> Self:
        """From a run's columns, with its output as the ledger has it: the decision, or null."""
        decision = None if output is None else DECISION.validate_python(output)
        return cls(external_id, status, decision, error or "")


MANIFEST = TypeAdapter(Manifest)
DECISION = TypeAdapter(Decision)


@cache
def manifest() -> Manifest:
    return MANIFEST.validate_json((DOCUMENTS / "manifest.json").read_bytes())


def compare(results: Iterable[Result]) -> list[str]:
    """Each difference between the runs in the ledger and the manifest, as a sentence; none when all is as it must be.

    results: one for each run, in any order. Copies of one document have one run between them, under either name.
    """
    entries = {entry.external_id: entry for entry in manifest().documents}
    runs: dict[str, list[Result]] = {entry.run_of: [] for entry in entries.values()}
    sentences = []
    for result in results:
        if result.external_id in entries:
            runs[entries[result.external_id].run_of].append(result)
        else:
            sentences.append(f"{result.external_id} has a run, and is in no manifest")
    for name, found in runs.items():
        sentences += differences(entries[name], found)
    return sentences


def differences(entry: Entry, results: list[Result]) -> list[str]:
    name = f"{entry.external_id} ({entry.about})"
    match results:
        case []:
            return [f"{name} has no run"]
        case [result]:
            return [f"{name}: {fact}" for fact in wrong_facts(entry.expected, result)]
        case _:
            return [f"{name} has {len(results)} runs, and must have one"]


def wrong_facts(expected: Expected, result: Result) -> Iterator[str]:
    found = facts_found(result)
    for name, value in facts_expected(expected).items():
        if found[name] != value:
            yield f"{name} is {shown(found[name])}, and must be {shown(value)}"
    if expected.error is not None and expected.error not in result.error:
        yield f"the error is {shown(result.error)}, and must name {expected.error}"


def facts_expected(expected: Expected) -> dict[str, object]:
    facts = {name: getattr(expected, name) for name in ("status", "outcome", "reason", "doubt", "granted")}
    return facts | facts_of(expected.fields)


def facts_found(result: Result) -> dict[str, object]:
    decision = result.decision
    facts = {name: getattr(decision, name, None) for name in ("outcome", "reason", "doubt", "granted")}
    return {"status": result.status} | facts | facts_of(decision.claim if decision else None)


def facts_of(fields: Fields | Claim | None) -> dict[str, object]:
    return {name: getattr(fields, name, None) for name in Fields.__match_args__}


def shown(value: object) -> str:
    return "nothing" if value is None or value == "" else str(value)

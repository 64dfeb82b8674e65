"""An interest: which frames a subscriber wants."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from mainstem.errors import BadArgument
from mainstem.model import RunStatus
from mainstem.server.live.frames import Batch, Frame

KEYS = ("status", "workflow", "channel")
"""What a frame knows of its run, and a filter may ask for."""


@dataclass(frozen=True, slots=True)
class Interest:
    """All runs, or some; of those the ones that have one of the values for each key."""

    run_ids: frozenset[UUID] | None = None
    wanted: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def parse(cls, topics: str, q: str | None = None) -> Interest:
        """topics: `runs`, or `run:ID`, several with commas. Raises BadArgument."""
        names = [name.strip() for name in topics.split(",") if name.strip()]
        if not names:
            raise BadArgument("no topic was given", hint="subscribe to `runs`, or to `run:ID`")
        return cls(None if "runs" in names else frozenset(map(_run_of, names)), _wanted(q or ""))

    @property
    def is_everything(self) -> bool:
        return self.run_ids is None and not self.wanted

    def of(self, batch: Batch) -> Batch:
        """The frames that are wanted, and those that are about no run; the ids stay those of the whole."""
        if self.is_everything:
            return batch
        return Batch(
            tuple(frame for frame in batch.frames if frame.run_id is None or self.wants(frame)),
            batch.position,
        )

    def wants(self, frame: Frame) -> bool:
        if self.run_ids is not None and frame.run_id not in self.run_ids:
            return False
        return all(frame.facts.get(key) in values for key, values in self.wanted.items())


def _run_of(topic: str) -> UUID:
    kind, _, run_id = topic.partition(":")
    try:
        if kind == "run":
            return UUID(run_id)
    except ValueError as refusal:
        raise BadArgument(
            f"{run_id[:80]!r} is no run id", hint="subscribe to `run:` and the id of a run"
        ) from refusal
    raise BadArgument(f"{topic[:80]!r} is no topic", hint="subscribe to `runs`, or to `run:ID`")


def _wanted(q: str) -> dict[str, frozenset[str]]:
    """`status:failed,timeout workflow:"Fax intake"`: a key once, its values with commas, quotes around spaces."""
    wanted: dict[str, frozenset[str]] = {}
    for term in _terms(q):
        key, colon, values = term.partition(":")
        if not colon or key not in KEYS or key in wanted:
            raise BadArgument(
                f"the live feed cannot filter by {term[:80]!r}",
                hint="filter by status:, workflow: and channel:, each once, several values with commas",
            )
        wanted[key] = frozenset(value.strip('"') for value in values.split(","))
    for status in wanted.get("status", frozenset()) - set(RunStatus):
        raise BadArgument(
            f"{status[:80]!r} is no status of a run", hint=f"one of {', '.join(sorted(RunStatus))}"
        )
    return wanted


def _terms(q: str) -> list[str]:
    """Split at spaces outside of quotes."""
    if q.count('"') % 2:
        raise BadArgument(f"a quote is not closed in {q[:80]!r}", hint="close it")
    terms = [""]
    for place, part in enumerate(q.split('"')):
        if place % 2:
            terms[-1] += f'"{part}"'
        else:
            first, *more = part.split(" ")
            terms[-1] += first
            terms.extend(more)
    return [term for term in terms if term]

"""Questions: each with the facts that it stands on, and a name under which the mapping refers to its answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mainstem.consolidate.draft.words import UNKNOWN, comment, indented, listing, rows, scalar
from mainstem.consolidate.inspect import Oddity


@dataclass
class Questions:
    """What is asked so far. Asked again under the same name, facts are added to the first."""

    asked: dict[str, tuple[str, list[str]]] = field(default_factory=dict)

    def ask(self, name: str, question: str, facts: Iterable[str] = ()) -> str:
        """The reference to the answer, for a place in the mapping."""
        known = re.sub(r"[^a-z0-9_]+", "_", name.lower())
        told = self.asked.setdefault(known, (question, []))[1]
        more = list(facts)
        if more and more[0] not in told:
            told += more
        return f"${known}"

    def lines(self) -> Iterator[str]:
        for name, (question, facts) in self.asked.items():
            yield f"{name}:"
            yield from indented(comment(fact) for fact in facts)
            yield from indented([f"question: {scalar(question)}", f"answer: {UNKNOWN}"])


def facts_of(oddity: Oddity) -> list[str]:
    """What was found, as comments tell it."""
    place = f"{oddity.table}.{oddity.column}" if oddity.column else oddity.table
    many = f"{rows(oddity.rows)}{' of those looked at' if oddity.is_sampled else ''}"
    told = [f"{place}: {oddity.means}; {many}"]
    if oddity.counted:
        told.append(f"found: {listing(oddity.counted)}")
    if oddity.examples:
        told.append(f"for example: {', '.join(oddity.examples)}")
    return told

"""Which workflow is meant, and what its figures look like."""

from __future__ import annotations

from uuid import UUID

from mainstem.cli.door import Performing
from mainstem.errors import NotFound
from mainstem.ledger.runs import find_workflow
from mainstem.ledger.workflows import Day

_BARS = " ▁▂▃▄▅▆▇█"


def workflow_named(ask: Performing, text: str) -> UUID:
    """Its id, by name or by id. Raises NotFound."""
    found = ask(find_workflow(text))
    if found is not None:
        return found
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"no workflow is called {text!r}", hint="mainstem workflows list") from None


def rate(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def bars(days: list[Day]) -> str:
    """A bar a day, as high as the runs that ended well or badly."""
    counts = [day.completed + day.failed for day in days]
    most = max(counts, default=0)
    return "".join(_BARS[0 if not count else 1 + round(count / most * 7)] for count in counts)

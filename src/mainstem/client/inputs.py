"""What workflows take that are started by name, as their ledger has it: held for some seconds, as a start asks nobody twice."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from mainstem.graph.inputs import refuse_input
from mainstem.ledger.call import Call
from mainstem.ledger.definitions import InputAsked, read_input
from mainstem.model import Json

HELD_FOR = 5.0
"""Seconds for which an answer stands: a version that is activated meanwhile checks its input itself, when the run begins."""

HELD = 1000
"""Workflows; the one that was not started for the longest goes."""

Asking = Callable[[Call[InputAsked | None]], Awaitable[InputAsked | None]]
Mark = tuple[UUID, str | UUID, int]


class KnownInputs:
    """Of many tenants."""

    def __init__(self) -> None:
        self._held: OrderedDict[Mark, tuple[float, InputAsked | None]] = OrderedDict()

    async def refuse(self, ask: Asking, mark: Mark, given: Mapping[str, Json]) -> None:
        """Raises InputRefused with every fault of the input, NotFound for a version that there is not."""
        asked = await self._asked(ask, mark)
        if asked is not None:
            refuse_input(asked, given)

    async def _asked(self, ask: Asking, mark: Mark) -> InputAsked | None:
        until, asked = self._held.get(mark, (0.0, None))
        if until <= time.monotonic():
            org_id, workflow, version = mark
            asked = await ask(read_input(workflow, version, org_id=org_id))
            self._held[mark] = (time.monotonic() + HELD_FOR, asked)
        self._held.move_to_end(mark)
        while len(self._held) > HELD:
            self._held.popitem(last=False)
        return asked

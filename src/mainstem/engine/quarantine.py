"""Quarantine: runs that two workers were lost with are begun one after the other, so that the one to blame takes none with it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mainstem.model import ClaimedRun

SUSPECT = 2
"""Workers lost with a run, and no step ended in between. With the third it pauses as poison."""

ALONE_FOR = 2.0
"""Seconds that such a run is alone; one that has done no harm by then is one of many."""

PUT_OFF_FOR = 0.5
"""Seconds after which the next is looked at again."""


@dataclass(slots=True)
class Quarantine:
    """Of one worker."""

    _until: float = 0.0

    def put_off(self, claimed: Sequence[ClaimedRun]) -> list[UUID]:
        """Those of the claimed runs that are not to be begun now."""
        suspects = [run.run_id for run in claimed if run.attempt >= SUSPECT]
        if not suspects or time.monotonic() < self._until:
            return suspects
        self._until = time.monotonic() + ALONE_FOR
        return suspects[1:]

"""What a run's code may not find out by itself, as the same answer must come in every replay: time, chance, and whether
the run was here before the code was changed.

Each answer is a step of its own. It goes with the next flush, and is durable before a later step begins.
"""

from __future__ import annotations

import random as chance
from datetime import datetime
from uuid import UUID, uuid4

from mainstem.flow.program import _conductor as conductor_of


async def now() -> datetime:
    """The time by the database's clock, in UTC, when the code first came by. Raises NotInRun outside of a run."""
    return datetime.fromisoformat(await conductor_of("now").recorded("now", lambda at: at.isoformat()))


async def random() -> float:
    """A number from 0 to 1, without 1, drawn when the code first came by. No secret."""
    drawn: float = await conductor_of("random").recorded("random", lambda _at: chance.random())  # noqa: S311
    return drawn


async def uuid() -> UUID:
    """A random UUID, made when the code first came by."""
    return UUID(await conductor_of("uuid").recorded("uuid", lambda _at: str(uuid4())))


async def patched(name: str) -> bool:
    """Whether a run goes the way of changed code: true when it comes here for the first time with nothing recorded
    after this place, and then in every replay; false for a run that was past it with the code as it was before.

    Ask before what has changed, and keep the old way for as long as runs are under way that were past it.
    """
    return await conductor_of("patched").patched(name)

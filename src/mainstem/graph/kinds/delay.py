"""Kind `delay`: the run rests, and holds no worker meanwhile."""

from __future__ import annotations

from mainstem.errors import KindRefused
from mainstem.flow.program import sleep
from mainstem.graph.kinds.kind import Kind, Task
from mainstem.graph.model import Duration, Written
from mainstem.model import Json

LONGEST = 366 * 86400.0


class Rest(Written):
    """How long, where no input `seconds` says it."""

    seconds: Duration | None = None


class Delay(Kind):
    """Gives its inputs, later."""

    name = "delay"
    config = Rest
    tries_again = False
    may_be_cached = False

    async def before(self, task: Task) -> Json:
        said = task.inputs.get("seconds", task.config.seconds)
        if isinstance(said, int | float) and 0 < said <= LONGEST:
            await sleep(said)
            return True
        return False

    async def run(self, task: Task) -> Json:
        if not task.waited:
            raise KindRefused(
                f"{task.inputs.get('seconds')!r} is no time to rest, up to {LONGEST:g} seconds",
                hint="say seconds in the config, or bind an input of this name",
            )
        return task.inputs

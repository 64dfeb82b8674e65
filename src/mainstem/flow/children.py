"""Runs that a run begins: awaited as a step of its own, or left to themselves; and branches over many items."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar, overload
from uuid import UUID

from mainstem.errors import BadArgument
from mainstem.flow.program import Workflow
from mainstem.flow.program import _conductor as conductor_of
from mainstem.model import ACTIVE_VERSION

T = TypeVar("T")
R = TypeVar("R")

MOST_ITEMS = 16_777_215
"""As many steps as a run has numbers for."""


@dataclass(frozen=True, slots=True)
class Child:
    """A run that is asked for. channel and queue None: those of its workflow."""

    workflow: Workflow[..., Any] | str
    arguments: dict[str, Any]
    channel: str | None
    queue: str | None
    external_id: str | None

    @property
    def name(self) -> str:
        return self.workflow if isinstance(self.workflow, str) else self.workflow.name

    @property
    def version(self) -> int:
        return ACTIVE_VERSION if isinstance(self.workflow, str) else self.workflow.version

    def start(self) -> dict[str, Any]:
        """What it begins with, as the ledger's record of a start has it."""
        code = None if isinstance(self.workflow, str) else self.workflow
        return {
            "workflow": self.name,
            "workflow_version": self.version,
            "channel": self.channel or ("web" if code is None else code.channel),
            "queue": self.queue or ("default" if code is None else code.queue),
            "external_id": self.external_id,
            "input_data": self.arguments,
            "tags": [],
        }


@overload
async def child(
    workflow: Workflow[..., R],
    *args: Any,
    channel: str | None = ...,
    queue: str | None = ...,
    external_id: str | None = ...,
    **kwargs: Any,
) -> R: ...
@overload
async def child(
    workflow: str,
    *args: Any,
    channel: str | None = ...,
    queue: str | None = ...,
    external_id: str | None = ...,
    **kwargs: Any,
) -> Any: ...
async def child(
    workflow: Workflow[..., Any] | str,
    *args: Any,
    channel: str | None = None,
    queue: str | None = None,
    external_id: str | None = None,
    **kwargs: Any,
) -> Any:
    """Begin a run and wait for what it returns; the waiting run holds no worker. It is begun once, whatever dies.

    A workflow by its name takes its input as keywords. channel, queue: its workflow's when None. Cancelling the run
    cancels it too. Raises RunFailed, RunCancelled; UnknownWorkflow and BadArgument when it could not be begun.
    """
    asked = Child(workflow, _arguments(workflow, args, kwargs), channel, queue, external_id)
    output = await conductor_of("child").child(asked, awaited=True)
    return output if isinstance(workflow, str) else workflow.read_result(output)


async def start_child(
    workflow: Workflow[..., Any] | str,
    *args: Any,
    channel: str | None = None,
    queue: str | None = None,
    external_id: str | None = None,
    **kwargs: Any,
) -> UUID:
    """Begin a run and leave it to itself: its id. It is begun once, and goes on whatever becomes of this one.

    Arguments and errors as those of `child`, except how it ends.
    """
    asked = Child(workflow, _arguments(workflow, args, kwargs), channel, queue, external_id)
    return UUID(await conductor_of("start_child").child(asked, awaited=False))


async def map(  # noqa: A001  (as an author looks for it)
    function: Callable[[T], Coroutine[Any, Any, R]], items: Iterable[T], *, limit: int = 50
) -> list[R]:
    """The results of an async function, or of a step, for each item, in order; at most `limit` are under way at once.

    Each item is a branch, as those of `gather`: it may call steps, wait, and begin others. All run to their end; then
    the first error, by place, is raised. Raises BadArgument for a limit below one, or for more items than a run has
    room for.
    """
    given = list(items)
    if limit < 1 or len(given) > MOST_ITEMS:
        raise BadArgument(
            f"map over {len(given):,} items, {limit:,} at once",
            hint=f"give a limit of 1 or more, and at most {MOST_ITEMS:,} items",
        )
    return await conductor_of("map").map(function, given, limit)


def _arguments(
    workflow: Workflow[..., Any] | str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    if not isinstance(workflow, str):
        return workflow.parameters.named(args, kwargs)
    if args:
        raise BadArgument(
            f"workflow {workflow!r} by its name takes its input as keywords", hint="name the arguments"
        )
    return kwargs

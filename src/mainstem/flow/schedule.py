"""Schedules as a workflow's author writes them, beside its code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, ParamSpec, TypeVar

from mainstem.errors import BadArgument
from mainstem.flow.parameters import refuse_arguments
from mainstem.flow.program import Seconds, Workflow, seconds
from mainstem.flow.recurrence import Recurrence
from mainstem.flow.values import dumped

P = ParamSpec("P")
R = TypeVar("R")

Missed = Literal["skip", "once", "all"]
Overlap = Literal["allow", "skip", "queue", "cancel"]

TIME_ARGUMENT = "scheduled_for"
"""A parameter of this name gets the time that a run was scheduled for, which is not when it begins."""

A_TIME = "2026-01-01T00:00:00.000000+00:00"
"""What stands for that time where an input is checked before there is a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A schedule that a workflow's code declares."""

    name: str
    recurrence: Recurrence
    input: bytes
    time_argument: str | None
    missed: Missed
    window: timedelta
    overlap: Overlap


def schedule(
    cron: str | None = None,
    /,
    *,
    every: Seconds | None = None,
    at: datetime | None = None,
    zone: str = "UTC",
    name: str | None = None,
    input: Mapping[str, Any] | None = None,  # noqa: A002  (the word that runs have for it)
    missed: Missed = "once",
    window: Seconds = timedelta(days=1),
    overlap: Overlap = "skip",
) -> Callable[[Workflow[P, R]], Workflow[P, R]]:
    """Start the workflow by itself: `@schedule("0 6 * * mon-fri", zone="Europe/Berlin")` above its `@workflow`.

    One of cron, every (counted from 1970 in UTC) and at. name: the workflow's own when None; it is entered, or made the
    same again, when a worker with this code starts. input: the workflow's arguments; a parameter `scheduled_for` gets the time.
    missed: of the times that no worker was there for, skip them, run once for the latest, or all that lie within `window`.
    overlap: while the run before is not over, allow another, skip this time, queue it, or cancel the one before.
    Raises BadArgument.
    """
    recurrence = Recurrence(
        cron=cron, every=None if every is None else timedelta(seconds=seconds(every)), at=at, zone=zone
    )
    _refuse_strange("missed", missed, ("skip", "once", "all"))
    _refuse_strange("overlap", overlap, ("allow", "skip", "queue", "cancel"))

    def decorate(workflow: Workflow[P, R]) -> Workflow[P, R]:
        if not isinstance(workflow, Workflow):
            raise BadArgument("@schedule stands above @workflow", hint="put it on the line before")
        declared = Declared(
            name=name or workflow.name,
            recurrence=recurrence,
            input=dumped(dict(input or {}), f"the input of schedule {name or workflow.name}"),
            time_argument=_time_argument(workflow, input or {}),
            missed=missed,
            window=timedelta(seconds=seconds(window)),
            overlap=overlap,
        )
        return _entered(workflow, declared)

    return decorate


def _entered(workflow: Workflow[P, R], declared: Declared) -> Workflow[P, R]:
    if any(other.name == declared.name for other in workflow.schedules):
        raise BadArgument(
            f"two schedules of workflow {workflow.name} are named {declared.name!r}",
            hint="give each a name of its own",
        )
    workflow.schedules += (declared,)
    return workflow


def _time_argument(workflow: Workflow[..., Any], given: Mapping[str, Any]) -> str | None:
    """Raises BadArgument when the workflow cannot be called with this input."""
    asked = TIME_ARGUMENT in workflow.parameters.names and TIME_ARGUMENT not in given
    try:
        workflow.parameters.signature.bind(**given, **({TIME_ARGUMENT: None} if asked else {}))
    except TypeError as misfit:
        raise BadArgument(
            f"the input of the schedule does not fit {workflow.name}: {misfit}",
            hint="give its arguments by name: input={…}",
        ) from misfit
    named = TIME_ARGUMENT if asked else None
    told = dumped(scheduled(given, named), f"the input of the schedule of {workflow.name}")
    refuse_arguments(workflow.name, workflow.parameters, told)
    return named


def scheduled(given: Mapping[str, Any], time_argument: str | None) -> dict[str, Any]:
    """The input of a schedule, as each of its runs will have it."""
    return dict(given) | ({} if time_argument is None else {time_argument: A_TIME})


def _refuse_strange(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise BadArgument(f"{what} is {given!r}", hint=f"give one of {', '.join(known)}")

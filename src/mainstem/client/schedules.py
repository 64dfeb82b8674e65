"""Schedules, as a client asks for them: `ms.schedules`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar, Unpack
from uuid import UUID

from mainstem.client.editing import Changes, edited, to_be_asked
from mainstem.client.opened import Opened
from mainstem.client.pending import Pending
from mainstem.client.recurring import first_time, next_times, past_times, recurrence_of
from mainstem.flow.parameters import refuse_arguments
from mainstem.flow.program import Seconds, Workflow, seconds
from mainstem.flow.recurrence import Recurrence
from mainstem.flow.schedule import Declared, scheduled
from mainstem.flow.values import dumped, loaded
from mainstem.ledger import schedules
from mainstem.ledger.call import Call
from mainstem.ledger.schedules import A_DAY, Firings, Missed, NewSchedule, Overlap, Schedule
from mainstem.ledger.schedules import Schedules as Page
from mainstem.model import ACTIVE_VERSION

T = TypeVar("T")


class _Asking(Protocol):
    """How a client asks: `Mainstem`'s own way."""

    def __call__(self, ask: Callable[[Opened], Coroutine[Any, Any, T]]) -> Pending[T]: ...


class Schedules:
    """What is started by itself. A schedule is meant by its name, or by its id."""

    def __init__(self, pending: _Asking) -> None:
        self._pending = pending

    def create(
        self,
        name: str,
        workflow: Workflow[..., Any] | str,
        *,
        cron: str | None = None,
        every: Seconds | None = None,
        at: datetime | None = None,
        zone: str = "UTC",
        input: Mapping[str, Any] | None = None,  # noqa: A002  (the word that runs have for it)
        time_argument: str | None = None,
        channel: str | None = None,
        queue: str | None = None,
        priority: int = 0,
        missed: Missed = "once",
        window: Seconds = A_DAY,
        overlap: Overlap = "skip",
    ) -> Pending[Schedule]:
        """Enter a schedule; see `mainstem.schedule` for what its parts mean. time_argument: the argument that gets the time.

        Raises BadArgument, StateRefused when the name is taken, UnknownWorkflow, ValueRefused.
        """
        recurrence = Recurrence(cron=cron, every=_span(every), at=at, zone=zone)
        code = None if isinstance(workflow, str) else workflow
        text = dumped(dict(input or {}), f"the input of schedule {name}")

        async def ask(opened: Opened) -> Schedule:
            new = NewSchedule(
                name=name, workflow_id=await opened.workflow_id(workflow), input=text, time_argument=time_argument,
                cron=cron, every=recurrence.every, at=recurrence.at, zone=zone,
                channel=channel or ("web" if code is None else code.channel), version=ACTIVE_VERSION if code is None else code.version,
                queue=queue or ("default" if code is None else code.queue), priority=priority,
                missed=missed, window=_span(window) or A_DAY, overlap=overlap,
            )  # fmt: skip
            asked = scheduled(loaded(text), time_argument)
            if code is None:
                await opened.inputs.refuse(opened.link, (opened.org_id, new.workflow_id, new.version), asked)
            else:
                refuse_arguments(code.name, code.parameters, dumped(asked, f"the input of schedule {name}"))
            following = first_time(recurrence, await opened.link(schedules.clock()))
            return await opened.link(
                schedules.read_schedule(await opened.link(schedules.put_schedule(new, following)))
            )

        return self._pending(ask)

    def list(
        self, *, workflow: str | None = None, limit: int = 50, after: str | None = None
    ) -> Pending[Page]:
        """A page by name; `after` is the `next` of the page before."""
        return self._pending(
            lambda opened: opened.link(schedules.list_schedules(workflow=workflow, limit=limit, after=after))
        )

    def get(self, which: str | UUID) -> Pending[Schedule]:
        """Raises NotFound."""
        return self._pending(lambda opened: opened.link(_read(which)))

    def edit(self, which: str | UUID, **changes: Unpack[Changes]) -> Pending[Schedule]:
        """Change what is given of it, named as for `create`, also its `name` and `version`; one of cron, every and at takes
        the place of the others.

        When its times change it comes round next at the first of the new ones that is to come; a time that has begun a run
        begins no other. It stays paused when it is. Raises NotFound, BadArgument, StateRefused when the name is taken,
        PreconditionFailed when somebody else changed it at the same moment.
        """

        async def ask(opened: Opened, found: Schedule) -> Schedule:
            version, given = to_be_asked(found, changes)
            await opened.inputs.refuse(opened.link, (opened.org_id, found.workflow, version), given)
            await opened.link(edited(found, changes))
            return await opened.link(schedules.read_schedule(found.schedule_id))

        return self._of(which, ask)

    def pause(self, which: str | UUID) -> Pending[None]:
        """It fires nothing until it is resumed. Raises NotFound."""
        return self._of(which, lambda opened, found: opened.link(schedules.pause_schedule(found.schedule_id)))

    def resume(self, which: str | UUID) -> Pending[None]:
        """From the next time on; what came round meanwhile is not made up for. Raises NotFound."""

        async def ask(opened: Opened, found: Schedule) -> None:
            following = recurrence_of(found).following(found.now)
            await opened.link(schedules.resume_schedule(found.schedule_id, following))

        return self._of(which, ask)

    def delete(self, which: str | UUID) -> Pending[None]:
        """With what became of its times; its runs stay. Raises NotFound."""

        async def ask(opened: Opened, found: Schedule) -> None:
            await opened.link(schedules.delete_schedule(found.schedule_id))

        return self._of(which, ask)

    def next_times(self, which: str | UUID, count: int = 10) -> Pending[Sequence[datetime]]:
        """When it comes round next, in UTC, paused or not. Raises NotFound."""

        async def ask(_opened: Opened, found: Schedule) -> Sequence[datetime]:
            return next_times(found, count)

        return self._of(which, ask)

    def firings(self, which: str | UUID, *, limit: int = 50, after: str | None = None) -> Pending[Firings]:
        """What became of its times, latest first. Raises NotFound."""
        return self._of(
            which,
            lambda opened, found: opened.link(
                schedules.list_firings(found.schedule_id, limit=limit, after=after)
            ),
        )

    def backfill(
        self, which: str | UUID, since: datetime, before: datetime, *, count: int | None = None
    ) -> Pending[int]:
        """How many times from `since` on, before `before`, have no run; with that number as `count`, begin them.

        Raises NotFound, BadArgument, and PreconditionFailed when there are not `count` of them any more.
        """
        return self._of(
            which,
            lambda opened, found: opened.link(
                schedules.backfill(found.schedule_id, past_times(found, since, before), count)
            ),
        )

    def _of(self, which: str | UUID, ask: Callable[[Opened, Schedule], Coroutine[Any, Any, T]]) -> Pending[T]:
        async def asked(opened: Opened) -> T:
            return await ask(opened, await opened.link(_read(which)))

        return self._pending(asked)


async def registered(opened: Opened, workflow: Workflow[..., Any]) -> UUID:
    """The workflow's id, when it and the schedules that its code declares are entered."""
    workflow_id = await opened.workflow_id(workflow)
    for declared in workflow.schedules:
        await _declare(opened, workflow, workflow_id, declared)
    return workflow_id


async def _declare(
    opened: Opened, workflow: Workflow[..., Any], workflow_id: UUID, declared: Declared
) -> None:
    times = declared.recurrence
    new = NewSchedule(
        name=declared.name, workflow_id=workflow_id, input=declared.input, time_argument=declared.time_argument,
        cron=times.cron, every=times.every, at=times.at, zone=times.zone, channel=workflow.channel, version=workflow.version,
        queue=workflow.queue, missed=declared.missed, window=declared.window, overlap=declared.overlap,
    )  # fmt: skip
    following = times.following(await opened.link(schedules.clock()))
    await opened.link(schedules.put_schedule(new, following, replace=True))


def _read(which: str | UUID) -> Call[Schedule]:
    return schedules.find_schedule(which) if isinstance(which, str) else schedules.read_schedule(which)


def _span(given: Seconds | None) -> timedelta | None:
    return None if given is None else timedelta(seconds=seconds(given))

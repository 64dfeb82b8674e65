"""Schedules as workers fire them: any worker, for every tenant. The ledger sees to it that each time is fired once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain, islice, takewhile

from mainstem.errors import LeaseLost, MainstemError, Unreachable
from mainstem.flow.recurrence import Recurrence
from mainstem.ledger import schedules
from mainstem.ledger.link import Link
from mainstem.ledger.schedules import Due, Plan

log = logging.getLogger(__name__)

LOOKED_AT_EVERY = 5.0
"""Seconds between two looks when nothing wakes the worker: hints are lost behind a transaction pooler."""

HELD_FOR = 0.05
"""Seconds until schedules are looked at again that somebody else has locked."""

PUT_OFF_FOR = 60.0
"""Seconds until a schedule is looked at again that could not be fired."""

ON_TIME = timedelta(seconds=60)
"""How late the latest time may be and still be no missed one."""

MOST_TICKS = 1000
"""Times that are settled in one transaction; the rest follow in the next."""


async def fire_due(link: Link) -> float:
    """Fire whatever is due; seconds until the next look."""
    while due := await link(schedules.due_schedules()):
        answers = [await _fire(link, one) for one in due]
        if "fired" not in answers:
            return HELD_FOR
    ready_in = await link(schedules.next_in())
    return LOOKED_AT_EVERY if ready_in is None else min(LOOKED_AT_EVERY, max(0.001, ready_in))


async def _fire(link: Link, due: Due) -> str:
    try:
        return await link(schedules.fire_schedule(due, planned(due)))
    except (Unreachable, LeaseLost):
        raise
    except MainstemError as error:
        log.warning("schedule %s of tenant %s is put off for a minute: %s", due.name, due.org_id, error)
        await link(schedules.put_off(due, PUT_OFF_FOR))
        return "fired"


def planned(due: Due) -> Plan:
    """What is to become of the times that have come: at most MOST_TICKS of them, the oldest first."""
    recurrence = Recurrence(cron=due.cron, every=due.every, at=due.once_at, zone=due.zone)
    if due.next_at is None or due.next_at > due.moment:  # only what is queued is to be looked at
        return Plan(following=due.next_at)
    come = takewhile(lambda tick: tick <= due.moment, chain([due.next_at], recurrence.after(due.next_at)))
    ticks = list(islice(come, MOST_TICKS))
    following = recurrence.following(ticks[-1])
    is_all = following is None or following > due.moment
    start = _chosen(ticks, due, is_all=is_all)
    starting = set(start)
    return Plan(start, [tick for tick in ticks if tick not in starting], following)


def _chosen(ticks: Sequence[datetime], due: Due, *, is_all: bool) -> Sequence[datetime]:
    """Those that start. is_all: the last of them is the latest of all that have come."""
    latest = ticks[-1:] if is_all else []
    match due.missed:
        case "all":
            return [
                tick for tick in ticks if tick >= due.moment - due.missed_window or _is_on_time([tick], due)
            ]
        case "once":
            return latest
        case _:
            return latest if _is_on_time(latest, due) else []


def _is_on_time(ticks: Sequence[datetime], due: Due) -> bool:
    return all(tick >= due.moment - ON_TIME for tick in ticks)

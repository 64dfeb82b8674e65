"""States: statuses without a home, and rows that contradict themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from psycopg.sql import SQL, Composable, Literal

from mainstem.consolidate.inspect.facts import Family, Oddity, Role, Table
from mainstem.consolidate.inspect.parts import (
    CHANNELS,
    FAILED,
    FINAL,
    OPEN,
    RUN_STATUSES,
    STEP_STATUSES,
    parts_of,
)
from mainstem.consolidate.inspect.reader import field
from mainstem.consolidate.inspect.scans.scene import Doubt, Scene, counted

_FEW = 100
_TOLERANCE_MS = 1000
_NATIVE = (Family.TIME, Family.NAIVE_TIME)


def with_values(scene: Scene) -> Table:
    """The table with the distinct values of the columns that decide something."""
    found: dict[str, dict[str, int]] = {}
    wanted = [scene.parts.status, scene.parts.channel]
    wanted += [column.name for column in scene.table.columns if column.labels or column.name == "event_type"]
    for name in dict.fromkeys(filter(None, wanted)):
        rows = scene.ask(
            "select {value}, count(*) from {rel} where {value} is not null group by 1 order by 2 desc, 1 limit {few}",
            value=scene.reader.text(field(name)),
            few=Literal(_FEW),
        )
        found[name] = {str(value): count for value, count in rows}
    return replace(scene.table, values=found)


def with_nulls(scene: Scene) -> Table:
    """The table with how often each column that may be NULL is."""
    names = [column.name for column in scene.table.columns if column.nullable]
    if not names:
        return scene.table
    counts = SQL(", ").join(SQL("count(*) - count({})").format(field(name)) for name in names)
    [row] = scene.ask("select {counts} from {rel}", counts=counts)
    found = dict(zip(names, row, strict=True))
    return replace(scene.table, nulls={name: rows for name, rows in found.items() if rows})


def scan(scene: Scene) -> Iterator[Oddity]:
    if scene.table.role not in (Role.RUN, Role.STEP):
        return
    yield from _without_a_home(scene)
    yield from counted(scene, _doubts(scene))
    if scene.parts.duration and not scene.parts.milliseconds:
        yield scene.odd("duration_without_unit", scene.table.rows, column=scene.parts.duration)


def _without_a_home(scene: Scene) -> Iterator[Oddity]:
    known = RUN_STATUSES if scene.table.role is Role.RUN else STEP_STATUSES
    for kind, column, homes in (
        ("unknown_status", scene.parts.status, known),
        ("unknown_channel", scene.parts.channel, CHANNELS),
    ):
        values = scene.table.values.get(column, {})
        strange = {value: rows for value, rows in values.items() if value not in homes}
        if strange:
            yield scene.odd(kind, sum(strange.values()), column=column, counted=strange, examples=strange)


def _doubts(scene: Scene) -> Iterator[Doubt]:
    parts = scene.parts
    if parts.status:
        status = SQL("lower({})").format(scene.reader.text(field(parts.status)))
        if parts.ended:
            ended = field(parts.ended)
            yield Doubt(
                "ended_but_open",
                parts.status,
                SQL("{} and {} is not null").format(_among(status, OPEN), ended),
            )
            yield Doubt("completed_without_end", parts.ended, SQL("{} and {} is null").format(_among(status, FINAL), ended))  # fmt: skip
        if parts.error:
            says_nothing = SQL("coalesce({}, '') = ''").format(scene.reader.text(field(parts.error)))
            yield Doubt("failed_without_message", parts.error, SQL("{} and {}").format(_among(status, FAILED), says_nothing))  # fmt: skip
    if _are_comparable(scene):
        yield from _times(scene)
    yield from _open_in_ended_run(scene)


def _open_in_ended_run(scene: Scene) -> Iterator[Doubt]:
    link = scene.link(Role.RUN) if scene.table.role is Role.STEP else None
    parent = scene.parent_of(link) if link else None
    if link is None or parent is None or not scene.parts.status or not (status := parts_of(parent).status):
        return
    lowered = SQL("lower({})")
    mine = _among(lowered.format(scene.reader.text(field(scene.parts.status))), OPEN)
    theirs = _among(lowered.format(scene.reader.text(field(status, "p"))), FINAL)
    is_open = SQL("{} and {}").format(mine, theirs)
    yield Doubt("step_open_in_ended_run", scene.parts.status, is_open, scene.to_parent(link, parent))


def _times(scene: Scene) -> Iterator[Doubt]:
    parts = scene.parts
    seconds = scene.reader.seconds(field(parts.started), field(parts.ended))
    yield Doubt("end_before_start", parts.ended, SQL("{} < -0.001").format(seconds))
    if parts.milliseconds:
        differs = SQL(
            "abs({seconds} * 1000.0 - {told} * {unit}) > {unit} + {tolerance} + abs({seconds}) * 10"
        )
        yield Doubt(
            "duration_disagrees",
            parts.duration,
            differs.format(
                seconds=seconds,
                told=field(parts.duration),
                unit=Literal(parts.milliseconds),
                tolerance=Literal(_TOLERANCE_MS),
            ),
        )


def _are_comparable(scene: Scene) -> bool:
    """Whether start and end can be subtracted: both native and of one kind, or both texts that SQLite reads."""
    parts = scene.parts
    if not parts.started or not parts.ended:
        return False
    started, ended = (scene.table.column(name).family for name in (parts.started, parts.ended))
    if scene.reader.engine == "sqlite":
        return True
    return started is ended and started in _NATIVE


def _among(value: Composable, words: Iterable[str]) -> Composable:
    return SQL("{} in ({})").format(value, SQL(", ").join(Literal(word) for word in sorted(words)))

"""Times: formats of those that are texts, and zones of those that name none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum

from psycopg.sql import SQL, Literal

from mainstem.consolidate.inspect.facts import Family, Oddity, Role, Table
from mainstem.consolidate.inspect.parts import is_text_time, is_time
from mainstem.consolidate.inspect.reader import field
from mainstem.consolidate.inspect.scans.scene import Doubt, Scene, counted

OTHER = "other"


class Format(StrEnum):
    """What a format says of the moment that is meant."""

    ZONED = "zoned"
    NAIVE = "naive"
    DATE = "date"
    EPOCH = "epoch"
    NONE = "none"


def format_of(shape: str) -> Format:
    """shape: a time's text with each digit a 9."""
    if shape == OTHER:
        return Format.NONE
    if re.fullmatch(r"9+(\.9)?", shape):
        return Format.EPOCH
    if shape == "9999-99-99":
        return Format.DATE
    return Format.ZONED if re.search(r"(Z|z|UTC|[+-]99(:?99)?)$", shape[10:]) else Format.NAIVE


def with_times(scene: Scene) -> Table:
    """The table with the formats of its text columns of times: format → rows."""
    found: dict[str, dict[str, int]] = {}
    for column in scene.table.columns:
        if is_text_time(column):
            shapes = _histogram(scene, column.name)
            if column.family is Family.TEXT or any(format_of(shape) is Format.EPOCH for shape in shapes):
                found[column.name] = shapes
    return replace(
        scene.table, times={name: shapes for name, shapes in found.items() if _is_of_times(shapes)}
    )


def scan(scene: Scene) -> Iterator[Oddity]:
    for name, shapes in scene.table.times.items():
        yield from _formats(scene, name, shapes)
    yield from counted(
        scene,
        [
            Doubt("naive_time", column.name, SQL("{} is not null").format(field(column.name)))
            for column in scene.table.columns
            if column.family is Family.NAIVE_TIME
        ],
    )
    yield from counted(scene, _timeless(scene))


def _timeless(scene: Scene) -> Iterator[Doubt]:
    """Rows in which each column that says when they were made is NULL."""
    if scene.table.role not in (Role.RUN, Role.EVENT, Role.SCREENSHOT):
        return
    ends = (scene.parts.ended, "updated_at", "processed_at")
    names = [column.name for column in scene.table.columns if is_time(column) and column.name not in ends]
    if names:
        missing = SQL(" and ").join(SQL("{} is null").format(field(name)) for name in names)
        yield Doubt("no_time", names[0], missing)


def _histogram(scene: Scene, column: str) -> dict[str, int]:
    rows = scene.ask(
        "select {shape}, count(*) from {rel} where {value} is not null group by 1 order by 2 desc, 1 limit 50",
        shape=scene.reader.time_shape(field(column)),
        value=field(column),
    )
    return {str(shape): count for shape, count in rows}


def _is_of_times(shapes: Mapping[str, int]) -> bool:
    """A column that is only called like a time has none."""
    return any(format_of(shape) is not Format.NONE for shape in shapes)


def _formats(scene: Scene, column: str, shapes: Mapping[str, int]) -> Iterator[Oddity]:
    families = {shape.replace(".9", "") for shape in shapes if format_of(shape) is not Format.NONE}
    if len(families) > 1:
        examples = [f"{_example(scene, column, shape)} ({shape})" for shape in shapes]
        yield scene.odd(
            "time_formats", sum(shapes.values()), column=column, counted=shapes, examples=examples
        )
    for kind, wanted in (
        ("naive_time", Format.NAIVE),
        ("epoch_time", Format.EPOCH),
        ("not_a_time", Format.NONE),
    ):
        of_kind = {shape: rows for shape, rows in shapes.items() if format_of(shape) is wanted}
        if of_kind:
            examples = [_example(scene, column, shape) for shape in of_kind]
            yield scene.odd(kind, sum(of_kind.values()), column=column, counted=of_kind, examples=examples)


def _example(scene: Scene, column: str, shape: str) -> str:
    [(found,)] = scene.ask(
        "select min({text}) from {rel} where {shape} = {wanted}",
        text=scene.reader.text(field(column)),
        shape=scene.reader.time_shape(field(column)),
        wanted=Literal(shape),
    )
    return str(found)

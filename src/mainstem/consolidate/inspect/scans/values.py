"""Values: numbers that are none, values of another class than their column's, ids of several kinds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from psycopg.sql import SQL, Literal

from mainstem.consolidate.inspect.facts import Column, Family, Oddity
from mainstem.consolidate.inspect.parts import is_text_time
from mainstem.consolidate.inspect.reader import field
from mainstem.consolidate.inspect.scans.scene import Doubt, Scene, counted

_INFINITE = ("NaN", "Infinity", "-Infinity", "infinity", "-infinity", "Inf", "-Inf")
_MEASURED = (Family.NUMBER, Family.TIME, Family.NAIVE_TIME, Family.DATE)
_CLASSES = {
    Family.INTEGER: ("integer",),
    Family.BOOLEAN: ("integer",),
    Family.NUMBER: ("integer", "real"),
    Family.TEXT: ("text",),
}
_ID = re.compile(r"(?:.*_)?(?:id|uuid|guid)")
_RARE = 10
"""A hexadecimal id may have only digits: one in forty of eight characters does."""


def scan(scene: Scene) -> Iterator[Oddity]:
    yield from counted(scene, _doubts(scene))
    for column in scene.table.columns:
        if column.family is Family.TEXT and _ID.fullmatch(column.name) and column.name != "external_id":
            yield from _ids(scene, column)


def _doubts(scene: Scene) -> Iterator[Doubt]:
    infinite = SQL(", ").join(map(Literal, _INFINITE))
    for column in scene.table.columns:
        value = field(column.name)
        if column.family in _MEASURED:
            where = SQL("{} in ({})").format(scene.reader.text(value), infinite)
            yield Doubt("nan_or_infinity", column.name, where)
        if scene.reader.engine == "sqlite" and column.family in _CLASSES and not is_text_time(column):
            classes = SQL(", ").join(map(Literal, (*_CLASSES[column.family], "null")))
            strange = SQL("{} not in ({})").format(scene.reader.storage(value), classes)
            yield Doubt("mixed_storage", column.name, strange)


def _ids(scene: Scene, column: Column) -> Iterator[Oddity]:
    rows = scene.ask(
        "select {shape}, count(*), min({text}) from {rel} where {value} is not null group by 1 order by 2 desc",
        shape=scene.reader.id_shape(field(column.name)),
        text=scene.reader.text(field(column.name)),
        value=field(column.name),
    )
    shapes = {str(shape): count for shape, count, _example in rows}
    if shapes.get("hex", 0) >= _RARE * shapes.get("integer", 0):
        shapes.pop("integer", None)
    if len(shapes) > 1:
        examples = [example for shape, _count, example in rows if shape in shapes]
        yield scene.odd(
            "ids_of_several_types",
            sum(shapes.values()),
            column=column.name,
            counted=shapes,
            examples=examples,
        )

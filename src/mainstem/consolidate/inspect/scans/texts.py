"""Texts and JSON: texts that are JSON, JSON that jsonb refuses or changes, JSON within JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NoReturn

from psycopg.sql import SQL, Literal

from mainstem.consolidate.inspect.facts import Column, Family, Oddity, Role
from mainstem.consolidate.inspect.parts import is_time
from mainstem.consolidate.inspect.reader import field
from mainstem.consolidate.inspect.scans.scene import Doubt, Scene, counted

_LARGEST_TEXT = 2**20
_MOST_BYTES = 2**26


def scan(scene: Scene) -> Iterator[Oddity]:
    yield from counted(scene, _doubts(scene))
    for column in scene.table.columns:
        if _is_jsonb(column):
            if scene.table.role is Role.RUN:
                yield from (odd for odd in _read(scene, column) if odd.kind == "json_steps")
        elif _may_hold_json(column):
            yield from _read(scene, column)


def _is_jsonb(column: Column) -> bool:
    """Parsed already: of its own accord PostgreSQL refuses what is none. SQLite's declarations are words."""
    return column.family is Family.JSON and column.type == "jsonb"


def _may_hold_json(column: Column) -> bool:
    if column.labels or is_time(column):
        return False
    return column.family in (Family.TEXT, Family.JSON, Family.OTHER)


def _doubts(scene: Scene) -> Iterator[Doubt]:
    for column in scene.table.columns:
        value = scene.reader.text(field(column.name))
        if column.family is Family.JSON and column.nullable:
            yield Doubt("json_null", column.name, SQL("{} = 'null'").format(value))
        if _is_jsonb(column):
            within = SQL("""left({}, 2) in ('"{{', '"[')""").format(value)
            yield Doubt("json_double_encoded", column.name, within)
        if column.family is Family.TEXT and scene.reader.engine == "sqlite":
            yield Doubt("unstorable_text", column.name, scene.reader.unstorable(field(column.name)))


def _read(scene: Scene, column: Column) -> Iterator[Oddity]:
    """A column none of whose texts begins as JSON does is not read."""
    value = scene.reader.text(field(column.name))
    begins = SQL("""substr(ltrim({}), 1, 1) in ('{{', '[', '"')""").format(value)
    [(candidates, size)] = scene.ask(
        "select count(*), coalesce(avg({size}), 0) from {rel} where {begins}",
        begins=begins,
        size=scene.reader.size(field(column.name)),
    )
    if not candidates:
        return
    most = min(scene.reader.limits.texts, int(_MOST_BYTES / max(float(size), 1)) or 1)
    rows = scene.ask(
        "select {key}, {value} from {rel} where {value} <> '' and {size} < {largest} limit {most}",
        key=scene.reader.row_key(scene.table),
        value=value,
        size=scene.reader.size(field(column.name)),
        largest=Literal(_LARGEST_TEXT),
        most=Literal(most),
    )
    for oddity in _judged(scene, column, [(str(key), str(text)) for key, text in rows]):
        yield replace(oddity, is_sampled=oddity.is_sampled or len(rows) == most)


def _judged(scene: Scene, column: Column, rows: list[tuple[str, str]]) -> Iterator[Oddity]:
    found: dict[str, list[str]] = {}
    for key, text in rows:
        for kind in kinds_of(text):
            found.setdefault(kind, []).append(key)
    good, bad = len(found.get("json_text", ())), found.get("json_malformed", [])
    if good <= len(bad):  # prose that happens to begin with a bracket
        return
    if column.family is Family.JSON:
        found.pop("json_text", None)
    for kind, keys in found.items():
        yield scene.odd(kind, len(keys), column=column.name, examples=keys)


def kinds_of(text: str) -> set[str]:
    """What is to be said of a text in a column of JSON."""
    repeated: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        once = dict(found)
        if len(once) < len(found):
            repeated.append(text)
        return once

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=_refused)
    except (ValueError, RecursionError):
        return {"json_malformed"}
    kinds = {"json_text"}
    if repeated:
        kinds.add("json_repeated_key")
    if _are_steps(value):
        kinds.add("json_steps")
    if isinstance(value, str) and _is_json(value):
        kinds.add("json_double_encoded")
    if any("\0" in part or (not part.isprintable() and _is_unpaired(part)) for part in _strings(value)):
        kinds.add("json_nul")
    return kinds


_NAMES = {"name", "step", "step_name", "node", "node_key", "node_name", "phase", "task"}
_TOLD = {
    "status",
    "state",
    "started",
    "started_at",
    "start_time",
    "ended_at",
    "end_time",
    "completed_at",
    "duration_ms",
}


def _are_steps(value: Any) -> bool:
    """A list of objects with a name, or objects by name, of which one says how it went or when."""
    is_named = isinstance(value, dict)
    inner = list(value.values()) if is_named else value
    if not isinstance(inner, list) or not inner or not all(isinstance(one, dict) for one in inner):
        return False
    told = any(_TOLD & one.keys() for one in inner)
    return told and (is_named or all(_NAMES & one.keys() for one in inner))


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _is_unpaired(text: str) -> bool:
    """Half of a surrogate pair: JSON has it as an escape, UTF-8 does not."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for name, inner in value.items():
                yield name
                yield from _strings(inner)
        case list():
            for inner in value:
                yield from _strings(inner)


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")

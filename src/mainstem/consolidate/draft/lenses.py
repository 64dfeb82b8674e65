"""Lenses: how one column goes to its home, as lines of YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from mainstem.consolidate.draft.homes import NOT_NULL
from mainstem.consolidate.draft.questions import Questions, facts_of
from mainstem.consolidate.draft.words import UNKNOWN, beside, indented, listing, rows, scalar
from mainstem.consolidate.inspect import Family, Inspection, Table
from mainstem.consolidate.inspect.parts import CHANNELS, RUN_STATUSES, STEP_STATUSES, parts_of
from mainstem.consolidate.inspect.scans.times import Format, format_of

_STATUSES = {"run": RUN_STATUSES, "step": STEP_STATUSES}


def lens(found: Inspection, table: Table, column: str, home: str, questions: Questions) -> list[str]:
    """The lines of `column: …`."""
    body = list(_body(found, table, column, home, questions))
    if not body:
        return [beside(f"{scalar(column)}: {home}", _nulls(table, column))]
    first = beside(f"{scalar(column)}:", _nulls(table, column))
    return [first, *indented([f"to: {home}", *body])]


def _body(found: Inspection, table: Table, column: str, home: str, questions: Questions) -> Iterator[str]:
    if home in ("status", "channel"):
        yield from _values(table, column, home, questions)
    elif home.endswith("_at") and table.column(column).family is Family.TEXT:
        yield from _times(table, column, questions)
    elif table.column(column).family is Family.NAIVE_TIME:
        yield f"zone: {_zone(table, column, questions)}"
    elif home == "duration_ms":
        yield from _scale(table)
    elif found.odd("json_text", table.name, column):
        yield from _json(found, table, column, questions)
    elif table.column(column).family is Family.TEXT and home in _JSON_HOMES:
        yield beside(f"json: {UNKNOWN}", f"{home} is JSON, and these texts are none")
    if home in NOT_NULL and table.nulls.get(column):
        yield f"default: {_default(table, column, home, questions)}"


_JSON_HOMES = ("input_data", "output_data", "error_details", "config_snapshot")


def _values(table: Table, column: str, home: str, questions: Questions) -> Iterator[str]:
    """Each value with its rows; an enum's labels too, although no row has them yet."""
    if home == "channel":
        known: tuple[str, ...] = CHANNELS
    else:
        known = _STATUSES.get(table.role.value, RUN_STATUSES)
    counts = table.values.get(column, {})
    values = dict.fromkeys((*table.column(column).labels, *counts))
    if not values or (home == "channel" and set(values) <= set(known)):
        return
    yield "values:"
    for value in values:
        of = rows(counts.get(value, 0))
        choice = (
            ""
            if value in known
            else f"one of {', '.join(known)}{', or a new one' if home == 'channel' else ''}"
        )
        becomes = scalar(value) if value in known else UNKNOWN
        yield beside(f"  {scalar(value)}: {becomes}", of, choice)
    if strange := [value for value in values if value not in known]:
        agreed = questions.ask(
            f"keep_{column}_of_{table.name}",
            f"May two values of {table.name}.{column} become one, the old word kept beside it (true or false)?",
            [f"without a home of their own: {', '.join(strange)}"],
        )
        yield f"keep: {agreed}"


def _times(table: Table, column: str, questions: Questions) -> Iterator[str]:
    """A form for each format. A column that has no time yet takes the forms of the table's others."""
    merged = _merged([table.times[column]] if column in table.times else table.times.values())
    if not merged:
        yield beside(f"times: {UNKNOWN}", "no text in it is a time")
        return
    yield (
        "times:"
        if column in table.times
        else beside("times:", "none yet: those of the table's other columns")
    )
    for shape, count in merged.items():
        match format_of(shape):
            case Format.ZONED:
                yield beside(f"  - {{like: {_like(shape)}}}", rows(count))
            case Format.NAIVE | Format.DATE:
                zone = _zone_of_shape(table, column, shape, questions)
                yield beside(f"  - {{like: {_like(shape)}, zone: {zone}}}", rows(count))
            case Format.EPOCH:
                yield beside(
                    f"  - {{like: {UNKNOWN}}}", rows(count), "numbers: seconds or milliseconds since 1970?"
                )
            case Format.NONE:
                yield beside(
                    f"  - {{like: {UNKNOWN}}}", rows(count), "no time at all: what do they stand for?"
                )


def _merged(found: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Format → rows; texts with and without a fraction are of one."""
    merged: dict[str, int] = {}
    for shapes in found:
        for shape, count in shapes.items():
            whole = shape.replace(".9", "")
            merged[whole] = merged.get(whole, 0) + count
    return merged


def _like(shape: str) -> str:
    """The regular expression that texts of a shape match, in quotes that leave backslashes alone."""
    body = re.escape(shape).replace("\\-", "-").replace("\\ ", " ").replace("\\:", ":")
    digits = re.sub("9+", lambda nines: rf"\d{{{len(nines[0])}}}", body)
    with_fraction = re.sub(r"(:\\d\{2\}:\\d\{2\})", r"\1([.,]\\d+)?", digits, count=1)
    return f"'^{with_fraction}$'"


def _zone_of_shape(table: Table, column: str, shape: str, questions: Questions) -> str:
    style = "t" if "T" in shape else "space" if " " in shape else "date"
    return questions.ask(
        f"zone_{style}_{table.name}",
        f"In which zone were the times of {table.name} written that look like {shape} (9 for a digit)?",
        [f"{table.name}.{column}: {listing(table.times[column])}"] if column in table.times else [],
    )


def _zone(table: Table, column: str, questions: Questions) -> str:
    return questions.ask(
        f"zone_{table.name}",
        f"In which zone were the times of {table.name} written that name none?",
        [f"{table.name}.{column} is {table.column(column).type}"],
    )


def _scale(table: Table) -> Iterator[str]:
    match parts_of(table).milliseconds:
        case 0:
            yield beside(f"scale: {UNKNOWN}", "milliseconds in one of its unit: 1, 1000, 60000")
        case 1:
            return
        case milliseconds:
            yield f"scale: {milliseconds}"


def _json(found: Inspection, table: Table, column: str, questions: Questions) -> Iterator[str]:
    yield "json: true"
    for kind in ("json_double_encoded", "json_malformed", "json_repeated_key", "json_nul"):
        for oddity in found.odd(kind, table.name, column):
            questions.ask(f"{kind}_{table.name}", oddity.decision, facts_of(oddity))


def _default(table: Table, column: str, home: str, questions: Questions) -> str:
    return questions.ask(
        f"default_{home}_{table.name}",
        f"What is {home} of the rows of {table.name} that have no {column}?",
        [f"{table.name}.{column} is NULL in {rows(table.nulls[column])}"],
    )


def _nulls(table: Table, column: str) -> str:
    nulls: Mapping[str, int] = table.nulls
    if nulls.get(column) and nulls[column] == table.rows:
        return "NULL in every row"
    return f"NULL in {rows(nulls[column])}" if nulls.get(column) else ""

"""A preset's mapping with what was found in this database beside each table, as comments."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from importlib import import_module

from mainstem.consolidate.draft.questions import facts_of
from mainstem.consolidate.draft.words import comment, rows
from mainstem.consolidate.inspect import Inspection
from mainstem.consolidate.mapping import preset

_TABLE = re.compile(r"  (?:\"(?P<quoted>[^\"]+)\"|(?P<plain>\w+)):(?:\s.*)?")


def preset_for(name: str, found: Inspection) -> str:
    """The preset's mapping with what was found beside it; a preset of several shapes in the shape of this database.

    Raises MappingRefused for a preset that is not there.
    """
    text = preset(name)
    place = import_module(f"mainstem.consolidate.presets.{name}")
    mapping_for: Callable[[Collection[str]], str] = getattr(place, "mapping_for", lambda _columns: text)
    return annotated(mapping_for({column.name for table in found.tables for column in table.columns}), found)


def annotated(text: str, found: Inspection) -> str:
    """The same mapping: only comments are added, over each table that it names, and for those that it does not."""
    lines: list[str] = []
    named: set[str] = set()
    is_tables = False
    for line in text.splitlines():
        if re.match(r"\S", line) and not line.startswith("#"):
            is_tables = line.startswith("tables:")
        if is_tables and (start := _TABLE.fullmatch(line)):
            name = start["quoted"] or start["plain"]
            named.add(name)
            lines += (f"  {fact}" for fact in _facts(found, name))
        lines.append(line)
    unnamed = [table.name for table in found.tables if table.name not in named]
    return "\n".join([*_heading(found, unnamed), *lines]) + "\n"


def _heading(found: Inspection, unnamed: list[str]) -> Iterator[str]:
    yield comment(
        f"What was found: {found.engine} {found.version}, {found.database}, {found.taken_at:%Y-%m-%d %H:%M} UTC."
    )
    yield comment(f"Its schema's fingerprint: {found.schema_fingerprint}")
    yield from (comment(f"Not everything was looked at: {note}") for note in found.notes)
    yield from (comment(f"There is a table that this mapping does not know: {name}") for name in unnamed)


def _facts(found: Inspection, name: str) -> Iterator[str]:
    known = [table for table in found.tables if table.name == name]
    if not known:
        yield comment("not in this database")
    for table in known:
        yield comment(f"{'' if table.is_rows_exact else 'about '}{rows(table.rows)}")
    for oddity in found.oddities:
        if oddity.table == name:
            yield comment(f"{oddity.kind}: {'; '.join(facts_of(oddity))}")

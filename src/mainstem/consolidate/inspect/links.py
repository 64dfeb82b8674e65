"""Links that no foreign key declares: a column named as another table's key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mainstem.consolidate.inspect.facts import Family, Link, Table

_IDS = (Family.INTEGER, Family.UUID, Family.TEXT, Family.OTHER)


def with_links(tables: Iterable[Table]) -> tuple[Table, ...]:
    """The tables, each with the links that its columns' names say, beside those declared."""
    found = tuple(tables)
    return tuple(replace(table, links=(*table.links, *_named(table, found))) for table in found)


def singular(word: str) -> str:
    """One of them: steps → step, entries → entry, status → status."""
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us")) else word


def words(name: str) -> list[str]:
    """The words of a table's name, each singular."""
    return [singular(word) for word in name.lower().split("_") if word]


def _named(table: Table, tables: tuple[Table, ...]) -> Iterator[Link]:
    declared = {link.columns for link in table.links}
    for column in table.columns:
        if (column.name,) in declared or (column.name,) == table.primary_key or column.family not in _IDS:
            continue
        parent = _parent(column.name, table, tables)
        if parent is not None:
            yield Link(
                columns=(column.name,),
                parent=parent.name,
                parent_columns=parent.primary_key,
                is_declared=False,
            )


def _parent(column: str, table: Table, tables: tuple[Table, ...]) -> Table | None:
    """The one other table whose key has this name, or which has the name that stands before `_id`."""
    others = [other for other in tables if other.name != table.name and len(other.primary_key) == 1]
    same_key = [other for other in others if other.primary_key == (column,) and column != "id"]
    if len(same_key) == 1:
        return same_key[0]
    if same_key or not column.endswith("_id"):
        return None
    stem = words(column.removesuffix("_id"))
    called = [other for other in others if other.primary_key == ("id",) and words(other.name) == stem]
    ending = [other for other in others if other.primary_key == ("id",) and words(other.name)[-1:] == stem]
    suffixed = [
        other
        for other in others
        if other.primary_key != ("id",) and column.endswith(f"_{other.primary_key[0]}")
    ]
    for candidates in (called, ending, suffixed):
        if len(candidates) == 1:
            return candidates[0]
    return None

"""Parents and children: rows whose parent is missing, repeated, or somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from psycopg.sql import SQL, Composable, Literal

from mainstem.consolidate.inspect.facts import Family, Link, Oddity, Role, Table
from mainstem.consolidate.inspect.parts import parts_of
from mainstem.consolidate.inspect.reader import field, joined
from mainstem.consolidate.inspect.scans.scene import Doubt, Scene, counted

_CHILDREN = (Role.STEP, Role.EVENT, Role.CONTEXT, Role.SCREENSHOT)
_LEAVES = (Role.EVENT, Role.SCREENSHOT)


def scan(scene: Scene) -> Iterator[Oddity]:
    yield from counted(scene, _doubts(scene))
    for link in _inner(scene):
        yield from _repeated_parents(scene, link)
        yield from _type_difference(scene, link)


def _inner(scene: Scene) -> Iterator[Link]:
    """Links to a table that is inspected too; one's own is a tree, and no consolidation moves a tree's order."""
    for link in scene.table.links:
        parent = scene.parent_of(link)
        if parent is not None and all(parent.has(name) for name in link.parent_columns):
            yield link


def _doubts(scene: Scene) -> Iterator[Doubt]:
    for link in _inner(scene):
        yield _orphan(scene, link)
        yield from _foreign_tenant(scene, link)
        yield from _third(scene, link)
    yield from _thirds(scene)
    run, step = scene.link(Role.RUN), scene.link(Role.STEP)
    if run is not None and scene.table.role in _CHILDREN:
        yield Doubt("no_parent_run", run.columns[0], SQL("{} is null").format(field(run.columns[0])))
    if run is not None and step is not None and scene.table.role in _LEAVES:
        is_stepless = SQL("{} is null and {} is not null").format(
            field(step.columns[0]), field(run.columns[0])
        )
        yield Doubt("no_parent_step", step.columns[0], is_stepless)


def _orphan(scene: Scene, link: Link) -> Doubt:
    parent = scene.parent_of(link) or scene.table
    is_node = parent.role is Role.NODE and scene.table.role in (Role.STEP, Role.SCREENSHOT)
    named = SQL(" and ").join(SQL("{} is not null").format(field(name)) for name in link.columns)
    where = SQL("{} and {} is null").format(named, field(link.parent_columns[0], "p"))
    return Doubt(
        "node_gone" if is_node else "orphan", link.columns[-1], where, _to_parent(scene, link, parent)
    )


def _foreign_tenant(scene: Scene, link: Link) -> Iterator[Doubt]:
    parent = scene.parent_of(link)
    mine, theirs = scene.parts.tenant, parts_of(parent).tenant if parent else ""
    if parent is None or not mine or not theirs or mine in link.columns or parent.role is Role.ORGANIZATION:
        return
    text = scene.reader.text
    differs = SQL("{} <> {}").format(text(field(mine)), text(field(theirs, "p")))
    yield Doubt("foreign_tenant", mine, differs, _to_parent(scene, link, parent))


def _third(scene: Scene, link: Link) -> Iterator[Doubt]:
    """An event of another run than its step: the row and its parent name different rows of a third table."""
    parent = scene.parent_of(link)
    if parent is None or len(link.columns) > 1 or parent.name == scene.table.name:
        return
    for mine in _single(scene.table):
        for theirs in _single(parent):
            is_third = mine.parent == theirs.parent and mine.parent not in (parent.name, scene.table.name)
            if is_third and mine != link and scene.tables[mine.parent].role is not Role.ORGANIZATION:
                differs = _unequal(scene, field(mine.columns[0]), field(theirs.columns[0], "p"))
                yield Doubt("parents_disagree", link.columns[0], differs, _to_parent(scene, link, parent))


def _thirds(scene: Scene) -> Iterator[Doubt]:
    """A step whose node is of another workflow than its run: two parents name different rows of a third table."""
    own = {link.parent for link in _single(scene.table)}
    links = [link for link in _single(scene.table) if link.parent in scene.tables]
    for first, second in combinations(links, 2):
        for left in _single(scene.tables[first.parent]):
            for right in _single(scene.tables[second.parent]):
                if left.parent == right.parent and left.parent not in own | {scene.table.name}:
                    join = SQL("join {} on {} join {} on {}").format(
                        scene.reader.whole(scene.tables[first.parent], "p"),
                        joined(first.columns, first.parent_columns, scene.reader.text),
                        scene.reader.whole(scene.tables[second.parent], "q"),
                        joined(second.columns, second.parent_columns, scene.reader.text, parent="q"),
                    )
                    differs = _unequal(scene, field(left.columns[0], "p"), field(right.columns[0], "q"))
                    yield Doubt("parents_disagree", second.columns[0], differs, join)


def _single(table: Table) -> Iterator[Link]:
    yield from (link for link in table.links if len(link.columns) == 1 and not link.parent_schema)


def _unequal(scene: Scene, left: Composable, right: Composable) -> Composable:
    return SQL("{} <> {}").format(scene.reader.text(left), scene.reader.text(right))


def _to_parent(scene: Scene, link: Link, parent: Table) -> Composable:
    as_text = scene.reader.text if _differs(scene.table, link, parent) else None
    return SQL("left join {} on {}").format(
        scene.reader.whole(parent, "p"), joined(link.columns, link.parent_columns, as_text)
    )


def _differs(table: Table, link: Link, parent: Table) -> bool:
    return any(
        table.column(mine).family is not parent.column(theirs).family
        for mine, theirs in zip(link.columns, link.parent_columns, strict=True)
    )


def _type_difference(scene: Scene, link: Link) -> Iterator[Oddity]:
    parent = scene.parent_of(link)
    if parent is None or not _differs(scene.table, link, parent):
        return
    mine, theirs = scene.table.column(link.columns[0]), parent.column(link.parent_columns[0])
    if Family.OTHER in (mine.family, theirs.family):
        return
    told = f"{mine.name} {mine.type}, {parent.name}.{theirs.name} {theirs.type}"
    yield scene.odd("link_types_differ", scene.table.rows, column=mine.name, examples=[told])


def _repeated_parents(scene: Scene, link: Link) -> Iterator[Oddity]:
    """Where a key sees to it that parents are single, nothing is asked."""
    parent = scene.parent_of(link)
    if parent is None or any(set(key.columns) <= set(link.parent_columns) for key in parent.keys):
        return
    names = SQL(", ").join(field(name, "p") for name in link.parent_columns)
    is_named = SQL("exists (select 1 from {} where {})").format(
        scene.reader.whole(scene.table, "c"), joined(link.columns, link.parent_columns)
    )
    found = scene.reader.rows(
        SQL(
            "select {names}, count(*) from {parent} where {named} group by {names} having count(*) > 1 order by {names} limit {most}"
        ).format(names=names, parent=scene.reader.whole(parent, "p"), named=is_named, most=Literal(1000))
    )
    if found:
        rows = sum(row[-1] for row in found)
        yield scene.odd(
            "parent_key_repeats", rows, column=link.columns[-1], examples=(row[0] for row in found)
        )

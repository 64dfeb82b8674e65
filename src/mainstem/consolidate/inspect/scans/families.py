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
    return Doubt("node_gone" if is_node else "orphan", link.columns[-1], where, scene.to_parent(link, parent))


def _foreign_tenant(scene: Scene, link: Link) -> Iterator[Doubt]:
    parent = scene.parent_of(link)
    mine, theirs = scene.parts.tenant, parts_of(parent).tenant if parent else ""
    if parent is None or not mine or not theirs or mine in link.columns or parent.role is Role.ORGANIZATION:
        return
    text = scene.reader.text
    differs = SQL("{} <> {}").format(text(field(mine)), text(field(theirs, "p")))
    yield Doubt("foreign_tenant", mine, differs, scene.to_parent(link, parent))


def _third(scene: Scene, link: Link) -> Iterator[Doubt]:
    """An event of another run than its step: the row and its parent name different rows of a third table."""
    parent = scene.parent_of(link)
    if parent is None or len(link.columns) > 1 or parent.name == scene.table.name:
        return
    for mine in _single(scene.table):
        third = scene.parent_of(mine)
        if third is None or third.role is Role.ORGANIZATION or third.name in (parent.name, scene.table.name):
            continue
        for theirs in _single(parent):
            if mine.parent == theirs.parent and mine != link:
                differs = _unequal(scene, field(mine.columns[0]), field(theirs.columns[0], "p"))
                yield Doubt("parents_disagree", link.columns[0], differs, scene.to_parent(link, parent))


def _thirds(scene: Scene) -> Iterator[Doubt]:
    """A step whose node is of another workflow than its run: two parents name different rows of a third table."""
    own = {scene.table.name, *(link.parent for link in _single(scene.table))}
    known = [(link, parent) for link in _single(scene.table) if (parent := scene.parent_of(link))]
    for (first, left), (second, right) in combinations(known, 2):
        join = SQL(" ").join([scene.to_parent(first, left), scene.to_parent(second, right, "q")])
        for one in _single(left):
            for other in _single(right):
                if one.parent == other.parent and one.parent not in own:
                    differs = _unequal(scene, field(one.columns[0], "p"), field(other.columns[0], "q"))
                    yield Doubt("parents_disagree", second.columns[0], differs, join)


def _single(table: Table) -> Iterator[Link]:
    yield from (link for link in table.links if len(link.columns) == 1 and not link.parent_schema)


def _unequal(scene: Scene, left: Composable, right: Composable) -> Composable:
    return SQL("{} <> {}").format(scene.reader.text(left), scene.reader.text(right))


def _type_difference(scene: Scene, link: Link) -> Iterator[Oddity]:
    parent = scene.parent_of(link)
    if parent is None or not scene.differs(link, parent):
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
        scene.reader.relation(scene.table), joined(link.columns, link.parent_columns)
    )
    found = scene.reader.rows(
        SQL(
            "select {names}, sum(count(*)) over () from {parent} where {named} group by {names} having count(*) > 1 order by {names} limit {few}"
        ).format(
            names=names,
            parent=scene.reader.whole(parent, "p"),
            named=is_named,
            few=Literal(scene.reader.limits.examples),
        )
    )
    if found:
        examples = [",".join(str(part) for part in row[:-1]) for row in found]
        yield scene.odd("parent_key_repeats", int(found[0][-1]), column=link.columns[-1], examples=examples)

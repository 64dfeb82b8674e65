"""Keys: what should name one row and names several, none, or a row of another table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from psycopg.sql import SQL, Composable, Literal

from mainstem.consolidate.inspect.facts import Family, Key, Oddity, Role
from mainstem.consolidate.inspect.reader import Row, field
from mainstem.consolidate.inspect.scans.scene import Doubt, Scene, counted

_OWN_NAMES = frozenset(
    [
        "key",
        "code",
        "slug",
        "uuid",
        "guid",
        "run_id",
        "run_key",
        "trace_id",
        "execution_id",
        "flow_id",
        "step_id",
        "node_id",
    ]
)
"""What names a row of its own table, unless it leads to another."""


def scan(scene: Scene) -> Iterator[Oddity]:
    table = scene.table
    if not table.primary_key and table.role is not Role.BOOKKEEPING:
        yield scene.odd("no_primary_key", table.rows)
    yield from counted(scene, _doubts(scene))
    if not table.sampled:  # a key may repeat outside of a sample
        for columns in _natural_keys(scene):
            yield from _repeated(scene, columns)
        for key in table.keys if table.role is Role.CONFIG else ():
            yield from _repeated_beside_null(scene, key)
        for columns in _text_keys(scene):
            yield from _folded(scene, columns)
    yield from _sequences(scene)


def existing_twice(scene: Scene) -> Iterator[Oddity]:
    """Rows of another table of runs with the same key, where this one is the copy: the one that keeps no key of its own."""
    if scene.table.role is not Role.RUN:
        return
    for other in scene.tables.values():
        if other.role is Role.RUN and other.name != scene.table.name:
            for mine, theirs in _same_things(scene, other.name):
                yield from _shared(scene, other.name, mine, theirs)


def _doubts(scene: Scene) -> Iterator[Doubt]:
    table, parts = scene.table, scene.parts
    for name in table.primary_key:
        if table.column(name).nullable:
            yield Doubt("null_in_key", name, SQL("{} is null").format(field(name)))
    if table.role is Role.STEP and parts.number:
        unusable = SQL("({n} is null or {n} < 1)").format(n=field(parts.number))
        yield Doubt("step_number_unusable", parts.number, unusable)
    for column in table.columns:
        if column.name == "external_id" and column.family is Family.TEXT:
            yield Doubt("too_long", column.name, SQL("length({}) > 255").format(field(column.name)))


def _natural_keys(scene: Scene) -> Iterator[tuple[str, ...]]:
    """What should name a row and is not declared to."""
    table, run = scene.table, scene.link(Role.RUN)
    declared = {frozenset(key.columns) for key in table.keys}
    found: list[tuple[str, ...]] = []
    if table.role is Role.STEP and run is not None and scene.parts.number:
        found.append((*run.columns, scene.parts.number))
    if table.role is Role.CONTEXT and run is not None and table.has("key"):
        found.append((*run.columns, "key"))
    if table.role in (Role.RUN, Role.WORKFLOW, Role.NODE):
        found += [(name,) for name in _naming(scene)]
    for role, name in ((Role.WORKFLOW, "name"), (Role.USER, "email")):
        if table.role is role and table.has(name):
            found.append((*filter(None, [scene.parts.tenant]), name))
    yield from (columns for columns in found if not any(key <= set(columns) for key in declared))


def _naming(scene: Scene) -> Iterator[str]:
    linked = {name for link in scene.table.links for name in link.columns}
    for column in scene.table.columns:
        if column.name in _OWN_NAMES and column.name not in linked:
            yield column.name


def _text_keys(scene: Scene) -> Iterator[tuple[str, ...]]:
    """Keys, declared or natural, that compare text with regard to case."""
    declared = [key.columns for key in scene.table.keys if not key.is_folded]
    for columns in dict.fromkeys((*declared, *_natural_keys(scene))):
        if any(scene.table.column(name).family is Family.TEXT for name in columns):
            yield columns


def _repeated(scene: Scene, columns: tuple[str, ...]) -> Iterator[Oddity]:
    found = _groups(scene, [field(name) for name in columns], _all_named(columns), SQL("count(*) > 1"))
    yield from _told(scene, "duplicate_key", columns, found)


def _repeated_beside_null(scene: Scene, key: Key) -> Iterator[Oddity]:
    """A unique key takes rows with a NULL as often as one likes: configs of no workflow are not unique."""
    nullable = [field(name) for name in key.columns if scene.table.column(name).nullable]
    if key.is_primary or not nullable or len(nullable) == len(key.columns):
        return
    is_null = SQL(" or ").join(SQL("{} is null").format(name) for name in nullable)
    by = [field(name) for name in key.columns]
    found = _groups(scene, by, SQL("({})").format(is_null), SQL("count(*) > 1"))
    yield from _told(scene, "duplicate_key", key.columns, found)


def _folded(scene: Scene, columns: tuple[str, ...]) -> Iterator[Oddity]:
    exact = [field(name) for name in columns]
    folded = [
        SQL("lower({})").format(scene.reader.text(field(name)))
        if scene.table.column(name).family is Family.TEXT
        else field(name)
        for name in columns
    ]
    texts = SQL(" || ',' || ").join(scene.reader.text(each) for each in exact)
    found = _groups(scene, folded, _all_named(columns), SQL("count(distinct {}) > 1").format(texts))
    yield from _told(scene, "duplicate_key_folded", columns, found)


def _groups(scene: Scene, by: list[Composable], named: Composable, having: Composable) -> list[Row]:
    """The first groups, each with the rows of all groups at its end."""
    return scene.ask(
        "select {by}, sum(count(*)) over () from {rel} where {named} group by {by} having {having} order by {by} limit {few}",
        by=SQL(", ").join(by),
        named=named,
        having=having,
        few=Literal(scene.reader.limits.examples),
    )


def _all_named(columns: tuple[str, ...]) -> Composable:
    return SQL(" and ").join(SQL("{} is not null").format(field(name)) for name in columns)


def _told(scene: Scene, kind: str, columns: tuple[str, ...], groups: list[Row]) -> Iterator[Oddity]:
    if groups:
        examples = [",".join(str(part) for part in group[:-1]) for group in groups]
        yield scene.odd(kind, int(groups[0][-1]), column=", ".join(columns), examples=examples)


def _sequences(scene: Scene) -> Iterator[Oddity]:
    for column, last in scene.reader.last_given(scene.table).items():
        [(highest,)] = scene.reader.rows(
            SQL("select max({}) from {}").format(field(column), scene.reader.whole(scene.table, "c"))
        )
        if highest is not None and highest > last:
            told = f"highest {highest}, last given {last}"
            oddity = scene.odd("sequence_behind", highest - last, column=column, examples=[told])
            yield replace(oddity, is_sampled=False)


def _same_things(scene: Scene, other: str) -> Iterator[tuple[str, str]]:
    """Pairs of columns that name the same thing: a unique one of theirs, and ours of its name, or our `original_…`."""
    theirs = scene.tables[other]
    for key in theirs.keys:
        if len(key.columns) != 1:
            continue
        [name] = key.columns
        own = {column.name for column in scene.table.columns}
        if f"original_{name}" in own:
            yield f"original_{name}", name
        elif name != "id" and name in own and not any(link.parent == other for link in scene.table.links):
            yield name, name


def _shared(scene: Scene, other: str, mine: str, theirs: str) -> Iterator[Oddity]:
    is_mutual = any(key.columns == (mine,) for key in scene.table.keys)
    if is_mutual and scene.table.name < other:  # told once
        return
    text = scene.reader.text
    join = SQL("join {} on {} = {}").format(
        scene.reader.whole(scene.tables[other], "p"), text(field(mine)), text(field(theirs, "p"))
    )
    for oddity in counted(scene, [Doubt("exists_twice", mine, SQL("true"), join)]):
        yield scene.odd(
            "exists_twice", oddity.rows, column=mine, examples=oddity.examples, counted={other: oddity.rows}
        )

"""Wholes: what a table of runs lacks altogether, rows without a tenant, and how much would be folded into one row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from psycopg.sql import SQL, Composable, Literal

from mainstem.consolidate.inspect.facts import Fold, Link, Oddity, Role, Table
from mainstem.consolidate.inspect.parts import link_to, parts_of
from mainstem.consolidate.inspect.reader import field
from mainstem.consolidate.inspect.scans.scene import Doubt, Scene, counted

_PARENTS = 1000
_FOLDED = (Role.EVENT, Role.SCREENSHOT, Role.CONTEXT)


def scan(scene: Scene) -> Iterator[Oddity]:
    table, parts = scene.table, scene.parts
    if table.role is Role.RUN:
        if not parts.tenant and not tenant_elsewhere(table, dict(scene.tables)):
            yield scene.odd("no_tenant", table.rows)
        if not parts.channel:
            yield scene.odd("no_channel", table.rows)
        if not _steps_of(scene):
            yield scene.odd("no_steps", table.rows)
    if parts.tenant and table.role is not Role.ORGANIZATION:
        missing = SQL("{} is null").format(field(parts.tenant))
        yield from counted(scene, [Doubt("tenant_missing", parts.tenant, missing)])
    for fold in table.folds:
        yield from _too_large(scene, fold)


def unsupported(scene: Scene) -> Iterator[Oddity]:
    table = scene.table
    large_objects = [
        f"{column.name} {column.type}" for column in table.columns if column.type in ("oid", "lo")
    ]
    if table.is_elsewhere or table.kind == "inheritance tree" or large_objects:
        yield scene.odd("unsupported_relation", table.rows, examples=large_objects or [table.kind])


def tenant_elsewhere(table: Table, tables: dict[str, Table]) -> tuple[Link, str] | None:
    """The link and the column by which a parent tells the tenant; None where none does."""
    for role in (Role.WORKFLOW, Role.RUN, Role.USER):
        link = link_to(table, tables, role)
        if link is not None and (tenant := parts_of(tables[link.parent]).tenant):
            return link, tenant
    return None


def with_folds(scene: Scene) -> Table:
    """The table with how much of it would go into one row of its step, and of its run."""
    if scene.table.role not in _FOLDED:
        return scene.table
    run, step = scene.link(Role.RUN), scene.link(Role.STEP)
    found = []
    if step is not None:
        found.append(_fold(scene, step, SQL("{} is not null").format(field(step.columns[0]))))
    if run is not None:
        stepless = SQL("{} is null and ").format(field(step.columns[0])) if step else SQL("")
        found.append(_fold(scene, run, stepless + SQL("{} is not null").format(field(run.columns[0]))))
    return replace(scene.table, folds=tuple(fold for fold in found if fold.parents))


def _steps_of(scene: Scene) -> bool:
    return any(
        link.parent == scene.table.name
        for table in scene.tables.values()
        if table.role is Role.STEP
        for link in table.links
    )


def _fold(scene: Scene, link: Link, where: Composable) -> Fold:
    """With all children of each parent: those of a sample are only some. Of a large table, of parents that a sample names."""
    if scene.table.sampled:
        some = SQL("select {} from {} limit {}").format(
            field(link.columns[0]), scene.reader.relation(scene.table), Literal(_PARENTS)
        )
        where = SQL("{} and {} in ({})").format(where, field(link.columns[0]), some)
    sizes = [
        SQL("coalesce({}, 4)").format(scene.reader.size(field(column.name))) for column in scene.table.columns
    ]
    [row] = scene.reader.rows(
        SQL(
            "with each as (select {parent} as parent, count(*) as n, sum({size}) as b from {whole} where {where} group by 1)"
            " select count(*), (select n from each order by n limit 1 offset (select count(*) * 99 / 100 from each)), max(n),"
            " (select b from each order by b limit 1 offset (select count(*) * 99 / 100 from each)), max(b) from each"
        ).format(
            parent=field(link.columns[0]),
            size=SQL(" + ").join(sizes),
            whole=scene.reader.whole(scene.table, "c"),
            where=where,
        )
    )
    parents, p99_rows, most_rows, p99_bytes, most_bytes = (int(value or 0) for value in row)
    return Fold(
        parent=link.parent,
        column=link.columns[0],
        parents=parents,
        p99_rows=p99_rows,
        most_rows=most_rows,
        p99_bytes=p99_bytes,
        most_bytes=most_bytes,
    )


def _too_large(scene: Scene, fold: Fold) -> Iterator[Oddity]:
    limits = scene.reader.limits
    if fold.most_rows <= limits.fold_rows and fold.most_bytes <= limits.fold_bytes:
        return
    told = {
        "p99 rows": fold.p99_rows,
        "most rows": fold.most_rows,
        "p99 bytes": fold.p99_bytes,
        "most bytes": fold.most_bytes,
    }
    parent = scene.tables[fold.parent]
    largest = scene.ask(
        "select {text} from {rel} where {column} is not null group by {column} order by count(*) desc limit 3",
        text=scene.reader.text(field(fold.column)),
        column=field(fold.column),
    )
    examples = [f"{parent.name} {row[0]}" for row in largest]
    yield scene.odd("fold_too_large", fold.most_rows, column=fold.column, counted=told, examples=examples)

"""A compiled mapping: everything that the life of a consolidation executes, as text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from mainstem.consolidate.compile import (
    changes,
    compatibility,
    compatibility_lists,
    compatibility_steps,
    compatibility_unpacked,
    rows,
    statements,
    views,
)
from mainstem.consolidate.compile.catalog import Catalog, read_catalog
from mainstem.consolidate.compile.children import Keyed, Listed, compile_context, compile_elements, sharing
from mainstem.consolidate.compile.legacy_ids import LEGACY, without_legacy
from mainstem.consolidate.compile.relation import RUN, STEP, Relation, compile_relation
from mainstem.consolidate.compile.text import q
from mainstem.consolidate.compile.thinned import Thinned, thinned_tables
from mainstem.consolidate.compile.unpacked import unpack
from mainstem.consolidate.compile.views import IDS, Whole, target_key
from mainstem.consolidate.mapping import Context, Elements, Mapping, Row, Run, Stays, Step
from mainstem.errors import MappingRefused

OURS = (
    RUN, STEP, "organization", "app_user", "user_workflow", "user_workflow_node", "user_workflow_transition",
    "user_workflow_config", "user_workflow_config_activation",
)  # fmt: skip


@dataclass(frozen=True)
class Side:
    """One comparison: two relations that must hold the same rows."""

    name: str
    table: str
    left: str
    right: str
    columns: list[tuple[str, str]]
    key: str
    root: str
    """Expression over `t` of the old root's key as text, to leave out roots that are changing."""
    left_only: str
    """The condition that holds the left side to `%(roots)s`, in a form that an index answers."""
    right_only: str
    """The same of the right side, by `%(roots)s` or by `%(ids)s`, our ids of them."""
    root_table: str


@dataclass(frozen=True)
class Program:
    """What a mapping compiles to, for one old catalog."""

    mapping: Mapping
    catalog: Catalog
    whole: Whole
    linked: dict[str, bool]
    thinned: list[Thinned] = field(default_factory=list)
    """Tables that stay without some of their columns."""

    @property
    def tables(self) -> list[str]:
        """Old tables that move, parents first: the order of every lock."""
        return [
            *[relation.table for relation in self.whole.rows],
            *([self.whole.run.table] if self.whole.run else []),
            *([self.whole.step.table] if self.whole.step else []),
            *[one.table for one in self.whole.lists],
            *[keyed.table for keyed in self.whole.contexts],
        ]

    def relations(self) -> list[Relation]:
        return [*self.whole.roots(), *([self.whole.step] if self.whole.step else [])]

    def folded(self) -> list[Relation]:
        """The same, and the steps that have no table of their own."""
        return [*self.relations(), *([self.whole.unpacked.step] if self.whole.unpacked else [])]

    def mirrors(self) -> dict[str, tuple[str, str]]:
        """Table that stays to the text of its trigger and the statement that brings in what is there."""
        return {
            name: changes.mirror(self.mapping, self.catalog, name, said.mirror, self.catalog.old_keys[name])
            for name, said in self.mapping.of_kind(Stays).items()
            if said.mirror
        }

    def views(self) -> str:
        """The work schema with fold, unfold and compatibility views."""
        whole = self.whole
        texts = [
            f"create schema if not exists {q(whole.work_schema)};\ngrant usage on schema {q(whole.work_schema)} to public;\n",
            f"grant usage, create on schema {q(whole.work_schema)} to mainstem_owner;\n",
        ]
        texts += [views.fold_view(whole, relation) for relation in self.relations()]
        texts += [views.unpacked_view(whole, whole.unpacked)] if whole.unpacked else []
        texts += [views.log_view(whole, one) for one in whole.lists if one.is_log]
        texts += [views.unfold_relation(whole, relation) for relation in self.relations()]
        texts += [views.unfold_elements(whole, one) for one in whole.lists]
        texts += [views.unfold_context(whole, keyed) for keyed in whole.contexts]
        texts += [rows.row_functions(whole, relation) for relation in whole.rows]
        texts += [
            compatibility.compatibility_view(whole, table, self.catalog.old[table], lists)
            for table, lists in self.old_name_triggers().items()
        ]
        texts += [table.view() for table in self.thinned]
        owned = [
            f"alter view {q(whole.work_schema, kind + table)} owner to mainstem_owner;\n"
            for table in self.tables
            for kind in ("unfold_", "now_")
        ]
        return "\n".join([*texts, *owned])

    def old_name_triggers(self) -> dict[str, str]:
        """Table to the triggers of its old name."""
        whole = self.whole
        texts = {one.table: rows.row_triggers(whole, self.catalog, one) for one in whole.rows}
        if whole.run:
            texts[whole.run.table] = compatibility.relation_triggers(whole, whole.run)
        if whole.step and whole.run:
            of_run = (
                "(select r.org_id from mainstem.user_workflow_run r where r.run_id = mainstem.run_of({id}))"
            )
            step = replace(whole.step, mapped={**whole.step.mapped, "org_id": of_run})
            texts[step.table] = compatibility_steps.step_triggers(whole, self.catalog, step, whole.run)
        if whole.unpacked:
            texts[whole.unpacked.run.table] += compatibility_unpacked.put_steps(whole, whole.unpacked)
        texts |= {one.table: compatibility_lists.element_triggers(whole, one) for one in whole.lists}
        return texts | {
            keyed.table: compatibility_lists.context_triggers(whole, keyed) for keyed in whole.contexts
        }

    def log_triggers(self) -> dict[str, str]:
        return changes.log_triggers(self.whole)

    def apply(self, root: Relation) -> statements.Apply:
        return statements.apply_of(self.whole, root, self.linked)

    def orphans(self) -> list[str]:
        return statements.orphans_of_none(self.whole, self.linked)

    def proofs(self) -> list[Side]:
        """Fold against what is there, and unfold against what was."""
        return [*self._forward(), *self._backward(), *map(self._thinned_side, self.thinned)]

    def _thinned_side(self, found: Thinned) -> Side:
        """A table that stays is, but for what goes from it, the view that gets its name."""
        return Side(
            name=f"{found.table} ← {q(found.work_schema, 'now_' + found.table)}",
            table=found.table,
            left=q(found.old_schema, found.table),
            right=q(found.work_schema, f"now_{found.table}"),
            columns=[(column.name, column.type) for column in found.kept],
            key=found.key[0],
            root="null::text",
            left_only="true",
            right_only="true",
            root_table=found.table,
        )

    def _forward(self) -> list[Side]:
        return [self._fold_side(relation) for relation in self.folded()]

    def _fold_side(self, relation: Relation) -> Side:
        whole, of_step = self.whole, relation.target == STEP
        ours = self.catalog.ours[relation.target]
        root = whole.run if of_step and whole.run else relation
        key = target_key(relation)
        of = f"mainstem.run_of(t.{key})" if of_step else f"t.{q(key)}"
        moved = f"select k.new_id from {IDS} k where {whole.ids_of('k', relation.table)}"
        return Side(
            name=f"{relation.table} → {relation.target}",
            table=relation.table,
            left=q(whole.work_schema, f"fold_{relation.table}"),
            right=f"(select r.* from {views.with_beside(whole, relation)} r where r.{q(key)} in ({moved}))",
            columns=[
                (name, ours[name].type if name in ours else "jsonb")
                for name in statements.target_columns(whole, relation)
            ],
            key=key,
            root=f"(select k.old_key from {IDS} k where {whole.ids_of('k', root.table)} and k.new_id = {of})",
            left_only=f"t._root = any(%(roots)s::{root.key.type}[])",
            right_only=f"t.{'run_id' if of_step else q(key)} = any(%(ids)s::uuid[])",
            root_table=root.table,
        )

    def _backward(self) -> list[Side]:
        return [self._unfold_side(table) for table in self.tables]

    def _unfold_side(self, table: str) -> Side:
        whole, said = self.whole, self.mapping.moving[table]
        column = said.key if isinstance(said, Run | Row) else said.run
        only = f"t.{q(column)} = any(%(roots)s::{self.catalog.old[table][column].type}[])"
        return Side(
            name=f"{table} ← {q(whole.work_schema, 'unfold_' + table)}",
            table=table,
            left=q(whole.old_schema, table),
            right=q(whole.work_schema, f"unfold_{table}"),
            columns=[
                (name, found.type) for name, found in self.catalog.old[table].items() if name not in said.drop
            ],
            key=said.key,
            root=f"t.{q(column)}::text",
            left_only=only,
            right_only=only,
            root_table=table if isinstance(said, Row) or whole.run is None else whole.run.table,
        )

    def indexes(self) -> list[str]:
        """What finds a row by its old key, typed as old code asks for it."""
        return [text for one in self.relations() if (text := views.key_index(self.whole, one)) is not None]

    def sql(self) -> str:
        """All of it, for a person to read: what expand installs, and the statements of copy and proof."""
        texts = ["-- views, and triggers of the old names after the switch\n" + self.views()]
        texts += [f"-- what notes changes of {table}\n{text}" for table, text in self.log_triggers().items()]
        texts += [
            f"-- {table} stays, and is mirrored\n{trigger}{existing}\n"
            for table, (trigger, existing) in self.mirrors().items()
        ]
        for root in self.whole.roots():
            apply = self.apply(root)
            texts.append(f"-- a batch of {root.table}\n" + ";\n".join(apply.texts()) + ";\n")
        texts.append("-- point reads by old keys\n" + ";\n".join(self.indexes()) + ";\n")
        texts += [
            f"-- proof: {side.name}\n{statements.digest(side.columns, side.left)};\n{statements.digest(side.columns, side.right)};\n"
            for side in self.proofs()
        ]
        return "\n".join(texts)


def compile_mapping(mapping: Mapping, conn: psycopg.Connection[Any], *, moved: bool = False) -> Program:
    """Raises MappingRefused for whatever does not fit the old catalog or ours, with its path.

    `moved`: the tables are in the legacy schema, after a cut-over; what stays is where it was.
    """
    mapping = without_absent(mapping, conn, moved=moved)
    catalog = _catalog_of(mapping, conn, moved=moved)
    if not set(LEGACY.values()) <= {name for table in LEGACY for name in catalog.ours[table]}:
        mapping = without_legacy(mapping)
    _refuse_unkeyed(mapping, catalog)
    _refuse_several(mapping)
    definitions = [compile_relation(mapping, catalog, name) for name in mapping.of_kind(Row)]
    run = next((compile_relation(mapping, catalog, name) for name in mapping.of_kind(Run)), None)
    step = next((compile_relation(mapping, catalog, name) for name in mapping.of_kind(Step)), None)
    lists: list[Listed] = []
    contexts: list[Keyed] = []
    if run:
        elements = mapping.of_kind(Elements)
        lists = sharing([compile_elements(mapping, catalog, name, run, step) for name in elements])
        contexts = [compile_context(mapping, catalog, name, run) for name in mapping.of_kind(Context)]
    org = run.mapped.get("org_id", "null::uuid") if run else "null::uuid"
    run, unpacked = unpack(mapping, catalog, run, org) if run else (None, None)
    if step:
        step = replace(step, mapped={**step.mapped, "org_id": org.replace("{row}", "p")})
    whole = Whole(
        mapping,
        mapping.system,
        mapping.old_schema,
        mapping.work_schema,
        definitions,
        run,
        step,
        lists,
        contexts,
        unpacked,
        _never_held(mapping, linked := _linked(conn, mapping, catalog)),
    )
    return Program(mapping, catalog, whole, linked, thinned_tables(mapping, catalog))


def _catalog_of(mapping: Mapping, conn: psycopg.Connection[Any], *, moved: bool) -> Catalog:
    return read_catalog(
        conn,
        mapping.old_schema,
        mapping.tables,
        OURS,
        aside=[mapping.legacy_schema, mapping.work_schema] if moved else [],
        standing=mapping.of_kind(Stays, Row),
    )


def _never_held(mapping: Mapping, linked: dict[str, bool]) -> frozenset[str]:
    return frozenset(
        name for name, said in mapping.moving.items() if said.where is None and linked.get(name, True)
    )


def without_absent(mapping: Mapping, conn: psycopg.Connection[Any], *, moved: bool) -> Mapping:
    """The mapping without the optional tables that are not there."""
    schema = mapping.legacy_schema if moved else mapping.old_schema
    absent = [
        name
        for name, said in mapping.moving.items()
        if said.optional and conn.execute("select to_regclass(%s)", [q(schema, name)]).fetchone() == (None,)
    ]
    return mapping.model_copy(
        update={"tables": {name: said for name, said in mapping.tables.items() if name not in absent}}
    )


def _refuse_unkeyed(mapping: Mapping, catalog: Catalog) -> None:
    for name, said in mapping.moving.items():
        keys = [catalog.old_keys.get(name, []), *catalog.old_uniques.get(name, [])]
        if [said.key] not in keys:
            raise MappingRefused(
                f"tables.{name}.key: {said.key} is not unique by itself there",
                hint=f"Its primary key is ({', '.join(catalog.old_keys.get(name, [])) or 'none'}).",
            )


def _refuse_several(mapping: Mapping) -> None:
    """Steps and lists name their run's key, and a run of new code gets one old id: neither says in which table."""
    for kind, what in ((Run, "runs"), (Step, "steps")):
        if len(names := list(mapping.of_kind(kind))) > 1:
            raise MappingRefused(
                f"tables.{names[1]}: {names[0]} becomes {what} already",
                hint="Give it a mapping of its own, with another `system`.",
            )


_LINKS = """
select c.relname, array_agg(a.attname)
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum = any(k.conkey)
 where k.contype = 'f' and k.convalidated and n.nspname = any(%s) and c.relname = any(%s)
 group by c.relname, k.oid
"""


def _linked(conn: psycopg.Connection[Any], mapping: Mapping, catalog: Catalog) -> dict[str, bool]:
    """Child tables whose parents are sure to be there: a validated foreign key on each column that names one."""
    links: dict[str, set[str]] = {}
    schemas = [mapping.old_schema, mapping.legacy_schema]
    for table, columns in conn.execute(_LINKS, [schemas, list(mapping.tables)]).fetchall():
        links.setdefault(table, set()).update(columns)
    found = {}
    for name, said in mapping.of_kind(Step, Elements, Context).items():
        parents = {said.run, *([said.step] if isinstance(said, Elements) and said.step else [])}
        found[name] = parents <= links.get(name, set()) and catalog.old[name][said.run].not_null
    return found

"""Fold and unfold as views: what old rows become, and what becomes of them again."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from mainstem.consolidate.compile.catalog import Column
from mainstem.consolidate.compile.children import PARENT, Keyed, Listed
from mainstem.consolidate.compile.relation import RUN, STEP, Relation
from mainstem.consolidate.compile.text import from_json, json_object, listed, lit, q, without_length
from mainstem.consolidate.compile.unpacked import Unpacked, fold_text
from mainstem.consolidate.mapping import Mapping
from mainstem.model import LARGEST_LOG, LONGEST_LOG

IDS = "mainstem_consolidation.consolidation_id"
STRAY = "mainstem_consolidation.stray"
BESIDE = "mainstem_consolidation.beside"
"""What lenses lost, of rows of ours without `metadata`."""


@dataclass(frozen=True)
class Whole:
    """Everything of one mapping that moves."""

    mapping: Mapping
    system: str
    old_schema: str
    work_schema: str
    rows: list[Relation]
    run: Relation | None
    step: Relation | None
    lists: list[Listed]
    contexts: list[Keyed]
    unpacked: Unpacked | None = None
    """Steps that stand in a JSON column of their run."""
    never_held: frozenset[str] = frozenset()
    """Tables that cannot have rows in quarantine. A view of one relation locks its rows for `for update`; a union locks none."""

    def roots(self) -> list[Relation]:
        return [*self.rows, *([self.run] if self.run else [])]

    def ids_of(self, alias: str, table: str) -> str:
        """The condition that holds a key map's rows to one old table."""
        return f"{alias}.source = {lit(self.system)} and {alias}.old_table = {lit(table)}"


def fold_columns(
    whole: Whole, relation: Relation, row: str, new_id: str, *, with_children: bool
) -> dict[str, str]:
    """Column of the target to its expression, over the stages of this relation."""
    columns = relation.columns(row, new_id)
    if with_children:
        if relation is whole.run:
            _add_children_of_run(whole, columns, row)
        if relation is whole.step:
            for one in whole.lists:
                if one.said.into.step:
                    _append(columns, one.said.into.step, one.elements_of_step(row))
    return columns


def _append(columns: dict[str, str], place: str, elements: str) -> None:
    """Several tables may go into one list: each element of a later one names its table."""
    columns[place] = f"{columns[place]} || {elements}" if place in columns else elements


def _add_children_of_run(whole: Whole, columns: dict[str, str], row: str) -> None:
    added: dict[str, dict[str, str]] = {}
    for one in whole.lists:
        column, _, key = one.said.into.run.partition(".")
        _append(added.setdefault(column, {}) if key else columns, key or column, one.elements_of_run(row))
    added = {
        column: {key: f"nullif({elements}, '[]')" for key, elements in pieces.items()}
        for column, pieces in added.items()
    }
    for keyed in whole.contexts:
        columns["context"] = (
            f"{columns.get('context', lit('{}') + '::jsonb')} || coalesce({keyed.context_of(row)}, '{{}}')"
        )
        added.setdefault("metadata", {})["context_times"] = keyed.times_of(row)
        added["metadata"]["context_ids"] = keyed.ids_of(row)
    for column, pieces in added.items():
        columns[column] = f"{columns.get(column, lit('{}') + '::jsonb')} || {json_object(pieces)}"


def fold_view(whole: Whole, relation: Relation) -> str:
    """`fold_TABLE`: `_root`, then the columns of the target."""
    columns = fold_columns(whole, relation, "o", "k.new_id", with_children=True)
    if relation is whole.step:
        columns["org_id"] = "m.org_id"
    root = f"o.{q(relation.run_column)}" if relation is whole.step else f"o.{q(relation.said.key)}"
    out = [f"{expression} as {q(column)}" for column, expression in columns.items()]
    said_where = (relation.said.where or "").replace("{row}", "o").replace("{id}", "k.new_id")
    where = f"\n where {said_where}" if said_where else ""
    return (
        f"create or replace view {q(whole.work_schema, 'fold_' + relation.table)} as\nselect {root} as _root,\n  {listed(out)}\n"
        f"  from {q(whole.old_schema, relation.table)} o\n{_parent_row(whole, relation)}"
        f"  join {IDS} k on {whole.ids_of('k', relation.table)} and k.old_key = o.{q(relation.said.key)}::text\n"
        f"{relation.stages('o', 'k.new_id')}{where};\n"
    )


def unpacked_view(whole: Whole, unpacked: Unpacked) -> str:
    """`fold_TABLE.COLUMN`: the same of the elements of a JSON column."""
    old, of_run = q(whole.old_schema, unpacked.run.table), whole.ids_of("k", unpacked.run.table)
    return (
        f"create or replace view {q(whole.work_schema, 'fold_' + unpacked.table)} as\n"
        f"{fold_text(unpacked, old, IDS, of_run)};\n"
    )


def _parent_row(whole: Whole, relation: Relation) -> str:
    if relation is not whole.step or whole.run is None:
        return ""
    run = whole.run
    return f"  join {q(whole.old_schema, run.table)} p on p.{q(run.said.key)} = o.{q(relation.run_column)}\n"


def log_view(whole: Whole, one: Listed) -> str:
    """`log_TABLE`: elements of lists that are too long to fold, as rows of the event log."""
    run, step = whole.run, whole.step
    key, data = one.ways[one.said.key], one.column_for("event_data")
    columns = {
        column: one.ways[one.column_for(column)].fold.replace("{row}", "e")
        for column in ("event_type", "event_data", "timestamp")
    }
    branches = []
    for parent, named in (("run", one.said.run), ("step", one.said.step)):
        relation = run if parent == "run" else step
        if named is None or relation is None:
            continue
        only = f" and {one.is_of_run('e')}" if parent == "run" and one.said.step else ""
        elements = (
            f"from {q(whole.old_schema, one.table)} e where e.{q(named)} = o.{q(relation.said.key)}{only}"
        )
        root = f"o.{q(relation.said.key)}" if parent == "run" else f"o.{q(relation.run_column)}"
        branches.append(
            f"select {root} as _root, mainstem.run_of(k.new_id) as run_id, mainstem.step_number_of(k.new_id) as step_number,\n"
            f"       {key.fold.replace('{row}', 'e')} as event_id, {columns['event_type']} as event_type, {columns['event_data']} as event_data,\n"
            f"       coalesce({columns['timestamp']}, timestamptz '1970-01-01 00:00:00+00') as occurred_at, {lit(parent)} as _of\n"
            f"  from {q(whole.old_schema, relation.table)} o\n"
            f"  join {IDS} k on {whole.ids_of('k', relation.table)} and k.old_key = o.{q(relation.said.key)}::text\n"
            f" cross join lateral (select 1 {elements} having count(*) > {LONGEST_LOG} or sum(octet_length(e.{q(data)}::text)) > {LARGEST_LOG}) too_long\n"
            f" cross join lateral (select e.* {elements}) e"
        )
    return (
        f"create or replace view {q(whole.work_schema, 'log_' + one.table)} as\n"
        + "\nunion all\n".join(branches)
        + ";\n"
    )


def unfold_relation(whole: Whole, relation: Relation) -> str:
    """`unfold_TABLE`: `_id` (of the run, or of the definition), then the old columns."""
    values = {relation.said.key: f"k.old_key::{relation.key.type}"}
    if relation is whole.step and whole.run:
        values[relation.run_column] = f"kr.old_key::{whole.run.key.type}"
    values |= relation.unfolds("r")
    if relation is whole.step and whole.run:
        joined = (
            f"  join mainstem.{STEP} r on {_is_step('r', 'k')}\n"
            f"  join {IDS} kr on {whole.ids_of('kr', whole.run.table)} and kr.new_id = r.run_id\n"
        )
    else:
        joined = f"  join {with_beside(whole, relation)} r on r.{q(target_key(relation))} = k.new_id\n"
    found = f"from {IDS} k\n{joined} where {whole.ids_of('k', relation.table)}"
    return _unfold(
        whole,
        relation.table,
        relation.old,
        [("r.run_id" if relation.target == STEP else "k.new_id", values, found)],
    )


def with_beside(whole: Whole, relation: Relation) -> str:
    """Our table, with the `metadata` that is kept beside it where it has none."""
    if not relation.keeps_beside:
        return f"mainstem.{q(relation.target)}"
    return (
        f"(select t.*, coalesce(b.metadata, '{{}}') as metadata from mainstem.{q(relation.target)} t\n"
        f"          left join {BESIDE} b on b.source = {lit(whole.system)} and b.new_id = t.{q(target_key(relation))})"
    )


def _is_step(row: str, ids: str) -> str:
    """A step and its id, so said that an index serves whichever of the two is known."""
    return (
        f"{row}.run_id = mainstem.run_of({ids}.new_id) and {row}.step_number = mainstem.step_number_of({ids}.new_id)"
        f" and {ids}.new_id = {row}.step_id"
    )


def target_key(relation: Relation) -> str:
    """The column of ours that holds the id of one row."""
    if relation.target in (RUN, STEP):
        return "run_id" if relation.target == RUN else "step_id"
    return relation.said.columns[relation.said.key].to


IMMUTABLE = ("smallint", "integer", "bigint", "numeric", "uuid", "character varying")
"""Types that a text becomes without looking at any setting: an index may hold it."""


def key_index(whole: Whole, relation: Relation) -> str | None:
    """What a point read by the old key goes by. Unique, so that the planner knows of one row without statistics."""
    if without_length(relation.key.type) not in IMMUTABLE:
        return None
    return (
        f"create unique index if not exists {q(index_name(whole, relation))} on {IDS} ((old_key::{relation.key.type}))\n"
        f" where {whole.ids_of('consolidation_id', relation.table)}"
    )


def index_name(whole: Whole, relation: Relation) -> str:
    name = f"{whole.system}_{relation.table}"
    return name if len(name) < 64 else f"{name[:54]}_{sha256(name.encode()).hexdigest()[:8]}"


def unfold_elements(whole: Whole, one: Listed) -> str:
    """From the lists of runs, those of steps, and the event log."""
    branches = [_from_run_lists(whole, one)]
    if one.has_steps:
        branches += [_from_step_lists(whole, one, strays=strays) for strays in (False, True)]
    if one.said.into.run == "events":
        branches += _from_log(whole, one)
    return _unfold(whole, one.table, one.old, branches)


def list_at(row: str, to: str) -> str:
    """The list of a row that goes by this alias."""
    column, _, key = to.partition(".")
    return f"{row}.{q(column)} -> {lit(key)}" if key else f"{row}.{q(column)}"


def _element_values(whole: Whole, one: Listed, element: str, *, strays: bool) -> dict[str, str]:
    values = {name: one.read(name, element) for name in one.ways}
    run_type = whole.run.key.type if whole.run else "text"
    if one.said.run not in one.ways:
        values[one.said.run] = (
            from_json(f"({element} -> {lit(PARENT)})", run_type) if strays else f"kr.old_key::{run_type}"
        )
    return values


def _from_run_lists(whole: Whole, one: Listed) -> tuple[str, dict[str, str], str]:
    values = _element_values(whole, one, "j.value", strays=False)
    if one.said.step:
        values[one.said.step] = f"null::{one.old[one.said.step].type}"
    found = (
        f"from {IDS} kr\n  join mainstem.{RUN} r on r.run_id = kr.new_id\n"
        f" cross join lateral jsonb_array_elements({list_at('r', one.said.into.run)}) j (value)\n"
        f" where {whole.ids_of('kr', one.run.table)} and {one.is_mine('j.value')}"
    )
    return "kr.new_id", values, found


def _from_step_lists(whole: Whole, one: Listed, *, strays: bool) -> tuple[str, dict[str, str], str]:
    """Apart from each other: elements of their step's run, found by its key, and those that name another run."""
    step = one.step
    values = _element_values(whole, one, "j.value", strays=strays)
    if one.said.step:
        values[one.said.step] = f"k.old_key::{step.key.type if step else 'text'}"
    which = f"j.value ? {lit(PARENT)}"
    only = f"\n  join {STRAY} y on y.source = k.source and y.old_table = {lit(one.table)} and y.new_id = k.new_id"
    found = (
        f"from {IDS} kr\n  join mainstem.{STEP} s on s.run_id = kr.new_id\n"
        f"  join {IDS} k on {_is_step('s', 'k')} and {whole.ids_of('k', step.table if step else '')}{only if strays else ''}\n"
        f" cross join lateral jsonb_array_elements({list_at('s', one.said.into.step or '')}) j (value)\n"
        f" where {whole.ids_of('kr', one.run.table)} and {one.is_mine('j.value')} and {which if strays else f'not {which}'}"
    )
    return "kr.new_id", values, found


def _from_log(whole: Whole, one: Listed) -> list[tuple[str, dict[str, str], str]]:
    """Rows of the event log under the names of an element."""
    named = {
        "event_id": "l.event_id",
        "event_type": "l.event_type",
        "event_data": "l.event_data",
        "timestamp": "l.occurred_at",
    }
    values = {
        name: way.back(named[way.place.column]) for name, way in one.ways.items() if way.place.column in named
    }
    run_type = whole.run.key.type if whole.run else "text"
    values[one.said.run] = f"kr.old_key::{run_type}"
    shared = f"from {IDS} kr\n  join mainstem.user_workflow_event l on l.run_id = kr.new_id"
    of_run = f"{shared} and l.step_number = 0\n where {whole.ids_of('kr', one.run.table)}"
    if not one.said.step or one.step is None:
        return [("kr.new_id", values, of_run)]
    of_step = (
        f"{shared} and l.step_number > 0\n  join {IDS} k on l.run_id = mainstem.run_of(k.new_id) and l.step_number = mainstem.step_number_of(k.new_id)\n"
        f"   and k.new_id = mainstem.step_id(l.run_id, l.step_number) and {whole.ids_of('k', one.step.table)}\n"
        f" where {whole.ids_of('kr', one.run.table)}"
    )
    step_type = one.old[one.said.step].type
    return [
        ("kr.new_id", values | {one.said.step: f"null::{step_type}"}, of_run),
        ("kr.new_id", values | {one.said.step: f"k.old_key::{one.step.key.type}"}, of_step),
    ]


def unfold_context(whole: Whole, keyed: Keyed) -> str:
    """Keys that are folded, and those of runs that live; a key that is both is the living one."""
    run_type = keyed.run.key.type
    mine = ", ".join(lit(key) for key in keyed.run.owned_keys("context"))
    not_mine = f"\n   and j.key not in ({mine})" if mine else ""
    folded = (
        f"from {IDS} kr\n  join mainstem.{RUN} r on r.run_id = kr.new_id\n cross join lateral jsonb_each(r.context) j\n"
        f" where {whole.ids_of('kr', keyed.run.table)}{not_mine}\n"
        "   and not exists (select from mainstem.user_workflow_run_context c where c.run_id = r.run_id and c.key = j.key)"
    )
    living = (
        f"from {IDS} kr\n  join mainstem.user_workflow_run_context c on c.run_id = kr.new_id\n  join mainstem.{RUN} r on r.run_id = kr.new_id\n"
        f" where {whole.ids_of('kr', keyed.run.table)}"
    )
    times = {
        part: f"(r.metadata #>> array['context_times', j.key, '{n}'])::timestamptz"
        for n, part in enumerate(("created_at", "updated_at"))
    }
    of_folded = {"key": "j.key", "value": "j.value", **times}
    of_living = {
        "key": "c.key",
        "value": "c.value",
        "created_at": "c.created_at",
        "updated_at": "(case when c.updated_at = c.created_at"
        " then (r.metadata #>> array['context_times', c.key, '1'])::timestamptz else c.updated_at end)",
    }
    branches = []
    for found, parts, key in ((folded, of_folded, "j.key"), (living, of_living, "c.key")):
        values = {
            name: f"({parts[lens.to]})::{keyed.old[name].type}" for name, lens in keyed.said.columns.items()
        }
        id_type = keyed.old[keyed.said.key].type
        made_up = f"md5(r.run_id::text || {key})::uuid"
        if id_type != "uuid":
            made_up = f"mainstem_consolidation.number_of_id({made_up})"
        values[keyed.said.key] = (
            f"coalesce((r.metadata #>> array['context_ids', {key}])::{id_type}, {made_up}::{id_type})"
        )
        values[keyed.said.run] = f"kr.old_key::{run_type}"
        branches.append(("kr.new_id", values, found))
    return _unfold(whole, keyed.table, keyed.old, branches)


def _unfold(
    whole: Whole, table: str, old: dict[str, Column], branches: list[tuple[str, dict[str, str], str]]
) -> str:
    """The branches, and the rows in quarantine, in the order of the old columns. A column that was dropped is NULL."""
    kept = {name: f"(z.old_row ->> {lit(name)})::{column.type}" for name, column in old.items()}
    quarantined = f"from mainstem_consolidation.quarantine z where {whole.ids_of('z', table)}"
    texts = []
    held_id = "null::uuid"
    if table in [relation.table for relation in whole.rows]:  # written there, and brought back from there
        held_id = f"(select k.new_id from {IDS} k where {whole.ids_of('k', table)} and k.old_key = z.old_key)"
    held = [] if table in whole.never_held else [(held_id, kept, quarantined)]
    for new_id, values, found in [*branches, *held]:
        out = [f"({values.get(name, 'null')})::{column.type} as {q(name)}" for name, column in old.items()]
        texts.append(f"select {new_id} as _id,\n  {listed(out)}\n  {found}")
    return (
        f"create or replace view {q(whole.work_schema, 'unfold_' + table)} as\n"
        + "\nunion all\n".join(texts)
        + ";\n"
    )


def row_as_text(old: dict[str, Column], row: str) -> str:
    """An old row as quarantine keeps it: each value as its text, so that every type comes back as it was."""
    texts = ", ".join(f"{row}.{q(name)}::text as {q(name)}" for name in old)
    return f"(select to_jsonb(x) from (select {texts}) x)"

"""Statements that move roots and compare both sides. Parameters: `%(roots)s`, typed keys of old roots; `%(ids)s`, our ids of them."""

from __future__ import annotations

from dataclasses import dataclass

from mainstem.consolidate.compile.catalog import Column
from mainstem.consolidate.compile.children import PARENT, Keyed, Listed
from mainstem.consolidate.compile.compatibility import born
from mainstem.consolidate.compile.relation import RUN, STEP, Relation, make_workflows
from mainstem.consolidate.compile.rows import put_all
from mainstem.consolidate.compile.text import lit, q
from mainstem.consolidate.compile.unpacked import ids_of_steps
from mainstem.consolidate.compile.views import IDS, STRAY, Whole, fold_columns, list_at, row_as_text

QUARANTINE = "mainstem_consolidation.quarantine"


@dataclass(frozen=True)
class Held:
    """Rows of a table that become nothing, and where they are kept."""

    table: str
    old: dict[str, Column]
    key: str
    root: str
    """The column that names the root."""
    condition: str
    """Over `o`: that a row is one of these."""


@dataclass(frozen=True)
class StepIds:
    """How steps get their ids: most of them their old number, by one statement."""

    quick: str
    """Gives how many steps had an id already, or could not have the one of their number."""
    rest: list[str]
    """For those: the ids of steps that moved are taken away, and each without an id gets one."""


@dataclass(frozen=True)
class Put:
    """Rows of ours from those that fold to them."""

    text: str
    after: tuple[str, ...] = ()
    """Statements that most batches do without: `text` gives a count for each, and it is needed where that is not 0."""


@dataclass(frozen=True)
class Apply:
    """How the roots of one table are brought to what they are now: named statements, in order."""

    source: str
    table: str
    key_type: str
    next_roots: str
    """Parameters `after` (a key or NULL) and `limit`."""
    roots_left: str
    """How many come after `after`."""
    known_ids: str
    give_ids: list[str]
    step_ids: StepIds | None
    leaves: str | None
    take_out: list[str]
    put_in: list[Put]
    quarantine: list[str]

    def texts(self) -> list[str]:
        """All of them, in order, for a person to read."""
        ids = [self.step_ids.quick, *self.step_ids.rest] if self.step_ids else []
        puts = [text for put in self.put_in for text in (put.text, *put.after)]
        leaves = [self.leaves] if self.leaves else []
        return [self.next_roots, *self.give_ids, *ids, *leaves, *self.take_out, *puts, *self.quarantine]


def apply_of(whole: Whole, root: Relation, linked: dict[str, bool]) -> Apply:
    """`linked`: child table to whether a validated foreign key keeps it from having orphans."""
    key, keys = q(root.said.key), f"%(roots)s::{root.key.type}[]"
    old, is_row = q(whole.old_schema, root.table), root in whole.rows
    where = f" and ({root.said.where.replace('{row}', 'o')})" if root.said.where else ""
    later = f"{old} o where (%(after)s::{root.key.type} is null or o.{key} > %(after)s::{root.key.type})"
    return Apply(
        source=whole.system,
        table=root.table,
        key_type=root.key.type,
        next_roots=f"select o.{key} from {later} order by o.{key} limit %(limit)s",
        roots_left=f"select count(*) from {later}",
        known_ids=f"select k.new_id from {IDS} k where {whole.ids_of('k', root.table)} and k.old_key = any(%(roots)s::text[])",
        give_ids=[] if is_row else _give_ids(whole, root, where),
        step_ids=_give_step_ids(whole, whole.step, root) if root is whole.run and whole.step else None,
        leaves=f"select mainstem.ensure_workflow_leaf(m.year, 'year') from (select distinct date_trunc('year', {born(root, 'o')}) as year from {old} o where o.{key} = any({keys})) m"
        if root.target == RUN
        else None,
        take_out=[] if is_row else _take_out(),
        put_in=list(map(Put, put_all(whole, root)))
        if is_row
        else [
            *map(Put, _workflows(whole, root, f"{old} o where o.{key} = any({keys})")),
            *_put_in(whole, root, keys),
        ],
        quarantine=[] if is_row else _quarantined(whole, root, keys, linked),
    )


def _give_ids(whole: Whole, root: Relation, where: str) -> list[str]:
    key, keys = q(root.said.key), f"%(roots)s::{root.key.type}[]"
    new_id = f"mainstem.new_run_id({born(root, 'o')})"
    unpacked = whole.unpacked if root is whole.run else None
    old, of_run = q(whole.old_schema, root.table), whole.ids_of("k", root.table)
    return [
        (
            f"insert into {IDS} (source, old_table, old_key, new_id)\n"
            f"select {lit(whole.system)}, {lit(root.table)}, o.{key}::text, {new_id} from {q(whole.old_schema, root.table)} o\n"
            f" where o.{key} = any({keys}){where}\n    on conflict (source, old_table, old_key) do nothing"
        ),
        *(ids_of_steps(unpacked, whole.system, old, of_run, keys) if unpacked else []),
    ]


def _give_step_ids(whole: Whole, step: Relation, run: Relation) -> StepIds:
    keys = f"%(roots)s::{run.key.type}[]"
    steps, key = q(whole.old_schema, step.table), q(step.said.key)
    run_column, number = q(step.run_column), q(step.number_column)
    where = f" and ({step.said.where.replace('{row}', 'o')})" if step.said.where else ""
    of_run = f"{whole.ids_of('kr', run.table)} and kr.old_key = o.{run_column}::text"
    quick = (
        f"with wanted as (\n  select o.{key} as key, kr.new_id as run_id, o.{number}::bigint as number\n"
        f"    from {steps} o join {IDS} kr on {of_run} where o.{run_column} = any({keys}){where}\n), given as (\n"
        f"  insert into {IDS} (source, old_table, old_key, new_id)\n"
        f"  select {lit(whole.system)}, {lit(step.table)}, w.key::text, mainstem.step_id(w.run_id, w.number::integer)\n"
        "    from wanted w where w.number between 1 and 16777215 order by w.key\n      on conflict do nothing returning 1\n)\n"
        "select (select count(*) from wanted) - (select count(*) from given)"
    )
    rest = [
        (
            f"delete from {IDS} k using {steps} o, {IDS} kr\n where o.{run_column} = any({keys}) and {whole.ids_of('k', step.table)} and k.old_key = o.{key}::text\n"
            f"   and {of_run} and mainstem.run_of(k.new_id) <> kr.new_id"
        ),
        (
            f"select mainstem_consolidation.take_step_ids({lit(whole.system)}, {lit(step.table)}, {lit(run.table)},\n"
            f"         array_agg(o.{key}::text order by o.{key}), array_agg(o.{run_column}::text order by o.{key}), array_agg(o.{number}::bigint order by o.{key}))\n"
            f"  from {steps} o where o.{run_column} = any({keys}){where}"
        ),
    ]
    return StepIds(quick, rest)


def _workflows(whole: Whole, root: Relation, rows: str) -> list[str]:
    return make_workflows(whole.mapping, root, rows) if root is whole.run else []


def _take_out() -> list[str]:
    return [
        f"delete from mainstem.{name} r where r.run_id = any(%(ids)s::uuid[])"
        for name in ("user_workflow_event", "user_workflow_run_context", STEP, RUN)
    ]


def _put_in(whole: Whole, root: Relation, keys: str) -> list[Put]:
    puts = [_put(whole, root, keys)]
    if root is whole.run:
        steps = [whole.step, whole.unpacked.step if whole.unpacked else None]
        puts += [_put(whole, relation, keys) for relation in steps if relation]
    return puts


def _put(whole: Whole, relation: Relation, keys: str) -> Put:
    columns = ", ".join(q(name) for name in target_columns(whole, relation))
    text = (
        f"insert into mainstem.{q(relation.target)} ({columns})\n"
        f"select {columns} from {q(whole.work_schema, 'fold_' + relation.table)} where _root = any({keys})"
    )
    after = {**_long_logs(whole, relation, keys), **_strays_of(whole, relation, keys)}
    if not after:
        return Put(text)
    seen = ", ".join(f"{condition} as n{n}" for n, condition in enumerate(after.values()))
    counts = ", ".join(f"count(*) filter (where n{n})" for n in range(len(after)))
    return Put(f"with put as (\n{text}\nreturning {seen})\nselect {counts} from put", tuple(after))


def _long_logs(whole: Whole, relation: Relation, keys: str) -> dict[str, str]:
    """The statement for logs that are too long to fold, and the sign of a row that may have one: it has no events."""
    log = next((one for one in whole.lists if one.is_log), None)
    if log is None or relation not in (whole.run, whole.step):
        return {}
    of = "run" if relation is whole.run else "step"
    text = (
        "insert into mainstem.user_workflow_event (run_id, step_number, event_id, org_id, event_type, event_data, occurred_at)\n"
        f"select l.run_id, l.step_number, l.event_id, (select r.org_id from mainstem.{RUN} r where r.run_id = l.run_id), l.event_type, l.event_data, l.occurred_at\n"
        f"  from {q(whole.work_schema, f'log_{log.table}')} l\n"
        f" where l._root = any({keys}) and l._of = {lit(of)}"
    )
    return {text: "events = '[]'"}


def _strays_of(whole: Whole, relation: Relation, keys: str) -> dict[str, str]:
    """Of each table in lists of steps: the statement that notes where its strays are, and the sign of a step with one."""
    if relation is not whole.step:
        return {}
    return {
        _strays(
            whole, one, keys
        ): f"jsonb_path_exists({list_at(STEP, one.said.into.step)}, {lit(f'$[*].{PARENT}')})"
        for one in whole.lists
        if one.said.step and one.said.into.step
    }


def _strays(whole: Whole, one: Listed, keys: str) -> str:
    step = one.step
    if step is None:
        return ""
    run, own = q(one.said.run), q(step.run_column)
    return (
        f"insert into {STRAY} (source, old_table, new_id)\nselect distinct {lit(whole.system)}, {lit(one.table)}, k.new_id\n"
        f"  from {q(whole.old_schema, step.table)} s join {q(whole.old_schema, one.table)} e on e.{q(one.said.step or '')} = s.{q(step.said.key)}\n"
        f"  join {IDS} k on {whole.ids_of('k', step.table)} and k.old_key = s.{q(step.said.key)}::text\n"
        f" where s.{own} = any({keys}) and e.{run} is distinct from s.{own}\n    on conflict do nothing"
    )


def target_columns(whole: Whole, relation: Relation) -> list[str]:
    if whole.unpacked and relation is whole.unpacked.step:
        return list(relation.columns("e", "k.new_id"))
    columns = list(fold_columns(whole, relation, "o", "k.new_id", with_children=True))
    return [*columns, "org_id"] if relation is whole.step and "org_id" not in columns else columns


def _quarantined(whole: Whole, root: Relation, keys: str, linked: dict[str, bool]) -> list[str]:
    """Rows without a parent, and those that the mapping holds back."""
    texts = [
        f"delete from {QUARANTINE} z where z.source = {lit(whole.system)} and z.root = any(%(roots)s::text[]) and z.old_table = {lit(root.table)}"
    ]
    if root.said.where:
        kept_back = f"not coalesce({root.said.where.replace('{row}', 'o')}, false)"
        held = Held(root.table, root.old, root.said.key, root.said.key, kept_back)
        texts.append(_hold(whole, held, f"o.{q(root.said.key)} = any({keys})", "held back by the mapping"))
    if root is not whole.run:
        return texts
    for child in _children(whole):
        if not linked.get(child.table):
            of_roots = f"z.source = {lit(whole.system)} and z.root = any(%(roots)s::text[]) and z.old_table = {lit(child.table)}"
            texts.append(f"delete from {QUARANTINE} z where {of_roots}")
            texts.append(_hold(whole, child, f"o.{q(child.root)} = any({keys})", "has no parent"))
    return texts


def orphans_of_none(whole: Whole, linked: dict[str, bool]) -> list[str]:
    """Rows whose run is not there at all, or who name none: no root brings them along."""
    if whole.run is None:
        return []
    run = whole.run
    texts = []
    for child in _children(whole):
        if not linked.get(child.table):
            missing = f"not exists (select from {q(whole.old_schema, run.table)} p where p.{q(run.said.key)} = o.{q(child.root)})"
            texts.append(_hold(whole, child, missing, "has no parent"))
    return texts


def _children(whole: Whole) -> list[Held]:
    """Orphans of each child table."""
    found: list[Held] = []
    run, step = whole.run, whole.step
    if run is None:
        return found
    no_run = (
        f"not exists (select from {q(whole.old_schema, run.table)} r where r.{q(run.said.key)} = o.{{run}})"
    )
    if step:
        column = step.run_column
        found.append(Held(step.table, step.old, step.said.key, column, no_run.replace("{run}", q(column))))
    children: list[Listed | Keyed] = [*whole.lists, *whole.contexts]
    for child in children:
        condition = no_run.replace("{run}", q(child.said.run))
        if isinstance(child, Listed) and child.said.step and step:
            named = q(child.said.step)
            no_step = f"not exists (select from {q(whole.old_schema, step.table)} s where s.{q(step.said.key)} = o.{named})"
            condition = f"case when o.{named} is null then {condition} else {no_step} end"
        found.append(Held(child.table, child.old, child.said.key, child.said.run, condition))
    return found


def _hold(whole: Whole, held: Held, which: str, reason: str) -> str:
    return (
        f"insert into {QUARANTINE} (source, old_table, old_key, root, old_row, reason)\n"
        f"select {lit(whole.system)}, {lit(held.table)}, o.{q(held.key)}::text, coalesce(o.{q(held.root)}::text, ''), {row_as_text(held.old, 'o')}, {lit(reason)}\n"
        f"  from {q(whole.old_schema, held.table)} o where ({held.condition}) and {which}\n"
        "    on conflict (source, old_table, old_key) do update set old_row = excluded.old_row, root = excluded.root, reason = excluded.reason"
    )


def row_hash(columns: list[tuple[str, str]], alias: str) -> str:
    """A row's digest: sha256 of the JSON array of its values, NULL apart from every text. `json` counts with its spaces."""
    values = [
        f"{alias}.{q(name)}::text" if type_name == "json" else f"{alias}.{q(name)}"
        for name, type_name in columns
    ]
    arrays = " || ".join(
        f"jsonb_build_array({', '.join(values[n : n + 90])})" for n in range(0, len(values), 90)
    )
    return f"encode(sha256(convert_to(({arrays})::text, 'UTF8')), 'hex')"


def digest(columns: list[tuple[str, str]], relation: str, where: str = "true") -> str:
    """Count and two lanes of 60 bits, whatever the order; a row that is there twice counts twice."""
    return (
        "select count(*), coalesce(sum(('x' || substr(q.h, 1, 15))::bit(60)::bigint::numeric), 0)::text,\n"
        "       coalesce(sum(('x' || substr(q.h, 16, 15))::bit(60)::bigint::numeric), 0)::text\n"
        f"  from (select {row_hash(columns, 't')} as h from {relation} t where {where}) q"
    )

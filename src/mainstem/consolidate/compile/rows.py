"""Rows that become rows of our definition tables: put and dropped one at a time, by the copy and by the old names alike.

They refer to each other, so that each is put by a function that knows what waits for it. A row that ours cannot hold is kept in
quarantine, is shown and written under its old name there, and comes out when what it names has come.
"""

from __future__ import annotations

from mainstem.consolidate.compile.catalog import Catalog
from mainstem.consolidate.compile.compatibility import default_key, exists_already, instead, required
from mainstem.consolidate.compile.relation import Relation
from mainstem.consolidate.compile.text import lit, q
from mainstem.consolidate.compile.views import BESIDE, IDS, Whole, row_as_text, target_key
from mainstem.consolidate.mapping import Row

QUARANTINE = "mainstem_consolidation.quarantine"
_OPENING = "language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$\n#variable_conflict use_column\n"


def said_of(relation: Relation) -> Row:
    if not isinstance(relation.said, Row):
        raise TypeError(f"{relation.table} becomes no rows")
    return relation.said


def row_functions(whole: Whole, relation: Relation) -> str:
    """`put_TABLE`, of one old row, and `drop_TABLE`, of one old key. They run as whoever calls: the migrator, or a trigger of the old name."""
    return _put_function(whole, relation) + _drop_function(whole, relation)


def called_with(whole: Whole, relation: Relation, row: str) -> str:
    """`put_TABLE` of a row that goes by this alias, whether it is of the old table or of the view in its place."""
    return f"{q(whole.work_schema, 'put_' + relation.table)}({_whole_row(whole, relation, row)})"


def _whole_row(whole: Whole, relation: Relation, row: str) -> str:
    values = ", ".join(f"{row}.{q(name)}" for name in relation.old)
    return f"row(null::uuid, {values})::{q(whole.work_schema, 'unfold_' + relation.table)}"


def put_all(whole: Whole, relation: Relation) -> list[str]:
    """Statements of a batch: roots that are gone are dropped, the others put."""
    key, keys = q(relation.said.key), f"%(roots)s::{relation.key.type}[]"
    old = q(whole.old_schema, relation.table)
    drop = q(whole.work_schema, f"drop_{relation.table}")
    gone = f"not exists (select from {old} o where o.{key} = g.key)"
    return [
        f"select {drop}(g.key::text) from unnest({keys}) g (key) where {gone}",
        f"select {called_with(whole, relation, 'o')} from {old} o where o.{key} = any({keys})",
    ]


def referring(whole: Whole, relation: Relation) -> list[tuple[Relation, str]]:
    """Relations with rows that name one of these, each with the column that does."""
    return [
        (other, column)
        for other in whole.rows
        for column, tables in said_of(other).refers.items()
        if relation.table in tables
    ]


def _ours(relation: Relation) -> str:
    return f"mainstem.{q(relation.target)}"


def _id_of(whole: Whole, relation: Relation, key: str) -> str:
    return f"  select k.new_id into v_id from {IDS} k where {whole.ids_of('k', relation.table)} and k.old_key = {key};\n"


def _put_function(whole: Whole, relation: Relation) -> str:
    said, table, key = said_of(relation), relation.table, f"p.{q(relation.said.key)}"
    function = q(whole.work_schema, f"put_{table}")
    own = f"select from {IDS} k where k.new_id = {key}"
    taken = f"exists ({own}) or exists (select from {_ours(relation)} r where r.{q(target_key(relation))} = {key})"
    new_id = (
        f"case when {taken} then gen_random_uuid() else {key} end"
        if relation.key.type == "uuid"
        else "gen_random_uuid()"
    )
    held_back = (
        f"  if not coalesce(({said.where.replace('{row}', 'p').replace('{id}', 'v_id')}), false) then\n"
        f"    perform {q(whole.work_schema, 'drop_' + table)}({key}::text);\n{_hold(whole, relation)}    return v_id;\n  end if;\n"
        if said.where
        else ""
    )
    return (
        f"create or replace function {function}(p {q(whole.work_schema, 'unfold_' + table)}) returns uuid {_OPENING}"
        f"declare\n  v_id uuid;\n  was {_ours(relation)};\n  ours {_ours(relation)};\nbegin\n"
        f"{_id_of(whole, relation, f'{key}::text')}"
        f"  if v_id is null then\n    v_id := {new_id};\n"
        f"    insert into {IDS} (source, old_table, old_key, new_id) values ({lit(whole.system)}, {lit(table)}, {key}::text, v_id);\n  end if;\n"
        f"{held_back}  delete from {QUARANTINE} z where {whole.ids_of('z', table)} and z.old_key = {key}::text;\n"
        f"{_upsert(whole, relation)}{_again(whole, relation, key)}{_both(relation)}  return v_id;\nend $$;\n"
    )


def _hold(whole: Whole, relation: Relation) -> str:
    arms = "".join(
        f" when {held.when.replace('{row}', 'p')} then {lit(held.because)}" for held in said_of(relation).held
    )
    reason = f"case{arms or ' when false then null'} else {lit('held back by the mapping')} end"
    return (
        f"    insert into {QUARANTINE} (source, old_table, old_key, root, old_row, reason)\n"
        f"    values ({lit(whole.system)}, {lit(relation.table)}, p.{q(relation.said.key)}::text, p.{q(relation.said.key)}::text,"
        f" {row_as_text(relation.old, 'p')}, {reason})\n"
        "        on conflict (source, old_table, old_key) do update set old_row = excluded.old_row, reason = excluded.reason;\n"
    )


def _upsert(whole: Whole, relation: Relation) -> str:
    """An update where it is there: what else new code wrote into our row stays, and the keys that refer to it hold."""
    key = target_key(relation)
    columns = relation.columns("o", "v_id")
    selected = ",\n    ".join(f"{expression} as {q(name)}" for name, expression in columns.items())
    stages = relation.stages("o", "v_id")
    beside, kept = "", ""
    if relation.keeps_beside and "metadata" in columns:
        kept = (
            f",\n  kept as (insert into {BESIDE} (source, new_id, metadata) select {lit(whole.system)}, v_id, n.metadata from n\n"
            "    on conflict (source, new_id) do update set metadata = excluded.metadata)"
        )
        beside = "metadata"
    place = {name: _merged(relation, name) for name in columns if name != beside}
    given = said_of(relation).given
    opening = f"  with n as materialized (select\n    {selected}\n    from (select p.*) o\n{stages}){kept}\n"
    assigned = [
        *(f"{q(name)} = {value}" for name, value in place.items()),
        *(f"{q(name)} = {_given(text, f'r.{q(name)}')}" for name, text in given.items()),
    ]
    named = ", ".join(map(q, [*place, *given]))
    values = ", ".join(
        [*(f"n.{q(name)}" for name in place), *(_given(text, "null") for text in given.values())]
    )
    return (
        f"  select r.* into was from {_ours(relation)} r where r.{q(key)} = v_id;\n"
        f"  if found then\n{opening}  update {_ours(relation)} r set\n    {', '.join(assigned)}\n    from n where r.{q(key)} = v_id returning r.* into ours;\n"
        f"  else\n{opening}  insert into {_ours(relation)} as r ({named})\n  select {values} from n returning r.* into ours;\n  end if;\n"
    )


def _given(text: str, now: str) -> str:
    return "(" + text.replace("{row}", "p").replace("{id}", "v_id").replace("{now}", now) + ")"


def _merged(relation: Relation, column: str) -> str:
    keys = relation.owned_keys(column)
    return (
        f"(r.{q(column)} - array[{', '.join(map(lit, keys))}]) || n.{q(column)}" if keys else f"n.{q(column)}"
    )


def _after(relation: Relation, ours: str = "ours") -> str:
    return "".join(f"  {text.replace('{ours}', ours)};\n" for text in said_of(relation).after)


def _both(relation: Relation) -> str:
    """Of the row as it was, too: it may have left a place."""
    if not said_of(relation).after:
        return ""
    return f"  if was is distinct from null then\n{_after(relation, 'was')}  end if;\n{_after(relation)}"


def _again(whole: Whole, relation: Relation, key: str) -> str:
    """Rows that name this one are put anew: it has come."""
    return "".join(
        f"  perform {called_with(whole, other, 'x')} from {_naming(whole, other, column, key)};\n"
        for other, column in referring(whole, relation)
    )


def _naming(whole: Whole, other: Relation, column: str, key: str) -> str:
    return f"{q(whole.old_schema, other.table)} x where x.{q(column)} = ({key})::{other.old[column].type}"


def _drop_function(whole: Whole, relation: Relation) -> str:
    key = target_key(relation)
    others = referring(whole, relation)
    rows_of = {f"named_{n}": other for n, (other, _) in enumerate(others)}
    declared = "".join(
        f"  {name} {q(whole.work_schema, 'unfold_' + other.table)}[];\n" for name, other in rows_of.items()
    )
    kept = "".join(
        f"  select array_agg({_whole_row(whole, other, 'x')}) into named_{n} from {_naming(whole, other, column, 'p_key')};\n"
        for n, (other, column) in enumerate(others)
    )
    held = "".join(
        f"  perform {called_with(whole, other, 'x')} from unnest({name}) x;\n"
        for name, other in rows_of.items()
    )
    unnamed = "".join(
        f"  delete from {_ours(other)} x where x.{q(other.ways[column].place.column)} = v_id;\n"
        for other, column in others
        if not other.ways[column].place.path
    )
    return (
        f"create or replace function {q(whole.work_schema, 'drop_' + relation.table)}(p_key text) returns void {_OPENING}"
        f"declare\n  v_id uuid;\n  was {_ours(relation)};\n{declared}begin\n"
        f"  delete from {QUARANTINE} z where {whole.ids_of('z', relation.table)} and z.old_key = p_key;\n"
        f"{_id_of(whole, relation, 'p_key')}"
        f"  select r.* into was from {_ours(relation)} r where r.{q(key)} = v_id;\n  if not found then\n    return;\n  end if;\n"
        f"{kept}{unnamed}  delete from {_ours(relation)} x where x.{q(key)} = v_id;\n"
        f"  delete from {BESIDE} b where b.source = {lit(whole.system)} and b.new_id = v_id;\n"
        f"{_after(relation, 'was')}{held}end $$;\n"
    )


def row_triggers(whole: Whole, catalog: Catalog, relation: Relation) -> str:
    """Of the old name. One write at a time: old unique keys are looked at as the old table's index did."""
    table, key = relation.table, relation.said.key
    one_at_a_time = (
        f"  perform pg_advisory_xact_lock(hashtextextended({lit(f'rows of {whole.system}')}, 0));\n"
    )
    put = f"  v_id := {called_with(whole, relation, 'new')};\n"
    drop = f"  perform {q(whole.work_schema, 'drop_' + table)}(old.{q(key)}::text);\n"
    view = q(whole.work_schema, f"unfold_{table}")
    is_there = f"  if exists (select from {view} u where u.{q(key)} = new.{q(key)}) then\n{exists_already(table, key)}  end if;\n"
    note = f"  insert into mainstem_consolidation.written_since (source, new_id) select {lit(whole.system)}, v_id where v_id is not null;\n"
    found = _id_of(whole, relation, f"old.{q(key)}::text")
    needed = required(table, relation.old)
    uniques = "".join(_unique(relation, view, columns) for columns in catalog.old_uniques.get(table, []))
    moved = f"  if new.{q(key)} is distinct from old.{q(key)} then\n{is_there}{found}{note}{drop}  end if;\n"
    gone = "".join(f"  {text.replace('{row}', 'old')};\n" for text in said_of(relation).gone)
    bodies = {
        "insert": default_key(relation.key) + needed + one_at_a_time + is_there + uniques + put + note,
        "update": needed + one_at_a_time + moved + uniques + put + note,
        "delete": one_at_a_time + gone + found + drop + note,
    }
    return "".join(instead(whole, table, event, "  v_id uuid;\n", body) for event, body in bodies.items())


def _unique(relation: Relation, view: str, columns: list[str]) -> str:
    """An old unique key beside the primary one. NULLs are apart, as in the old index."""
    same = " and ".join(f"u.{q(name)} = new.{q(name)}" for name in columns)
    key = relation.said.key
    message = f"duplicate key value violates unique constraint of {relation.table}: {', '.join(columns)}"
    return (
        f"  if exists (select from {view} u where {same} and u.{q(key)} <> new.{q(key)}) then\n"
        f"    raise unique_violation using message = {lit(message)}, table = {lit(relation.table)};\n  end if;\n"
    )


def adoption(whole: Whole, relation: Relation, *, is_on: str) -> str:
    """The body of a trigger before a row of ours is inserted: one that new code wrote gets an old key, and what old code sees in its place."""
    said = said_of(relation)
    if said.adopts is None:
        return ""
    new_id, key = f"new.{q(target_key(relation))}", relation.key
    number = f"{new_id}::text" if key.type == "uuid" else f"({key.default or 'null'})::text"
    where = whole.ids_of("k", relation.table)
    adopts = said.adopts
    prior = f"    prior := ({_of_ours(adopts.instead_of)});\n" if adopts.instead_of else ""
    return (
        f"  if not ({is_on}) or exists (select from {IDS} k where k.new_id = {new_id}) then\n    return new;\n  end if;\n"
        f"  if {_of_ours(adopts.when)} then\n{prior}"
        f"    update {IDS} k set new_id = {new_id} where {where} and k.new_id = prior returning k.old_key into taken;\n"
        f"    if found then\n"
        f"      update {BESIDE} b set new_id = {new_id} where b.source = {lit(whole.system)} and b.new_id = prior;\n"
        f"      delete from {QUARANTINE} z where {whole.ids_of('z', relation.table)} and z.old_key = taken;\n"
        f"    else\n      insert into {IDS} (source, old_table, old_key, new_id) values ({lit(whole.system)}, {lit(relation.table)}, {number}, {new_id});\n    end if;\n"
        f"{_seen(whole, relation, new_id)}  end if;\n"
    )


def _of_ours(text: str) -> str:
    return text.replace("{row}", "new")


def _seen(whole: Whole, relation: Relation, new_id: str) -> str:
    """As an original of each such column: it is shown as long as the value stands that it stands for."""
    adopts = said_of(relation).adopts
    if adopts is None or not adopts.seen:
        return ""
    pieces = [
        f"jsonb_build_object({lit(name)}, (select jsonb_build_object('was', x.was, 'as', {_as_text(relation, name)}) from (select ({_of_ours(text)})::text as was) x where x.was is not null))"
        for name, text in adopts.seen.items()
    ]
    return (
        f"    insert into {BESIDE} as b (source, new_id, metadata)\n"
        f"    values ({lit(whole.system)}, {new_id}, jsonb_build_object('originals', jsonb_strip_nulls({' || '.join(pieces)})))\n"
        "        on conflict (source, new_id) do update set metadata ="
        " jsonb_build_object('originals', coalesce(b.metadata -> 'originals', '{}') || (excluded.metadata -> 'originals'));\n"
    )


def _as_text(relation: Relation, name: str) -> str:
    return f"to_jsonb((new.{q(relation.ways[name].place.column)})::text)"

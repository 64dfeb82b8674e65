"""The old names after the cut-over: views that old code reads and writes.

Each is its unfold view with INSTEAD OF triggers. A write through them is folded as the copy was: what a row says goes where the mapping
sends it, and the rest of our row stays. Events that old code writes go to the event log, not into folded JSON.
"""

from __future__ import annotations

from mainstem.consolidate.compile.catalog import Column
from mainstem.consolidate.compile.relation import ENDED, RUN, STEP, Relation, make_workflows
from mainstem.consolidate.compile.text import listed, lit, q
from mainstem.consolidate.compile.views import IDS, Whole

OPENING = "language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' set datestyle = 'ISO' as $$"


def compatibility_view(whole: Whole, table: str, old: dict[str, Column], lists: str) -> str:
    """`now_TABLE`, which gets the old name at the cut-over; `lists` is the text of its triggers."""
    view = q(whole.work_schema, f"now_{table}")
    columns = ", ".join(q(name) for name in old)
    defaults = "".join(
        f"alter view {view} alter column {q(column.name)} set default {column.default};\n"
        for column in old.values()
        if column.default and not column.is_generated
    )
    return f"create or replace view {view} as select {columns} from {q(whole.work_schema, 'unfold_' + table)};\n{defaults}{lists}"


def instead(whole: Whole, table: str, event: str, declare: str, body: str) -> str:
    """An INSTEAD OF trigger and its function."""
    function = q(whole.work_schema, f"{event}_{table}")
    view = q(whole.work_schema, f"now_{table}")
    row = "old" if event == "delete" else "new"
    return (
        f"create or replace function {function}() returns trigger\n{OPENING}\n#variable_conflict use_column\ndeclare\n{declare}begin\n{body}  return {row};\nend $$;\n"
        f"alter function {function}() owner to mainstem_owner;\n"
        f"create or replace trigger {q(event)} instead of {event} on {view} for each row execute function {function}();\n"
    )


def required(table: str, old: dict[str, Column]) -> str:
    """Old NOT NULL columns and foreign keys to tables that stay, told as PostgreSQL tells them."""
    nulls = "".join(
        f"  if new.{q(column.name)} is null then\n    raise not_null_violation using message = "
        f"{lit(f'null value in column {column.name} of relation {table} violates not-null constraint')}, column = {lit(column.name)}, table = {lit(table)};\n  end if;\n"
        for column in old.values()
        if column.not_null
    )
    return nulls + "".join(
        f"  if new.{q(name)} is distinct from old.{q(name)} and new.{q(name)} is not null\n"
        f"     and not exists (select from {other} f where f.{q(key)} = new.{q(name)}) then\n{no_parent(table, name, other)}  end if;\n"
        for name, column in old.items()
        if column.references
        for other, key in [column.references]
    )


def default_key(relation_key: Column) -> str:
    if relation_key.default is None:
        return ""
    return f"  new.{q(relation_key.name)} := coalesce(new.{q(relation_key.name)}, {relation_key.default});\n"


def exists_already(table: str, key: str) -> str:
    message = f"format('duplicate key value violates unique constraint of {table}: {key} = %s', new.{q(key)})"
    return f"    raise unique_violation using message = {message}, table = {lit(table)};\n"


def no_parent(table: str, column: str, parent: str) -> str:
    message = f"format('insert or update on {table} violates foreign key: %s = %s is not in {parent}', {lit(column)}, new.{q(column)})"
    return f"    raise foreign_key_violation using message = {message}, table = {lit(table)}, column = {lit(column)};\n"


def relation_triggers(whole: Whole, relation: Relation) -> str:
    """Of a table whose rows are runs, or definitions."""
    return _insert_row(whole, relation) + _update_row(whole, relation) + _delete_row(whole, relation)


def put_columns(relation: Relation) -> dict[str, str]:
    """Our columns over `(select new.*) o`."""
    return relation.columns("o", "new_id")


def new_values(relation: Relation, row: str = "select new.*") -> str:
    columns = put_columns(relation)
    out = [f"{expression} as {q(name)}" for name, expression in columns.items()]
    return f"select\n  {listed(out)}\n  from ({row}) o\n{relation.stages('o', 'new_id')}"


def put(relation: Relation, key_condition: str, row: str = "select new.*") -> str:
    """Our row as it would be from the new old row, lists and other keys as they are.

    An ended row that becomes another is taken out and put in again: its guard watches updates, and old code always could do so.
    """
    columns = put_columns(relation)
    values = {name: _merged(relation, name) for name in columns}
    assigned = listed((f"{q(name)} = {value}" for name, value in values.items()), "         ")
    plain = f"    update mainstem.{q(relation.target)} r\n     set {assigned}\n    from ({new_values(relation, row)}) n\n   where {key_condition};\n"
    if relation.target not in ENDED:
        return plain.replace("    update", "  update", 1)
    ended = ", ".join(map(lit, ENDED[relation.target]))
    return (
        f"  if exists (select from mainstem.{q(relation.target)} r where {key_condition} and r.status in ({ended})) then\n"
        f"    delete from mainstem.{q(relation.target)} r where {key_condition} returning * into was;\n"
        f"    select {', '.join(f'{_merged_was(relation, name)}' for name in columns)}\n      into {', '.join(f'was.{q(name)}' for name in columns)}\n"
        f"      from ({new_values(relation, row)}) n;\n"
        f"    insert into mainstem.{q(relation.target)} values (was.*);\n"
        f"  else\n{plain}  end if;\n"
    )


def _merged(relation: Relation, column: str, row: str = "r") -> str:
    keys = relation.owned_keys(column)
    if not keys:
        return f"n.{q(column)}"
    return f"(coalesce({row}.{q(column)}, '{{}}') - array[{', '.join(map(lit, keys))}]) || n.{q(column)}"


def _merged_was(relation: Relation, column: str) -> str:
    return _merged(relation, column, "was")


def _new_id_of(relation: Relation) -> str:
    if relation.target == RUN:
        return f"mainstem.new_run_id({born(relation)})"
    return f"new.{q(relation.said.key)}" if relation.key.type == "uuid" else "gen_random_uuid()"


def born(relation: Relation, row: str = "new") -> str:
    """The time that a run's id is given: within what partitions hold."""
    times = [
        (relation.ways[name].fold if name in relation.ways else f"{{row}}.{q(name)}").replace("{row}", row)
        for name in getattr(relation.said, "time", [])
    ]
    return f"least(greatest(coalesce({', '.join([*times, 'timestamptz ' + lit('1970-01-02 00:00:00+00')])}), '1970-01-02'), '2200-01-01')"


def _insert_row(whole: Whole, relation: Relation) -> str:
    key, table, target = relation.said.key, relation.table, relation.target
    columns = ", ".join(q(name) for name in put_columns(relation))
    target_key = "run_id" if target == RUN else relation.said.columns[key].to
    leaf = f"  perform mainstem.ensure_workflow_leaf({born(relation)});\n" if target == RUN else ""
    made = make_workflows(whole.mapping, relation, "(select new.*) o") if target == RUN else []
    leaf += "".join(f"  {statement};\n" for statement in made)
    body = (
        f"{default_key(relation.key)}{required(table, relation.old)}"
        f"  select k.new_id into new_id from {IDS} k where {whole.ids_of('k', table)} and k.old_key = new.{q(key)}::text;\n"
        f"  if exists (select from mainstem.{q(target)} r where r.{q(target_key)} = new_id) then\n{exists_already(table, key)}  end if;\n"
        f"  if new_id is null then\n    new_id := {_new_id_of(relation)};\n"
        f"    insert into {IDS} values ({lit(whole.system)}, {lit(table)}, new.{q(key)}::text, new_id);\n  end if;\n{leaf}"
        f"  insert into mainstem.{q(target)} ({columns})\n  {new_values(relation)};\n{_rewritten(whole, relation, is_new=True)}"
    )
    return instead(whole, table, "insert", "  new_id uuid;\n", body)


def _update_row(whole: Whole, relation: Relation) -> str:
    key, table = relation.said.key, relation.table
    target_key = "run_id" if relation.target == RUN else relation.said.columns[key].to
    body = (
        f"{required(table, relation.old)}"
        f"  select k.new_id into new_id from {IDS} k where {whole.ids_of('k', table)} and k.old_key = old.{q(key)}::text;\n"
        f"  if new.{q(key)} is distinct from old.{q(key)} then\n"
        f"    update {IDS} k set old_key = new.{q(key)}::text where {whole.ids_of('k', table)} and k.new_id = new_id;\n  end if;\n"
        f"{put(relation, f'r.{q(target_key)} = new_id')}{_rewritten(whole, relation, is_new=False)}"
    ).replace("k.new_id = new_id", "k.new_id = moved")
    body = body.replace(
        f"  if new.{q(key)} is distinct", f"  moved := new_id;\n  if new.{q(key)} is distinct"
    )
    return instead(
        whole, table, "update", f"  new_id uuid;\n  moved uuid;\n  was mainstem.{q(relation.target)};\n", body
    )


def _rewritten(whole: Whole, relation: Relation, *, is_new: bool) -> str:
    """Steps that stand in a column of the row: as they are now, when it has changed."""
    if whole.unpacked is None or relation is not whole.run:
        return ""
    column = q(whole.unpacked.said.column)
    called = f"perform {q(whole.work_schema, 'put_' + whole.unpacked.table)}(new_id, new)"
    if is_new:
        return f"  {called};\n"
    return f"  if new.{column}::text is distinct from old.{column}::text then\n    {called};\n  end if;\n"


def _delete_row(whole: Whole, relation: Relation) -> str:
    key, table = relation.said.key, relation.table
    found = f"  select k.new_id into gone from {IDS} k where {whole.ids_of('k', table)} and k.old_key = old.{q(key)}::text;\n"
    if relation.target == RUN:
        rest = "".join(
            f"  delete from mainstem.{name} x where x.run_id = gone;\n"
            for name in (
                "user_workflow_event",
                "user_workflow_run_context",
                "user_workflow_signal",
                STEP,
                RUN,
            )
        )
    else:
        rest = f"  delete from mainstem.{q(relation.target)} x where x.{q(relation.said.columns[key].to)} = gone;\n"
    return instead(whole, table, "delete", "  gone uuid;\n", found + rest)

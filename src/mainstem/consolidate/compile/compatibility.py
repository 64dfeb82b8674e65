"""The old names after the cut-over: views that old code reads and writes.

Each is its unfold view with INSTEAD OF triggers. A write through them is folded as the copy was: what a row says goes where the mapping
sends it, and the rest of our row stays. Events that old code writes go to the event log, not into folded JSON.
"""

from __future__ import annotations

from mainstem.consolidate.compile.catalog import Catalog, Column
from mainstem.consolidate.compile.children import PARENT, Listed
from mainstem.consolidate.compile.relation import ENDED, RUN, STEP, Relation
from mainstem.consolidate.compile.text import listed, lit, q
from mainstem.consolidate.compile.views import IDS, STRAY, Whole

OPENING = "language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$"


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
    """Old NOT NULL columns, told as PostgreSQL tells them."""
    return "".join(
        f"  if new.{q(column.name)} is null then\n    raise not_null_violation using message = "
        f"{lit(f'null value in column {column.name} of relation {table} violates not-null constraint')}, column = {lit(column.name)}, table = {lit(table)};\n  end if;\n"
        for column in old.values()
        if column.not_null
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


def relation_triggers(whole: Whole, catalog: Catalog, relation: Relation) -> str:
    """Of a table whose rows are rows of ours."""
    if relation is whole.step:
        return _step_triggers(whole, catalog, relation)
    return _insert_row(whole, relation) + _update_row(whole, relation) + _delete_row(whole, relation)


def put_columns(relation: Relation) -> dict[str, str]:
    """Our columns over `(select new.*) o`."""
    return relation.columns("o", "new_id")


def new_values(relation: Relation) -> str:
    columns = put_columns(relation)
    out = [f"{expression} as {q(name)}" for name, expression in columns.items()]
    return f"select\n  {listed(out)}\n  from (select new.*) o\n{relation.stages('o', 'new_id')}"


def put(relation: Relation, key_condition: str) -> str:
    """Our row as it would be from the new old row, lists and other keys as they are.

    An ended row that becomes another is taken out and put in again: its guard watches updates, and old code always could do so.
    """
    columns = put_columns(relation)
    values = {name: _merged(relation, name) for name in columns}
    assigned = listed((f"{q(name)} = {value}" for name, value in values.items()), "         ")
    plain = f"    update mainstem.{q(relation.target)} r\n     set {assigned}\n    from ({new_values(relation)}) n\n   where {key_condition};\n"
    if relation.target not in ENDED:
        return plain.replace("    update", "  update", 1)
    ended = ", ".join(map(lit, ENDED[relation.target]))
    return (
        f"  if exists (select from mainstem.{q(relation.target)} r where {key_condition} and r.status in ({ended})) then\n"
        f"    delete from mainstem.{q(relation.target)} r where {key_condition} returning * into was;\n"
        f"    select {', '.join(f'{_merged_was(relation, name)}' for name in columns)}\n      into {', '.join(f'was.{q(name)}' for name in columns)}\n"
        f"      from ({new_values(relation)}) n;\n"
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
    body = (
        f"{default_key(relation.key)}{required(table, relation.old)}"
        f"  select k.new_id into new_id from {IDS} k where {whole.ids_of('k', table)} and k.old_key = new.{q(key)}::text;\n"
        f"  if exists (select from mainstem.{q(target)} r where r.{q(target_key)} = new_id) then\n{exists_already(table, key)}  end if;\n"
        f"  if new_id is null then\n    new_id := {_new_id_of(relation)};\n"
        f"    insert into {IDS} values ({lit(whole.system)}, {lit(table)}, new.{q(key)}::text, new_id);\n  end if;\n{leaf}"
        f"  insert into mainstem.{q(target)} ({columns})\n  {new_values(relation)};\n"
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
        f"{put(relation, f'r.{q(target_key)} = new_id')}"
    ).replace("k.new_id = new_id", "k.new_id = moved")
    body = body.replace(
        f"  if new.{q(key)} is distinct", f"  moved := new_id;\n  if new.{q(key)} is distinct"
    )
    return instead(
        whole, table, "update", f"  new_id uuid;\n  moved uuid;\n  was mainstem.{q(relation.target)};\n", body
    )


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


def _keep_their_run(whole: Whole, step: Relation, run_column: str) -> str:
    """A step went to another run, and its elements go on naming the one they named."""
    text = ""
    at = "r.run_id = mainstem.run_of(new_id) and r.step_number = mainstem.step_number_of(new_id)"
    run = f"jsonb_build_object({lit(PARENT)}, to_jsonb(old.{q(run_column)}))"
    for one in [found for found in whole.lists if found.said.into.step]:
        logged = ""
        if one.is_log:
            text += (
                "    select jsonb_agg(jsonb_build_object('event_id', e.event_id, 'event_type', e.event_type, 'event_data', e.event_data,\n"
                "             'timestamp', e.occurred_at)) into logged\n"
                "      from mainstem.user_workflow_event e where e.run_id = mainstem.run_of(was_id) and e.step_number = mainstem.step_number_of(was_id);\n"
                "    delete from mainstem.user_workflow_event e where e.run_id = mainstem.run_of(was_id) and e.step_number = mainstem.step_number_of(was_id);\n"
            )
            logged = " || coalesce(logged, '[]')"
        column = q(one.said.into.step or "")
        text += (
            f"    update mainstem.{step.target} r set {column} = coalesce((select jsonb_agg({run} || j.value order by j.ordinality)\n"
            f"      from jsonb_array_elements(r.{column}{logged}) with ordinality j where {one.is_mine('j.value')}), '[]')"
            f"{_of_others(one, column)} where {at};\n"
            f"    insert into {STRAY} values ({lit(whole.system)}, {lit(one.table)}, new_id) on conflict do nothing;\n"
        )
    return text


def _to_its_run(one: Listed) -> str:
    """What meant the step by its number outlives it."""
    column, _, key = one.said.into.run.partition(".")
    there = f"r.{q(column)} -> {lit(key)}" if key else f"r.{q(column)}"
    joined = f"coalesce({there}, '[]') || moved.elements"
    value = f"r.{q(column)} || jsonb_build_object({lit(key)}, {joined})" if key else joined
    return (
        f"  update mainstem.{RUN} r set {q(column)} = {value}\n    from (select jsonb_agg(j.value order by j.ordinality) as elements\n"
        f"            from mainstem.{STEP} s cross join lateral jsonb_array_elements(s.{q(one.said.into.step or '')}) with ordinality j\n"
        f"           where s.run_id = mainstem.run_of(gone) and s.step_number = mainstem.step_number_of(gone) and {one.is_mine('j.value')}) moved\n"
        "   where r.run_id = mainstem.run_of(gone) and moved.elements is not null;\n"
    )


def _of_others(one: Listed, column: str) -> str:
    """What other tables have in the same list stays as it is."""
    if not one.others:
        return ""
    return (
        " || coalesce((select jsonb_agg(j.value order by j.ordinality)"
        f" from jsonb_array_elements(r.{column}) with ordinality j where not ({one.is_mine('j.value')})), '[]')"
    )


def _step_triggers(whole: Whole, catalog: Catalog, relation: Relation) -> str:
    run, table, said = whole.run, relation.table, relation.said
    if run is None:
        return ""
    run_column, number, key = str(getattr(said, "run")), str(getattr(said, "number")), said.key  # noqa: B009
    ids = f"  select k.new_id into new_run from {IDS} k join mainstem.{RUN} r on r.run_id = k.new_id\n   where {whole.ids_of('k', run.table)} and k.old_key = new.{q(run_column)}::text;\n"
    orphan = f"  if new_run is null then\n{no_parent(table, run_column, run.table)}  end if;\n"
    taken = (
        f"  perform mainstem_consolidation.take_step_ids({lit(whole.system)}, {lit(table)}, {lit(run.table)}, array[new.{q(key)}::text],"
        f" array[new.{q(run_column)}::text], array[new.{q(number)}]::bigint[]);\n"
        f"  select k.new_id into new_id from {IDS} k where {whole.ids_of('k', table)} and k.old_key = new.{q(key)}::text;\n"
    )
    unique = ""
    if {run_column, number} in [set(columns) for columns in catalog.old_uniques.get(table, [])]:
        other = f"select from {q(whole.work_schema, 'unfold_' + table)} u where u.{q(run_column)} = new.{q(run_column)} and u.{q(number)} = new.{q(number)} and u.{q(key)} <> new.{q(key)}"
        unique = f"  if exists ({other}) then\n{exists_already(table, number)}  end if;\n"
    columns = ", ".join(q(name) for name in put_columns(relation))
    insert = (
        f"{default_key(relation.key)}{required(table, relation.old)}{ids}{orphan}"
        f"  if exists (select from {q(whole.work_schema, 'unfold_' + table)} u where u.{q(key)} = new.{q(key)}) then\n{exists_already(table, key)}  end if;\n"
        f"{unique}  delete from {IDS} k where {whole.ids_of('k', table)} and k.old_key = new.{q(key)}::text;\n{taken}"
        f"  insert into mainstem.{STEP} ({columns})\n  {new_values(relation)};\n"
    )
    move = (
        f"  select k.new_id into was_id from {IDS} k where {whole.ids_of('k', table)} and k.old_key = old.{q(key)}::text;\n"
        f"  if new.{q(run_column)} is distinct from old.{q(run_column)} or new.{q(key)} is distinct from old.{q(key)} then\n{ids}{orphan}"
        f"    delete from {IDS} k where {whole.ids_of('k', table)} and k.old_key = old.{q(key)}::text;\n{taken}"
        f"    update mainstem.{STEP} r set run_id = mainstem.run_of(new_id), step_number = mainstem.step_number_of(new_id), step_id = new_id\n"
        "     where r.run_id = mainstem.run_of(was_id) and r.step_number = mainstem.step_number_of(was_id);\n"
        f"{_keep_their_run(whole, relation, run_column)}"
        "  else\n    new_id := was_id;\n  end if;\n"
    )
    update = f"{required(table, relation.old)}{unique}{move}{put(relation, 'r.run_id = mainstem.run_of(new_id) and r.step_number = mainstem.step_number_of(new_id)')}"
    delete = (
        f"  select k.new_id into gone from {IDS} k where {whole.ids_of('k', table)} and k.old_key = old.{q(key)}::text;\n"
        + "".join(_to_its_run(one) for one in whole.lists if one.said.number and one.said.into.step)
        + "".join(
            f"  delete from mainstem.{name} x where x.run_id = mainstem.run_of(gone) and x.step_number = mainstem.step_number_of(gone);\n"
            for name in ("user_workflow_event", STEP)
        )
    )
    variables = f"  new_id uuid;\n  new_run uuid;\n  was_id uuid;\n  logged jsonb;\n  was mainstem.{STEP};\n"
    return (
        instead(whole, table, "insert", variables, insert)
        + instead(whole, table, "update", variables, update)
        + instead(whole, table, "delete", "  gone uuid;\n", delete)
    )

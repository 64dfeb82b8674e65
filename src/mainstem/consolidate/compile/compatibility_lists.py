"""The old names of rows that are parts of their parent now: writes through them find the list, the log or the context."""

from __future__ import annotations

from mainstem.consolidate.compile.children import Keyed, Listed
from mainstem.consolidate.compile.compatibility import (
    default_key,
    exists_already,
    instead,
    no_parent,
    required,
)
from mainstem.consolidate.compile.relation import ENDED, RUN, STEP, Relation
from mainstem.consolidate.compile.text import lit, q
from mainstem.consolidate.compile.views import IDS, STRAY, Whole

_PARENT = "  parent uuid;\n  run_key text;\n  org uuid;\n"


def element_triggers(whole: Whole, one: Listed) -> str:
    """Insert goes to the log, or to the end of the list; update and delete find the element where it is.

    The run is said with `=`, which an index serves, before it is said for NULLs as well.
    """
    key = one.old[one.said.key]
    insert = (
        f"{default_key(key)}{required(one.table, one.old)}"
        f"  if exists (select from {q(whole.work_schema, 'unfold_' + one.table)} u where u.{q(key.name)} = new.{q(key.name)}"
        f" and u.{q(one.said.run)} = new.{q(one.said.run)} and {_same_parent(one, 'u', 'new')}) then\n{exists_already(one.table, key.name)}  end if;\n"
        f"{_find_parent(whole, one, 'new')}{_add(one)}{_stray(whole, one)}"
    )
    update = (
        f"{required(one.table, one.old)}{_find_parent(whole, one, 'old')}"
        f"  if {_same_parent(one, 'new', 'old')} then\n{_replace(one)}  else\n{_remove(one)}{_find_parent(whole, one, 'new')}{_add(one)}{_stray(whole, one)}  end if;\n"
    )
    delete = f"{_find_parent(whole, one, 'old', is_there=True)}{_remove(one)}"
    return (
        instead(whole, one.table, "insert", _PARENT, insert)
        + instead(whole, one.table, "update", _PARENT, update)
        + instead(whole, one.table, "delete", _PARENT, delete)
    )


def _same_parent(one: Listed, left: str, right: str) -> str:
    columns = [name for name in (one.said.run, one.said.step, one.said.number) if name]
    return " and ".join(f"{left}.{q(name)} is not distinct from {right}.{q(name)}" for name in columns)


def _find_parent(whole: Whole, one: Listed, row: str, *, is_there: bool = False) -> str:
    """Sets `parent` to the id of the run or the step, `org` to its tenant."""
    by_run = (
        f"select r.run_id, r.org_id into parent, org from {IDS} k join mainstem.{RUN} r on r.run_id = k.new_id\n"
        f"     where {whole.ids_of('k', one.run.table)} and k.old_key = {row}.{q(one.said.run)}::text;\n"
    )
    missing = (
        ""
        if is_there or row == "old"
        else f"  if parent is null then\n{no_parent(one.table, one.said.run, one.run.table)}  end if;\n"
    )
    of_run = f"  select k.old_key into run_key from {IDS} k where {whole.ids_of('k', one.run.table)} and k.new_id = mainstem.run_of(parent);\n"
    if one.step is None or not one.has_steps:
        return f"  {by_run}{missing}{of_run}"
    if not one.said.step:
        found = _where_it_is(whole, one) if row == "old" else _by_number(whole, one, one.step)
        return f"  {found}  if parent is null then\n    {by_run}  end if;\n{missing}{of_run}"
    by_step = (
        f"select r.step_id, r.org_id into parent, org from {IDS} k join mainstem.{STEP} r\n"
        f"        on r.run_id = mainstem.run_of(k.new_id) and r.step_number = mainstem.step_number_of(k.new_id)\n"
        f"     where {whole.ids_of('k', one.step.table)} and k.old_key = {row}.{q(one.said.step)}::text;\n"
    )
    return f"  if {row}.{q(one.said.step)} is null then\n    {by_run}  else\n    {by_step}  end if;\n{missing}{of_run}"


def _by_number(whole: Whole, one: Listed, step: Relation) -> str:
    """Sets `parent` to the step that has the number which the new row says, in its run."""
    run, number = (q(str(getattr(step.said, name))) for name in ("run", "number"))
    return (
        f"select k.new_id, r.org_id into parent, org from {q(whole.work_schema, 'unfold_' + step.table)} u\n"
        f"    join {IDS} k on {whole.ids_of('k', step.table)} and k.old_key = u.{q(step.said.key)}::text\n"
        f"    join mainstem.{RUN} r on r.run_id = mainstem.run_of(k.new_id)\n"
        f"   where u.{run} = new.{q(one.said.run)} and u.{number} = new.{q(one.said.number or '')};\n"
    )


def _where_it_is(whole: Whole, one: Listed) -> str:
    """Sets `parent` to the step whose list has the old row: its number may have changed since."""
    strays = f"select y.new_id from {STRAY} y where y.source = {lit(whole.system)} and y.old_table = {lit(one.table)}"
    return (
        f"select s.step_id, s.org_id into parent, org from mainstem.{STEP} s\n"
        f"   where (s.run_id = (select k.new_id from {IDS} k where {whole.ids_of('k', one.run.table)} and k.old_key = old.{q(one.said.run)}::text)\n"
        f"          or s.run_id in (select mainstem.run_of(y.new_id) from ({strays}) y))\n"
        f"     and exists (select from jsonb_array_elements(s.{q(one.said.into.step or '')}) j where {_is_it(one, 'j.value')}) limit 1;\n"
    )


def _element(one: Listed) -> str:
    """The new row as an object, with the run that it names where that is not the one it stands in."""
    return one.element("new", f"run_key::{one.old[one.said.run].type}")


def _stray(whole: Whole, one: Listed) -> str:
    if not one.said.step:
        return ""
    return (
        f"  if mainstem.step_number_of(parent) > 0 and run_key is distinct from new.{q(one.said.run)}::text then\n"
        f"    insert into {STRAY} values ({lit(whole.system)}, {lit(one.table)}, parent) on conflict do nothing;\n  end if;\n"
    )


def _add(one: Listed) -> str:
    at_the_end = _with_lists(one, f"coalesce({{list}}, '[]') || jsonb_build_array({_element(one)})")
    if one.is_log:  # the log has no place for the run that an element names beside its step's
        values = {way.place.column: way.fold.replace("{row}", "new") for way in one.ways.values()}
        return (
            f"  if run_key is not distinct from new.{q(one.said.run)}::text then\n"
            "  insert into mainstem.user_workflow_event (run_id, step_number, event_id, org_id, event_type, event_data, occurred_at)\n"
            f"  values (mainstem.run_of(parent), mainstem.step_number_of(parent), {values['event_id']}, org, {values['event_type']},\n"
            f"          coalesce({values['event_data']}, '{{}}'), coalesce({values['timestamp']}, mainstem.clock()));\n  else\n{at_the_end}  end if;\n"
        )
    return at_the_end


def _replace(one: Listed) -> str:
    changed = (
        f"(select jsonb_agg(case when {_is_it(one, 'j.value')} then {_element(one)} else j.value end order by j.ordinality)"
        " from jsonb_array_elements({list}) with ordinality j)"
    )
    in_lists = _with_lists(one, changed)
    if not one.is_log:
        return in_lists
    values = {way.place.column: way.fold.replace("{row}", "new") for way in one.ways.values()}
    return (
        f"  update mainstem.user_workflow_event e set event_id = {values['event_id']}, event_type = {values['event_type']},\n"
        f"         event_data = {values['event_data']}, occurred_at = {values['timestamp']}\n   where {_in_log(one)};\n"
        f"  if not found then\n{in_lists}  end if;\n"
    )


def _remove(one: Listed) -> str:
    left = (
        f"(select coalesce(jsonb_agg(j.value order by j.ordinality) filter (where not ({_is_it(one, 'j.value')})), '[]')"
        " from jsonb_array_elements({list}) with ordinality j)"
    )
    in_lists = _with_lists(one, left)
    if not one.is_log:
        return in_lists
    return f"  delete from mainstem.user_workflow_event e where {_in_log(one)};\n  if not found then\n{in_lists}  end if;\n"


def _key_value(one: Listed) -> str:
    return one.ways[one.said.key].fold.replace("{row}", "old")


def _in_log(one: Listed) -> str:
    key = _key_value(one)
    known = (
        f"(e.event_id = {key} or mainstem_consolidation.number_of_id(e.event_id) = old.{q(one.said.key)})"
        if "id_of_number" in key
        else f"e.event_id = {key}"
    )
    return (
        f"e.run_id = mainstem.run_of(parent) and e.step_number = mainstem.step_number_of(parent) and {known}"
    )


def _is_it(one: Listed, element: str) -> str:
    key = f"({one.read(one.said.key, element)}) is not distinct from old.{q(one.said.key)}"
    return f"case when {one.is_mine(element)} then {key} else false end" if one.others else key


def _with_lists(one: Listed, changed: str) -> str:
    """An update of the parent's list, of the run or the step."""
    of_run = _update(one.said.into.run, RUN, "r.run_id = parent", changed)
    if not one.has_steps:
        return of_run
    of_step = _update(
        one.said.into.step or "", STEP,
        "r.run_id = mainstem.run_of(parent) and r.step_number = mainstem.step_number_of(parent)", changed,
    )  # fmt: skip
    return f"  if mainstem.step_number_of(parent) = 0 then\n  {of_run}  else\n  {of_step}  end if;\n"


def _update(to: str, target: str, condition: str, changed: str) -> str:
    column, _, key = to.partition(".")
    if not key:
        value = changed.replace("{list}", f"r.{q(column)}")
        return f"  update mainstem.{target} r set {q(column)} = {value} where {condition};\n"
    value = changed.replace("{list}", f"(r.{q(column)} -> {lit(key)})")
    return f"  update mainstem.{target} r set {q(column)} = r.{q(column)} || jsonb_build_object({lit(key)}, {value}) where {condition};\n"


def context_triggers(whole: Whole, keyed: Keyed) -> str:
    """A run that lives has its keys apart; one that is over has them folded."""
    key = q(keyed.column_for("key") or "")
    own, run_column = keyed.old[keyed.said.key], keyed.said.run
    found = (
        f"  select r.run_id, r.org_id, r.status in ({', '.join(map(lit, ENDED[RUN]))}) into parent, org, is_over\n"
        f"    from {IDS} k join mainstem.{RUN} r on r.run_id = k.new_id\n   where {whole.ids_of('k', keyed.run.table)} and k.old_key = {{row}}.{q(run_column)}::text;\n"
    )
    missing = f"  if parent is null then\n{no_parent(keyed.table, run_column, keyed.run.table)}  end if;\n"
    view = q(whole.work_schema, f"unfold_{keyed.table}")
    clash = f"  if exists (select from {view} u where u.{q(run_column)} = new.{q(run_column)} and u.{key} = new.{key}) then\n{exists_already(keyed.table, keyed.column_for('key') or '')}  end if;\n"
    insert = f"{default_key(own)}{required(keyed.table, keyed.old)}{found.format(row='new')}{missing}{clash}{_set(keyed)}"
    update = f"{required(keyed.table, keyed.old)}{found.format(row='old')}{_unset(keyed)}{found.format(row='new')}{missing}{_set(keyed)}"
    delete = f"{found.format(row='old')}{_unset(keyed)}"
    variables = "  parent uuid;\n  org uuid;\n  is_over boolean;\n"
    return (
        instead(whole, keyed.table, "insert", variables, insert)
        + instead(whole, keyed.table, "update", variables, update)
        + instead(whole, keyed.table, "delete", variables, delete)
    )


def _set(keyed: Keyed) -> str:
    """A run that lives has no key without a letter or without a time: such a one goes where those of ended runs are."""
    key, value = (f"new.{q(keyed.column_for(part) or '')}" for part in ("key", "value"))
    times = [
        f"new.{q(name)}" if (name := keyed.column_for(part)) else "null::timestamptz"
        for part in ("created_at", "updated_at")
    ]
    timeless = f" or {times[0]} is null" if keyed.column_for("created_at") else ""
    folded = f"(is_over or {key} = ''{timeless})"
    return (
        f"  update mainstem.{RUN} r set metadata = r.metadata || jsonb_build_object(\n"
        f"      'context_ids', coalesce(r.metadata -> 'context_ids', '{{}}') || jsonb_build_object({key}, new.{q(keyed.said.key)}),\n"
        f"      'context_times', coalesce(r.metadata -> 'context_times', '{{}}') || jsonb_build_object({key}, jsonb_build_array({times[0]}, {times[1]}))),\n"
        f"    context = case when {folded} then r.context || jsonb_build_object({key}, {value}) else r.context end\n   where r.run_id = parent;\n"
        f"  if not {folded} then\n    insert into mainstem.user_workflow_run_context (run_id, key, value, org_id, created_at, updated_at)\n"
        f"    values (parent, {key}, {value}, org, coalesce({times[0]}, mainstem.clock()), coalesce({times[1]}, {times[0]}, mainstem.clock()));\n  end if;\n"
    )


def _unset(keyed: Keyed) -> str:
    key = f"old.{q(keyed.column_for('key') or '')}"
    return (
        f"  delete from mainstem.user_workflow_run_context c where c.run_id = parent and c.key = {key};\n"
        f"  update mainstem.{RUN} r set context = r.context - {key}, metadata = r.metadata || jsonb_build_object(\n"
        f"      'context_ids', coalesce(r.metadata -> 'context_ids', '{{}}') - {key}, 'context_times', coalesce(r.metadata -> 'context_times', '{{}}') - {key})\n"
        "   where r.run_id = parent;\n"
    )

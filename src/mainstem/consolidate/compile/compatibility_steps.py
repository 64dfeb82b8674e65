"""The old name of the steps: what a write through it does to ours, whose ids hold their run and number."""

from __future__ import annotations

from dataclasses import dataclass

from mainstem.consolidate.compile.catalog import Catalog
from mainstem.consolidate.compile.children import PARENT, Listed
from mainstem.consolidate.compile.compatibility import (
    default_key,
    exists_already,
    instead,
    new_values,
    no_parent,
    put,
    put_columns,
    required,
)
from mainstem.consolidate.compile.relation import RUN, STEP, Relation
from mainstem.consolidate.compile.text import lit, q
from mainstem.consolidate.compile.views import IDS, STRAY, Whole

_VARIABLES = f"  new_id uuid;\n  new_run uuid;\n  was_id uuid;\n  logged jsonb;\n  was mainstem.{STEP};\n"


def step_triggers(whole: Whole, catalog: Catalog, step: Relation, run: Relation) -> str:
    """Insert gives a number as the copy did, update may move a step to another run, delete takes what hangs on it."""
    made = _Step(whole, catalog, step, run)
    return (
        instead(whole, step.table, "insert", _VARIABLES, made.insert())
        + instead(whole, step.table, "update", _VARIABLES, made.update())
        + instead(whole, step.table, "delete", "  gone uuid;\n", made.delete())
    )


@dataclass(frozen=True)
class _Step:
    whole: Whole
    catalog: Catalog
    step: Relation
    run: Relation

    @property
    def key(self) -> str:
        return self.step.said.key

    @property
    def run_column(self) -> str:
        return self.step.run_column

    @property
    def number(self) -> str:
        return self.step.number_column

    @property
    def unfolded(self) -> str:
        return q(self.whole.work_schema, f"unfold_{self.step.table}")

    def insert(self) -> str:
        table, columns = self.step.table, ", ".join(q(name) for name in put_columns(self.step))
        return (
            f"{default_key(self.step.key)}{required(table, self.step.old)}{self._new_run()}"
            f"  if exists (select from {self.unfolded} u where u.{q(self.key)} = new.{q(self.key)}) then\n{exists_already(table, self.key)}  end if;\n"
            f"{self._unique()}  delete from {IDS} k where {self._is('new')};\n{self._take_id()}"
            f"  insert into mainstem.{STEP} ({columns})\n  {new_values(self.step)};\n"
        )

    def update(self) -> str:
        it = "r.run_id = mainstem.run_of(new_id) and r.step_number = mainstem.step_number_of(new_id)"
        return f"{required(self.step.table, self.step.old)}{self._unique()}{self._move()}{put(self.step, it)}"

    def delete(self) -> str:
        outliving = "".join(_to_its_run(one) for one in self.whole.lists if one.said.number and one.has_steps)
        gone = "x.run_id = mainstem.run_of(gone) and x.step_number = mainstem.step_number_of(gone)"
        return f"  select k.new_id into gone from {IDS} k where {self._is('old')};\n{outliving}" + "".join(
            f"  delete from mainstem.{name} x where {gone};\n" for name in ("user_workflow_event", STEP)
        )

    def _is(self, row: str) -> str:
        return f"{self.whole.ids_of('k', self.step.table)} and k.old_key = {row}.{q(self.key)}::text"

    def _new_run(self) -> str:
        of_run = f"{self.whole.ids_of('k', self.run.table)} and k.old_key = new.{q(self.run_column)}::text"
        return (
            f"  select k.new_id into new_run from {IDS} k join mainstem.{RUN} r on r.run_id = k.new_id\n   where {of_run};\n"
            f"  if new_run is null then\n{no_parent(self.step.table, self.run_column, self.run.table)}  end if;\n"
        )

    def _take_id(self) -> str:
        given = f"array[new.{q(self.key)}::text], array[new.{q(self.run_column)}::text], array[new.{q(self.number)}]::bigint[]"
        tables = f"{lit(self.whole.system)}, {lit(self.step.table)}, {lit(self.run.table)}"
        return (
            f"  perform mainstem_consolidation.take_step_ids({tables}, {given});\n"
            f"  select k.new_id into new_id from {IDS} k where {self._is('new')};\n"
        )

    def _unique(self) -> str:
        """The old table's own unique key, where it has one."""
        if {self.run_column, self.number} not in map(set, self.catalog.old_uniques.get(self.step.table, [])):
            return ""
        same = " and ".join(f"u.{q(name)} = new.{q(name)}" for name in (self.run_column, self.number))
        other = f"select from {self.unfolded} u where {same} and u.{q(self.key)} <> new.{q(self.key)}"
        return f"  if exists ({other}) then\n{exists_already(self.step.table, self.number)}  end if;\n"

    def _move(self) -> str:
        """A step that goes to another run, or gets another old key, gets another id."""
        moved = " or ".join(
            f"new.{q(name)} is distinct from old.{q(name)}" for name in (self.run_column, self.key)
        )
        return (
            f"  select k.new_id into was_id from {IDS} k where {self._is('old')};\n  if {moved} then\n{self._new_run()}"
            f"    delete from {IDS} k where {self._is('old')};\n{self._take_id()}"
            f"    update mainstem.{STEP} r set run_id = mainstem.run_of(new_id), step_number = mainstem.step_number_of(new_id), step_id = new_id\n"
            "     where r.run_id = mainstem.run_of(was_id) and r.step_number = mainstem.step_number_of(was_id);\n"
            f"{_keep_their_run(self.whole, self.step, self.run_column)}  else\n    new_id := was_id;\n  end if;\n"
        )


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

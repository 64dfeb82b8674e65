"""The old name of a table with steps in a JSON column: what a write of that column does to our steps."""

from __future__ import annotations

from mainstem.consolidate.compile.compatibility import OPENING, new_values, put
from mainstem.consolidate.compile.relation import STEP
from mainstem.consolidate.compile.text import q
from mainstem.consolidate.compile.unpacked import NUMBER, Unpacked
from mainstem.consolidate.compile.views import IDS, Whole


def put_steps(whole: Whole, unpacked: Unpacked) -> str:
    """Element by element: the first is the first step, what the element does not say of it stays, steps beyond the last are gone."""
    step = unpacked.step
    row = (
        f"select e.* from {unpacked.elements('old_run')} e order by e.{q(NUMBER)} offset the_step - 1 limit 1"
    )
    it = "r.run_id = the_run and r.step_number = numbers[the_step]"
    columns = ", ".join(q(name) for name in step.columns("o", "new_id"))
    function = q(whole.work_schema, f"put_{unpacked.table}")
    signature = f"{function}(the_run uuid, old_run {q(whole.work_schema, 'now_' + unpacked.run.table)})"
    gone = "x.run_id = the_run and x.step_number <> all(numbers[:count])"
    return (
        f"create or replace function {signature} returns void\n{OPENING}\n#variable_conflict use_column\ndeclare\n"
        f"  numbers integer[] := array(select s.step_number from mainstem.{STEP} s where s.run_id = the_run order by s.step_number);\n"
        f"  count integer := (select pg_catalog.count(*) from {unpacked.elements('old_run')} e);\n"
        f"  new_id uuid;\n  was mainstem.{STEP};\nbegin\n"
        f"  delete from mainstem.user_workflow_event x where {gone} and x.step_number > 0;\n"
        f"  delete from {IDS} k using mainstem.{STEP} x where {gone} and k.new_id = x.step_id;\n"
        f"  delete from mainstem.{STEP} x where {gone};\n"
        f"  for the_step in 1 .. count loop\n    if the_step > cardinality(numbers) then\n"
        f"      numbers := numbers || coalesce(numbers[cardinality(numbers)], 0) + 1;\n"
        f"      new_id := mainstem.step_id(the_run, numbers[the_step]);\n"
        f"      insert into mainstem.{STEP} ({columns})\n{_over_run(new_values(step, row))};\n"
        f"    else\n      new_id := mainstem.step_id(the_run, numbers[the_step]);\n{_over_run(put(step, it, row))}    end if;\n  end loop;\nend $$;\n"
        f"alter function {function} owner to mainstem_owner;\nrevoke execute on function {function} from public;\n"
    )


def _over_run(text: str) -> str:
    return text.replace("{run}", "old_run")

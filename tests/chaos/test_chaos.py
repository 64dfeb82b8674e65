"""Runs of every kind under all weather at once: nothing acknowledged is lost, nothing is there twice, all end or wait as they should."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from checks import CHECKS, Ledger
from mixed import ALL
from weather import Weather, weather

SEED = 7
EVENTS = 9
"""One of each."""

BROKEN: dict[str, str] = {
    "what_was_told_is_there": "update mainstem.user_workflow_run_step set output_data = '[1, 2, \"0000000000000000\"]' where node_key = 'work'",
    "runs_that_were_acknowledged_are_there": "delete from mainstem.user_workflow_run where status = 'completed'",
    "runs_end_as_they_should": "update mainstem.user_workflow_run set status = 'failed', error_message = 'broken' where status = 'completed'",
    "outputs_are_what_the_steps_gave": "delete from mainstem.user_workflow_run_step where node_key = 'work' and step_number = 1",
    "steps_end_with_their_run": "update mainstem.user_workflow_run_step set status = 'running', ended_at = null, duration_ms = null where node_key = 'work'",
    "what_was_paid_was_recorded": "insert into public.payment select * from public.payment limit 1",
    "signals_were_taken_once": "update mainstem.user_workflow_run_step set metadata = metadata - 'signal_id' where metadata ? 'signal_id'",
    "answers_stand": "update mainstem.user_workflow_run_step set output_data = '\"another\"' where node_key like 'approval:%'",
    "families_belong_together": "update mainstem.user_workflow_run_step set metadata = metadata - 'child' where metadata ? 'child'",
    "contexts_have_their_last_value": "update mainstem.user_workflow_run set context = '{\"stage\": 0}' where context ? 'stage'",
    "each_time_was_fired_once": "update mainstem.user_workflow_run set input_data = jsonb_set(input_data, '{scheduled_for}', '\"2020-01-01T00:00:00+00:00\"') where input_data ? 'scheduled_for'",
    "nothing_is_left_of_what_is_over": "insert into mainstem.user_workflow_run_context (run_id, org_id, key, value) select run_id, org_id, 'left', '1' from mainstem.user_workflow_run where status = 'completed'",
    "the_queue_is_what_the_runs_imply": "update mainstem.user_workflow_run_queue set waiting_for = '{another}'",
    "no_time_is_of_a_workers_clock": "update mainstem.user_workflow_run_step set ended_at = ended_at + interval '9 hours' where ended_at is not null",
}
"""A ledger that each check must find fault with."""


async def test_under_all_weather_the_witness_and_the_ledger_agree_and_every_check_finds_a_ledger_that_is_broken() -> (
    None
):
    with weather(SEED) as bad:
        tally = await bad.pass_over(events=EVENTS)
        print(tally)
        assert tally.faults == []
        assert len(tally.events) == EVENTS == sum(tally.events.values())
        assert tally.least_in_flight > 0
        assert tally.runs.keys() == {workflow.name for workflow in ALL}
        assert tally.reaped >= 1
        assert sorted(BROKEN) == sorted(check.__name__ for check in CHECKS)
        for check in CHECKS:
            assert found(bad, check), f"{check.__name__} finds nothing wrong with a ledger that is broken"


def found(bad: Weather, check: Callable[[Ledger], Iterable[str]]) -> list[str]:
    """What a check says of a ledger in which its row of BROKEN was done; afterwards it is as before."""
    with bad.ledger() as ledger, ledger.conn.transaction(force_rollback=True):
        ledger.conn.execute("set local session_replication_role = replica")
        assert ledger.conn.execute(BROKEN[check.__name__].encode()).rowcount > 0, check.__name__
        return list(check(ledger))

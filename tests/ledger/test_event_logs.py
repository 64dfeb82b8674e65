"""Event logs: in a table of their own while a step is open, in its row once it ends; long ones stay where they are."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from callers import Caller

import mainstem
from mainstem.model import LARGEST_LOG, LONGEST_LOG

pytest_plugins = ["shared_ledger"]


def logged(caller: Caller, run_id: UUID) -> int:
    count: int = caller.value("select count(*) from mainstem.user_workflow_event where run_id = %s", run_id)
    return count


def log_many(caller: Caller, the_id: UUID, count: int, data: str = "{}") -> None:
    caller.rows(
        "select mainstem.add_workflow_event(%s, 'page_' || n, %s) from generate_series(1, %s) n order by n",
        the_id,
        data,
        count,
    )


def told(caller: Caller, run_id: UUID) -> list[str]:
    """The timeline's words, in its order."""
    return [
        row["event_type"]
        for row in caller.rows(
            "select event_type from mainstem.v_workflow_execution_timeline where run_id = %s", run_id
        )
    ]


def test_events_are_folded_in_order_each_with_its_id_when_the_step_ends(caller: Caller) -> None:
    run_id = caller.start_run()
    step = caller.start_step(run_id)
    given = []
    for n, event_type in enumerate(("opened", "read", "closed")):
        given.append(
            (caller.call("add_workflow_event", step, event_type, f'{{"n": {n}}}'), event_type, {"n": n})
        )
        caller.clock.advance(seconds=1)
    assert logged(caller, run_id) == 3
    assert caller.step(step)["events"] == []
    caller.call("complete_workflow_step", step, "completed")
    assert logged(caller, run_id) == 0
    folded = caller.step(step)["events"]
    assert [(UUID(e["event_id"]), e["event_type"], e["event_data"]) for e in folded] == given
    times = [event["timestamp"] for event in folded]
    assert times == sorted(times)


def test_the_events_of_a_run_are_folded_when_it_ends(caller: Caller) -> None:
    run_id = caller.start_run()
    caller.call("add_workflow_event", run_id, "received")
    event_id = caller.call("add_workflow_event", run_id, "looked_at", '{"by": "ann"}')
    caller.call("complete_workflow_execution", run_id, "completed")
    assert [event["event_type"] for event in caller.run(run_id)["events"]] == ["received", "looked_at"]
    assert caller.run(run_id)["events"][1]["event_id"] == str(event_id)
    assert logged(caller, run_id) == 0


def test_an_event_without_data_has_an_empty_object(caller: Caller) -> None:
    run_id = caller.start_run()
    caller.call("add_workflow_event", run_id, "given_none", None)
    caller.call("complete_workflow_execution", run_id, "completed")
    assert caller.run(run_id)["events"][0]["event_data"] == {}


@pytest.mark.parametrize(
    ("count", "data", "is_folded"),
    [
        (LONGEST_LOG, "{}", True),
        (LONGEST_LOG + 1, "{}", False),
        (4, f'{{"text": "{"x" * 65_524}"}}', True),  # 4 x 65,536 bytes as text: 256 KiB
        (4, f'{{"text": "{"x" * 65_525}"}}', False),
    ],
    ids=["256 events", "257 events", "256 KiB", "a byte more an event"],
)
def test_a_log_too_long_for_a_row_stays_in_the_log_and_the_views_show_it(
    caller: Caller, count: int, data: str, is_folded: bool
) -> None:
    run_id = caller.start_run()
    step = caller.start_step(run_id)
    log_many(caller, step, count, data)
    pages = [f"page_{n}" for n in range(1, count + 1)]
    caller.call("complete_workflow_step", step, "completed")
    caller.call("complete_workflow_execution", run_id, "completed")
    assert len(caller.step(step)["events"]) == (count if is_folded else 0)
    assert logged(caller, run_id) == (0 if is_folded else count)
    assert told(caller, run_id) == [
        "workflow_started",
        "step_started",
        *pages,
        "step_completed",
        "workflow_completed",
    ]
    read = caller.read(run_id)
    assert [event.event_type for event in read.steps[0].events] == pages


def test_a_long_log_of_a_run_itself_stays_in_the_log_too(caller: Caller) -> None:
    run_id = caller.start_run()
    log_many(caller, run_id, LONGEST_LOG + 1)
    caller.call("complete_workflow_execution", run_id, "completed")
    assert caller.run(run_id)["events"] == []
    assert len(told(caller, run_id)) == LONGEST_LOG + 3
    assert len(caller.read(run_id).events) == LONGEST_LOG + 1


def test_a_step_whose_long_log_stayed_is_retried_and_folds_what_comes_after_nothing_is_lost(
    caller: Caller,
) -> None:
    run_id = caller.start_run()
    step = caller.start_step(run_id)
    log_many(caller, step, LONGEST_LOG + 1)
    caller.call("complete_workflow_step", step, "failed", None, "too many pages")
    caller.call("retry_workflow_step", step)
    caller.call("add_workflow_event", step, "one_more")
    caller.call("complete_workflow_step", step, "completed")
    words = told(caller, run_id)
    assert words.count("step_retried") == words.count("one_more") == 1
    assert sum(word.startswith("page_") for word in words) == LONGEST_LOG + 1


def test_the_sql_and_what_is_told_of_it_have_the_limit_that_python_has() -> None:
    sql = Path(mainstem.__file__).parent / "ledger/sql"
    function, table = (
        (sql / place).read_text(encoding="utf-8")
        for place in ("functions/_fold_events.sql", "tables/50_steps.sql")
    )
    assert f"count(*) > {LONGEST_LOG} or sum(octet_length(event_data::text)) > {LARGEST_LOG} from" in function
    told = f"over {LONGEST_LOG} events or {LARGEST_LOG // 1024} KiB"
    assert told in function
    assert told in table

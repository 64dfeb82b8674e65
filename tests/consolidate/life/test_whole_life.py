"""The whole life of an old rcm database with everything odd that it is known to hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Database
from consolidations import OLD_TABLES, Life, copied_life, living, old_code, rows
from mainstem.consolidate.mapping import preset

VIEWS = (
    "v_active_workflow_configs",
    "v_workflow_execution_summary",
    "v_workflow_channel_performance",
    "v_node_execution_stats",
    "v_workflow_execution_timeline",
    "v_failed_steps_analysis",
)
ANSWERS = {
    **{f"the view {name}": f"select * from {name}" for name in VIEWS},
    "get_workflow_context": "select t.trace_id, c.* from workflow_trace t, get_workflow_context(t.trace_id) c",
    "get_workflow_context of a key": "select * from get_workflow_context(1001, 'member')",
    "get_active_workflow_config": "select w.workflow_id, k, get_active_workflow_config(w.org_id, w.workflow_id, k)"
    " from user_workflow w, unnest(enum_range(null::config_type)) k",
    **{f"the table {name}": f"select * from {name}" for name in OLD_TABLES},
}
EXAMPLES = Path(__file__).parents[2] / "ledger/seed_001_examples.sql"
KIND = "select relkind::text from pg_class where oid = 'public.workflow_trace'::regclass"

IDS = "mainstem_consolidation.consolidation_id"
SUMS = {
    "runs by status": (
        "select case status::text when 'active' then 'running' else status::text end, count(*) from workflow_trace group by 1",
        "select status, count(*) from mainstem.user_workflow_run group by 1",
    ),
    "steps by status": (
        "select status::text, count(*) from workflow_steps group by 1",
        "select status, count(*) from mainstem.user_workflow_run_step group by 1",
    ),
    "durations": (
        "select sum(duration_ms), (select sum(duration_ms) from workflow_steps) from workflow_trace",
        "select sum(duration_ms), (select sum(duration_ms) from mainstem.user_workflow_run_step) from mainstem.user_workflow_run",
    ),
    "events of each step": (
        "select step_id, count(*) from workflow_events where step_id is not null group by 1",
        (
            f"select k.old_key::bigint, n from {IDS} k join (select step_id, jsonb_array_length(events) + (select count(*)"
            "   from mainstem.user_workflow_event e where e.run_id = s.run_id and e.step_number = s.step_number) as n"
            "   from mainstem.user_workflow_run_step s) s on s.step_id = k.new_id where n > 0"
        ),
    ),
    "screenshots of each step": (
        "select step_id, count(*) from workflow_trace_screenshot where step_id is not null group by 1",
        (
            f"select k.old_key::bigint, jsonb_array_length(s.screenshots) from {IDS} k join mainstem.user_workflow_run_step s on s.step_id = k.new_id"
            " where jsonb_array_length(s.screenshots) > 0"
        ),
    ),
}


@pytest.fixture
def life(server_url: str) -> Iterator[Life]:
    with copied_life(server_url) as found:
        yield found


def answers(life: Life) -> dict[str, list[tuple[Any, ...]]]:
    with old_code(life.url) as conn:
        return {name: rows(conn, f"select q::text from ({query}) q") for name, query in ANSWERS.items()}


def changed(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> dict[str, Any]:
    """Questions whose answers differ, each with the first rows that do."""
    return {
        name: (sorted(set(rows) - set(after[name]))[:2], sorted(set(after[name]) - set(rows))[:2])
        for name, rows in before.items()
        if rows != after[name]
    }


def test_every_question_of_old_code_has_the_same_answer_before_and_after_and_back_and_finished(
    life: Life,
) -> None:
    before = answers(life)
    life.forward()
    assert changed(before, answers(life)) == {}
    life.roll_back()
    assert changed(before, answers(life)) == {}
    life.forward()
    dropped = life.finish()
    assert changed(before, answers(life)) == {}
    with old_code(life.url) as conn:
        assert conn.execute("select to_regnamespace('legacy_rcm')").fetchall() == [(None,)]
        assert conn.execute(KIND).fetchall() == [("v",)]
    assert set(OLD_TABLES) < set(dropped)


def test_the_proof_counts_every_row_of_both_shapes_and_both_sides_agree_in_sums(life: Life) -> None:
    proof = life.verify()
    with old_code(life.url) as conn:
        for table in (*OLD_TABLES, "workflow_trace_screenshot_v9"):
            one = next(found for found in proof.compared if found.name.startswith(f"{table} ←"))
            assert [(one.rows,)] == conn.execute(f"select count(*) from {table}").fetchall()
            assert one.is_equal
        for name, (theirs, ours) in SUMS.items():
            assert rows(conn, theirs) == rows(conn, ours), name


def test_the_documentations_examples_run_unchanged_after_the_cut_over(life: Life) -> None:
    life.forward()
    with old_code(life.url) as conn:
        told = [
            conn.execute(text.encode()).fetchall()
            for text in filter(None, map(str.strip, re.split(r";\n", EXAMPLES.read_text(encoding="utf-8"))))
        ]
        started, step, completed, set_key, every_key, one_key, summary, channels, failed = told
        [(trace,)], [(step_id,)] = started, step
        assert trace > 10_000
        assert conn.execute(
            "select trace_id, step_number, status::text from workflow_steps where step_id = %s", [step_id]
        ).fetchall() == [(1001, 1, "running")]
        assert conn.execute(
            "select status::text, output_data from workflow_steps where step_id = 2001"
        ).fetchall() == [("completed", {"output": "data"})]
        assert (completed, set_key) == ([("",)], [("",)])
        assert {key for key, *_ in every_key} == {"member", "user_session"}
        assert [row[:2] for row in one_key] == [("user_session", {"session_id": "abc123"})]
        assert (len(summary), bool(channels)) == (10, True)
        assert [row[0] for row in failed] == [
            row[0]
            for row in conn.execute(
                "select step_id from v_failed_steps_analysis where workflow_id = '123e4567-e89b-12d3-a456-426614174000'"
            )
        ]


def test_old_functions_write_and_what_they_wrote_is_read_by_old_and_new_names(life: Life) -> None:
    life.forward()
    with old_code(life.url) as conn:
        [(trace,)] = conn.execute(
            "select start_workflow_execution(workflow_id, 'web', 'late', '{}', created_by) from workflow_trace where trace_id = 1001"
        ).fetchall()
        [(step,)] = conn.execute(
            "select start_workflow_step(%s, (select node_id from workflow_steps where step_id = 2001), 1, '{}')",
            [trace],
        ).fetchall()
        conn.execute("select complete_workflow_step(%s, 'failed', null, 'so it is')", [step])
        conn.execute("select retry_workflow_step(%s)", [step])
        conn.execute("select complete_workflow_step(%s, 'completed', '{\"a\": 1}', null)", [step])
        conn.execute(
            "select set_workflow_context(%s, 'k', '1'), set_workflow_context(%s, 'k', '2')", [trace, trace]
        )
        conn.execute("select complete_workflow_execution(%s, 'completed')", [trace])
        types = conn.execute(
            "select event_type from workflow_events where trace_id = %s order by event_id", [trace]
        ).fetchall()
        assert [name for (name,) in types] == [
            "workflow_started", "step_started", "step_completed", "step_retried", "step_completed", "workflow_completed",
        ]  # fmt: skip
        assert conn.execute("select value from get_workflow_context(%s, 'k')", [trace]).fetchall() == [(2,)]
        ours = conn.execute(
            "select r.status, r.external_id, s.status, s.retry_count, s.output_data, r.ended_at is not null"
            "  from mainstem.user_workflow_run r join mainstem.user_workflow_run_step s using (run_id) where r.legacy_trace_id = %s",
            [trace],
        ).fetchall()
        assert ours == [("completed", "late", "completed", 1, {"a": 1}, True)]
        [(gone,)] = conn.execute("select deleted_traces from cleanup_old_execution_data(700)").fetchall()
        assert gone > 0


def test_two_tables_in_one_list_are_told_apart_and_one_of_them_names_its_step_by_number(
    database: Database,
) -> None:
    own_list = re.compile(r"    into: \{run: metadata.screenshots_v9\}.*\n")
    one_list = own_list.sub(
        "    number: step_index\n    into: {step: screenshots, run: metadata.screenshots}\n", preset("rcm")
    )
    with living(database, one_list, second_shape=True) as life:
        write_to_the_second_shape(life)


def write_to_the_second_shape(life: Life) -> None:
    life.forward()
    in_steps = "select count(*) from mainstem.user_workflow_run_step where screenshots @? '$[*] ? (@.table == \"workflow_trace_screenshot_v9\")'"
    assert life.conn.execute(in_steps).fetchall() == [(3,)]
    known = "where screenshot_id = '5c4ee000-0000-4000-8000-000000000002'"
    with old_code(life.url) as conn:
        conn.execute(f"update workflow_trace_screenshot_v9 set action_description = 'looked' {known}")
        conn.execute(
            "insert into workflow_trace_screenshot_v9 (org_id, trace_id, node_id, node_name, step_index, screenshot_url, action_description)"
            " select org_id, trace_id, node_id, 'new', step_index, 'u', 'd' from workflow_trace_screenshot_v9 "
            + known
        )
        found = rows(
            conn,
            "select node_name, action_description from workflow_trace_screenshot_v9 where trace_id = 1002 and step_index = 2",
        )
        assert found == [("new", "d"), ("read_claim", "looked")]
        assert conn.execute(
            "select count(*) from workflow_trace_screenshot where trace_id = 1002"
        ).fetchall() == [(3,)]
        conn.execute("delete from workflow_steps where trace_id = 1002 and step_number = 2")
        assert conn.execute(
            "select count(*) from workflow_trace_screenshot_v9 where trace_id = 1002 and step_index = 2"
        ).fetchall() == [(2,)]
        conn.execute(f"delete from workflow_trace_screenshot_v9 {known}")
        assert conn.execute(
            "select count(*) from workflow_trace_screenshot_v9 where trace_id = 1002"
        ).fetchall() == [(3,)]
    assert life.losses() == []
    life.roll_back()
    with old_code(life.url) as conn:
        assert conn.execute(
            "select count(*) from workflow_trace_screenshot_v9 where trace_id = 1002"
        ).fetchall() == [(3,)]


def test_before_the_cut_over_the_old_tables_are_as_if_nothing_had_been(life: Life) -> None:
    before = answers(life)
    life.copy()
    life.verify()
    life.abandon()
    assert life.plan.phase == "planned"
    with old_code(life.url) as conn:
        assert conn.execute("select count(*) from pg_trigger where tgname like 'mainstem%'").fetchall() == [
            (0,)
        ]
        assert conn.execute("select count(*) from mainstem.user_workflow_run").fetchall() == [(0,)]
    assert answers(life) == before
    life.forward()
    assert answers(life) == before

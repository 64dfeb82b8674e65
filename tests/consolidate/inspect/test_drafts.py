"""A draft says something of every column, guesses nothing, and compiles once its questions are answered."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from conftest import Database
from mainstem.consolidate.compile import compile_mapping
from mainstem.consolidate.draft import annotated, draft, preset_for
from mainstem.consolidate.inspect import Inspection, inspect, postgres, sqlite
from mainstem.consolidate.life.copy import copy
from mainstem.consolidate.life.plan import adopt, compiled, install_ground, read_plan
from mainstem.consolidate.life.session import migrator
from mainstem.consolidate.life.verify import verify
from mainstem.consolidate.mapping import preset, read_mapping
from mainstem.consolidate.presets.history.sample import SHAPES, Shape, build
from mainstem.consolidate.presets.rcm.sample import install
from mainstem.consolidate.sources.sqlite import land, snapshot
from mainstem.errors import BadArgument, MappingRefused
from mainstem.model import DEFAULT_ORG

UNANSWERED = "?"
ANSWERS: dict[str, Any] = {
    "tenant": str(DEFAULT_ORG),
    "channel": "web",
    "keep_status_of_workflow_trace": True,
    "default_retry_count_workflow_steps": 0,
    "keep_state_of_flow_run": True,
    "zone_flow_run": "Europe/Berlin",
    "zone_t_workflow_history": "America/Los_Angeles",
    "zone_space_workflow_history": "UTC",
    "workflow_of_workflow_history": "{row}.workflow_template",
}


def in_file(directory: Path, sql: str) -> Inspection:
    with closing(sqlite3.connect(directory / "old.db")) as conn:
        conn.executescript(sql)
    with sqlite(directory / "old.db") as reader:
        return inspect(reader, reader.survey())


@pytest.fixture
def rcm(database: Database) -> Iterator[tuple[psycopg.Connection[Any], Inspection]]:
    with psycopg.connect(database.url, autocommit=True) as conn:
        install(conn, second_shape=True)
        with postgres(database.url) as reader:
            yield conn, inspect(reader, reader.survey())


def answered(said: Any) -> Any:
    """Each `?` inside a table: a state becomes running, a table stays for a reason."""
    if isinstance(said, dict):
        return {key: answered(value) for key, value in said.items()}
    if isinstance(said, list):
        return [answered(value) for value in said]
    return "running" if said == UNANSWERED else said


def with_answers(text: str) -> str:
    said = yaml.safe_load(text)
    for name, decision in said["decisions"].items():
        decision["answer"] = ANSWERS.get(
            name, "1970-01-01T00:00:00Z" if name.startswith("default_") else "yes"
        )
    written: str = yaml.safe_dump({**said, "tables": answered(said["tables"])}, sort_keys=False)
    return written


def questions(said: Any) -> int:
    match said:
        case dict():
            return sum(questions(value) for value in said.values())
        case list():
            return sum(questions(value) for value in said)
        case _:
            return int(said == UNANSWERED)


def test_a_draft_of_the_rcm_schema_compiles_once_its_questions_are_answered(
    rcm: tuple[psycopg.Connection[Any], Inspection],
) -> None:
    conn, found = rcm
    text = draft(found, "rcm")
    with pytest.raises(MappingRefused) as refused:
        read_mapping(text)
    assert refused.value.message.count("not answered") == questions(yaml.safe_load(text))
    mapping = read_mapping(with_answers(text))
    program = compile_mapping(mapping, conn)
    assert program.tables[:2] == ["workflow_trace", "workflow_steps"]
    for name, said in mapping.moving.items():
        assert said.mentioned == {column.name for column in found.table(name).columns}, name
    with conn.transaction(force_rollback=True):
        install_ground(conn)
        conn.execute(program.views().encode())


PLAIN = """
create schema jobs;
create table jobs.workflow (workflow_id uuid primary key, name text not null, created_at timestamptz not null);
insert into jobs.workflow values ('0a000000-0000-4000-8000-000000000001', 'read and write', '2025-11-01');
create table jobs.flow_run (run_id bigserial primary key, workflow_id uuid not null default '0a000000-0000-4000-8000-000000000001' references jobs.workflow, state text not null, started timestamp, finished_at timestamp, duration_seconds integer,
  created_at timestamptz default now(), error text, priority integer not null, payload jsonb, host text);
create table jobs.flow_task (task_id bigserial primary key, run_id bigint not null references jobs.flow_run, step_number integer not null, status text not null,
  start_time timestamptz, end_time timestamptz, error_message text, name text not null, result text, cost numeric, unique (run_id, step_number));
create table jobs.flow_log (log_id bigserial primary key, run_id bigint not null references jobs.flow_run, task_id bigint references jobs.flow_task,
  event_type text not null, message text, logged_at timestamptz not null);
create table jobs.flow_variable (variable_id bigserial primary key, run_id bigint not null references jobs.flow_run, key text not null, value jsonb not null,
  created_at timestamptz, updated_at timestamptz, unique (run_id, key));
insert into jobs.flow_run (state, started, finished_at, duration_seconds, error, priority, payload, host) values
  ('done', '2025-11-19 07:00', '2025-11-19 07:05', 300, null, 1, '{"a": 1}', 'one'), ('active', '2025-11-19 08:00', null, null, null, 2, null, 'two'),
  ('failed', '2025-11-19 09:00', '2025-11-19 09:01', 60, 'lost', 0, 'null', null);
insert into jobs.flow_task (run_id, step_number, status, start_time, end_time, name, result, cost) values
  (1, 1, 'completed', '2025-11-19 07:00Z', '2025-11-19 07:01Z', 'read', '{"pages": 3}', 0.10),
  (1, 2, 'completed', '2025-11-19 07:01Z', '2025-11-19 07:05Z', 'write', '[1, 2]', null), (2, 1, 'running', '2025-11-19 08:00Z', null, 'read', null, 1.00);
insert into jobs.flow_log (run_id, task_id, event_type, message, logged_at) values
  (1, 1, 'begun', 'hello', '2025-11-19 07:00Z'), (1, null, 'closed', null, '2025-11-19 07:05Z'), (2, 3, 'begun', '', '2025-11-19 08:00Z');
insert into jobs.flow_variable (run_id, key, value, created_at) values (1, 'member', '"m1"', '2025-11-19 07:00Z'), (2, 'member', 'null', null);
"""


def test_rows_of_a_plain_old_system_move_by_its_draft_and_the_proof_holds(database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute(PLAIN)
    with postgres(database.url, schema="jobs") as reader:
        text = draft(inspect(reader, reader.survey()), "jobs")
    said = yaml.safe_load(text)
    assert set(said["decisions"]) == {
        "channel",
        "tenant",
        "keep_state_of_flow_run",
        "json_null",
        "no_parent_step",
        "remainder_of_flow_run",
        "remainder_of_flow_task",
        "zone_flow_run",
    }
    with migrator(database.url, "jobs") as conn:
        program = compiled(conn, adopt(conn, with_answers(text)))
        copy(conn, program, read_plan(conn, "jobs"))
        assert verify(conn, program, read_plan(conn, "jobs")).holds
    assert database.value("select count(*) from mainstem.user_workflow_run") == 3
    assert (
        database.value("select started_at from mainstem.user_workflow_run where legacy_trace_id = 1").hour
        == 6
    )


def test_what_only_a_person_can_decide_is_asked(rcm: tuple[psycopg.Connection[Any], Inspection]) -> None:
    said = yaml.safe_load(draft(rcm[1], "rcm"))
    assert all(decision["answer"] == UNANSWERED for decision in said["decisions"].values())
    assert {
        "tenant",
        "no_parent_step",
        "ended_but_open",
        "end_before_start",
        "parents_disagree",
        "fold_too_large",
    } <= set(said["decisions"])
    assert said["tables"]["workflow_trace"]["columns"]["status"]["values"] == {
        "pending": "pending",
        "active": UNANSWERED,
        "completed": "completed",
        "failed": "failed",
        "cancelled": "cancelled",
        "timeout": "timeout",
    }
    assert said["tables"]["workflow_events"]["into"] == {"step": "events", "run": "events"}
    assert said["tables"]["workflow_configs"] == {"stays": True, "reason": UNANSWERED}


OLD_FILE = """
create table job_history (id integer primary key, name text unique, status text, start_time text, end_time text, duration real,
  created_at text, options text, note text);
insert into job_history (id, name, status, start_time, created_at, options) values
  (1, 'a', 'queued', '2025-11-19 07:08:51', '2025-11-19T07:08:51Z', '{"a": 1}'), (2, 'b', 'done
: "{', '2025-11-19T07:08:51.5', null, '"{}"');
create table job_event (id integer primary key, event_id text, job_history_id integer, event_type text, payload text, noted_at text);
insert into job_event values (1, 'e', 1, 'x', '{}', '2025-11-19 07:08:51');
create table old_runs (run_id text primary key, status text, start_time text, end_time text);
create table plain (a integer);
"""


def test_a_draft_of_a_file_asks_for_zone_tenant_channel_workflow_and_steps(tmp_path: Path) -> None:
    found = in_file(tmp_path, OLD_FILE)
    text = draft(found, "jobs")
    said = yaml.safe_load(text)
    assert "# columns of JSON: options" in text
    assert said["source"] == {"kind": "sqlite"}
    assert {
        "tenant",
        "channel",
        "workflow_of_job_history",
        "zone_t_job_history",
        "zone_space_job_history",
        "no_steps",
        "remainder_of_job_history",
    } <= set(said["decisions"])
    history = said["tables"]["job_history"]
    assert history["columns"]["duration"] == {"to": "duration_ms", "scale": UNANSWERED}
    assert history["columns"]["status"]["values"] == {"queued": UNANSWERED, 'done\n: "{': UNANSWERED}
    assert history["columns"]["name"] == "external_id"
    assert {"options", "note"} <= set(history["remainder"])
    assert said["tables"]["job_event"]["columns"] == {
        "id": "event_id",
        "event_id": "old_event_id",
        "event_type": "event_type",
        "payload": "payload",
        "noted_at": "noted_at",
    }
    assert said["tables"]["old_runs"] == {"stays": True, "reason": UNANSWERED}


def test_the_forms_of_times_are_those_of_the_texts(tmp_path: Path) -> None:
    found = in_file(tmp_path, OLD_FILE)
    times = yaml.safe_load(draft(found, "jobs"))["tables"]["job_history"]["columns"]["start_time"]["times"]
    texts = [
        "2025-11-19 07:08:51",
        "2025-11-19T07:08:51.5",
        "2025-11-19T07:08:51",
        "2025-11-19T07:08:51Z",
        "soon",
    ]
    matched = [[n for n, form in enumerate(times) if re.search(form["like"], text)] for text in texts]
    assert matched == [[0], [1], [1], [], []]
    assert [form["zone"] for form in times] == ["$zone_space_job_history", "$zone_t_job_history"]


def test_a_line_break_in_a_value_does_not_end_a_comment(tmp_path: Path) -> None:
    found = in_file(
        tmp_path,
        'create table "job\nhistory: x" (id integer primary key, status text, start_time text, end_time text);'
        "insert into \"job\nhistory: x\" (status) values ('a\nanswer: yes');",
    )
    said = yaml.safe_load(draft(found, "jobs"))
    assert set(said) == {"mapping", "system", "source", "decisions", "tables"}
    assert set(said["tables"]) == {"job\nhistory: x"}


def test_the_runs_of_a_file_move_by_its_draft_and_the_proof_holds(database: Database, tmp_path: Path) -> None:
    build(tmp_path / "history.db")
    with sqlite(tmp_path / "history.db") as reader:
        text = draft(inspect(reader, reader.survey()), "history")
    with psycopg.connect(database.url, autocommit=True) as conn, snapshot(tmp_path / "history.db") as taken:
        land(taken, conn, "mainstem_landing_history")
    with migrator(database.url, "history") as conn:
        program = compiled(conn, adopt(conn, with_answers(text)))
        copy(conn, program, read_plan(conn, "history"))
        assert verify(conn, program, read_plan(conn, "history")).holds
    assert database.value("select count(*) from mainstem.user_workflow_run") == 458
    workflows = "select count(distinct workflow_id) > 1 from mainstem.user_workflow_run"
    assert database.value(workflows)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_preset_of_several_shapes_takes_the_one_that_is_there(tmp_path: Path, shape: Shape) -> None:
    build(tmp_path / "history.db", shape)
    with sqlite(tmp_path / "history.db") as reader:
        found = inspect(reader, reader.survey())
    said = yaml.safe_load(preset_for("history", found))["tables"]["workflow_history"]
    own = {column.name for column in found.table("workflow_history").columns}
    assert own - {said["key"]} <= {*said["columns"], *said.get("remainder", []), *said.get("drop", {})}


def test_a_preset_with_what_was_found_beside_it_is_the_same_mapping(
    rcm: tuple[psycopg.Connection[Any], Inspection],
) -> None:
    text = annotated(preset("rcm"), rcm[1])
    assert yaml.safe_load(text) == yaml.safe_load(preset("rcm"))
    above = text.split("\n  workflow_trace:\n")[0].splitlines()
    assert "  # 49 rows" in above
    assert any("unknown_status" in line for line in above)


def test_a_system_has_a_name_for_schemas(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="My System"):
        draft(in_file(tmp_path, OLD_FILE), "My System")

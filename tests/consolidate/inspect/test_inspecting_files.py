"""An inspection of a SQLite file: in the shape of the old history, with its oddities, and the file stays as it was."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mainstem.consolidate.inspect import Inspection, Limits, Role, inspect, sqlite
from mainstem.errors import SourceUnreadable

HISTORY = """
create table workflow_history (
  id integer primary key autoincrement, adw_id text not null unique, issue_number integer, nl_input text, model_used text,
  status text not null check (status in ('pending', 'running', 'completed', 'failed')), start_time text, end_time text,
  duration_seconds integer, error_message text, current_phase text, input_tokens integer default 0, total_cost real default 0.0,
  structured_input text, cost_breakdown text, worktree_reused integer default 0, created_at text not null default current_timestamp,
  updated_at text not null default current_timestamp, submission_hour integer, submission_day_of_week integer,
  workflow_id text, gh_issue_state text, scoring_version text default '1.0');
create table workflow_history_archive (id integer primary key, original_id integer not null, adw_id text not null, status text not null,
  start_time text, created_at text, archived_at text);
create table hook_events (id integer primary key, event_id text not null, event_type text not null, workflow_id text references workflow_history (workflow_id),
  timestamp text default (datetime('now')), payload text not null);
create table pattern_occurrences (id integer primary key, pattern_id integer not null, workflow_id text not null references workflow_history (workflow_id));
create table phase_queue (queue_id text primary key, status text, ready_timestamp text) without rowid;
create table schema_migrations (id integer primary key, migration_file text not null);
create view v_hook_events_daily as select date(timestamp) as day, count(*) from hook_events group by 1;
create index idx_status on workflow_history (status);
create trigger touched after update on workflow_history begin update hook_events set payload = payload; end;
insert into workflow_history (id, adw_id, status, start_time, created_at, updated_at, duration_seconds, submission_hour, submission_day_of_week, structured_input, workflow_id) values
  (1, 'aabbccdd', 'completed', '2025-11-19T07:08:51.123456', '2025-11-19T07:08:51.123456', '2025-11-19 15:09:00', 12, 0, 0, '{"issue": 1}', 'wf-1'),
  (2, 'aabbccde', 'running', '2025-11-19T07:08:51Z', '2025-11-19 07:08:51', '2025-11-19 15:09:00', null, null, null, '"{\\"issue\\": 2}"', null),
  (3, 'aabbccdf', 'failed', '2025-11-19T07:08:51', '2025-11-19 07:08:51', '2025-11-19 15:09:00', null, 23, 6, '{"issue": ', null);
insert into workflow_history_archive values (1, 1, 'aabbccdd', 'completed', null, '2025-11-19 07:08:51', null);
insert into hook_events (event_id, event_type, workflow_id, payload) values ('e1', 'Stop', 'wf-1', '{}'), ('e2', 'Stop', 'wf-aabbccdd', '{}'), ('e3', 'Stop', null, '{}');
insert into pattern_occurrences (pattern_id, workflow_id) values (1, 'wf-lost'), (1, 'wf-lost');
insert into phase_queue values ('q1', 'queued', '2025-11-19 07:08:51');
"""


def file(directory: Path, sql: str = HISTORY) -> Path:
    with closing(sqlite3.connect(directory / "history.db")) as conn:
        conn.executescript(sql)
    return directory / "history.db"


def look(path: Path, limits: Limits | None = None) -> Inspection:
    with sqlite(path, limits=limits) as reader:
        return inspect(reader, reader.survey())


def test_the_history_is_recognised_with_what_is_odd_in_it(tmp_path: Path) -> None:
    found = look(file(tmp_path))
    roles = {table.name: table.role for table in found.tables}
    assert roles["workflow_history"] is Role.RUN
    assert roles["workflow_history_archive"] is Role.RUN
    assert roles["hook_events"] is Role.EVENT
    assert roles["schema_migrations"] is Role.BOOKKEEPING
    assert found.table("workflow_history").times["created_at"] == {
        "9999-99-99 99:99:99": 2,
        "9999-99-99T99:99:99.9": 1,
    }
    assert [each.rows for each in found.odd("orphan")] == [1, 2]
    assert found.odd("exists_twice", "workflow_history_archive", "original_id")
    assert found.odd("json_double_encoded", "workflow_history", "structured_input")[0].examples == ("2",)
    assert found.odd("no_tenant", "workflow_history")
    assert found.odd("no_steps", "workflow_history")
    assert found.odd("completed_without_end", "workflow_history", "end_time")[0].examples == ("1", "3")
    assert Inspection.from_json(found.to_json()) == found


def test_names_without_word_breaks_are_read_too(tmp_path: Path) -> None:
    found = look(
        file(
            tmp_path,
            """
            create table workflow (id text primary key, name text);
            create table workflowexecution (id text primary key, workflow_id text, status text, started_at text, finished_at text);
            create table codeexecution (id text primary key, status text, started_at text, finished_at text, duration_ms integer);
            create table data_imports (id text primary key, workflowexecution_id text, status text, started_at text, completed_at text);
            create table prerun (id text primary key, dialog text);
            """,
        )
    )
    guesses = {table.name: table.guess for table in found.tables}
    assert guesses["workflowexecution"].role is Role.RUN
    assert guesses["workflowexecution"].score > guesses["codeexecution"].score
    assert guesses["data_imports"].role is Role.OTHER
    assert guesses["prerun"].role is Role.OTHER


def test_hour_0_is_a_number_like_any_other(tmp_path: Path) -> None:
    table = look(file(tmp_path)).table("workflow_history")
    assert table.nulls["submission_hour"] == 1
    assert "submission_hour" not in table.times


def test_views_triggers_and_foreign_keys_hang_on_their_tables(tmp_path: Path) -> None:
    named = {(each.table, each.kind, each.name) for each in look(file(tmp_path)).dependants}
    assert named == {
        ("hook_events", "view", "v_hook_events_daily"),
        ("hook_events", "trigger", "touched"),
        ("workflow_history", "trigger", "touched"),
        ("workflow_history", "foreign key", "hook_events(workflow_id)"),
        ("workflow_history", "foreign key", "pattern_occurrences(workflow_id)"),
    }


def test_the_file_stays_as_it_was_also_while_somebody_writes(tmp_path: Path) -> None:
    path = file(tmp_path)
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute("begin immediate")
        writer.execute("insert into pattern_occurrences (pattern_id, workflow_id) values (2, 'wf-1')")
        before = hashlib.sha256(path.read_bytes()).hexdigest()
        found = look(path)
        assert found.table("pattern_occurrences").rows == 2
        assert hashlib.sha256(path.read_bytes()).hexdigest() == before
        writer.rollback()
    with sqlite(path) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.conn.execute("delete from hook_events")


def test_a_large_table_is_sampled(tmp_path: Path) -> None:
    path = file(tmp_path)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executemany(
            "insert into phase_queue (queue_id, status) values (?, 'queued')",
            [(f"n{n}",) for n in range(500)],
        )
        conn.executemany(
            "insert into pattern_occurrences (pattern_id, workflow_id) values (?, 'wf-lost')",
            [(n,) for n in range(500)],
        )
    found = look(path, Limits(whole_rows=100, sample_rows=50))
    queue, occurrences = found.table("phase_queue"), found.table("pattern_occurrences")
    assert (queue.rows, queue.is_rows_exact, queue.sampled) == (501, True, "50 rows")
    assert (occurrences.rows, occurrences.is_rows_exact, occurrences.sampled) == (
        502,
        False,
        "each 10th rowid",
    )
    [orphans] = found.odd("orphan", "pattern_occurrences")
    assert (orphans.rows, orphans.is_sampled) == (50, True)


def test_a_look_that_takes_too_long_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = file(tmp_path)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executemany(
            "insert into pattern_occurrences (pattern_id, workflow_id) values (?, 'wf-lost')",
            [(n,) for n in range(20_000)],
        )
    found = look(path, Limits(statement_seconds=0))
    assert any(note.startswith("pattern_occurrences: ") and "interrupted" in note for note in found.notes)
    assert found.odd("no_tenant", "workflow_history")


def test_names_of_any_case_dangling_keys_and_tables_of_missing_modules_are_no_obstacle(
    tmp_path: Path,
) -> None:
    found = look(
        file(
            tmp_path,
            """
            create table Workflow_Run (Run_Id integer primary key, status text, start_time text, end_time text);
            create table run_step (step_id integer primary key, run_id integer references workflow_run (RUN_ID), gone_id integer references gone,
              step_number integer, status text);
            create virtual table words using fts5 (body);
            insert into run_step values (1, 7, 7, 1, 'running');
            pragma writable_schema = on;
            insert into sqlite_master (type, name, tbl_name, rootpage, sql) values ('table', 'shapes', 'shapes', 0, 'create virtual table shapes using nothing_here (a)');
            """,
        )
    )
    assert [each.table for each in found.odd("orphan")] == ["run_step"]
    assert {each.table for each in found.odd("unsupported_relation")} == {"words", "shapes"}
    assert "shapes: not looked at: a virtual table" in found.notes


def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = file(tmp_path)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executemany(
            "insert into pattern_occurrences (pattern_id, workflow_id) values (?, 'wf-lost')",
            [(n,) for n in range(5000)],
        )
    damaged = bytearray(path.read_bytes())
    damaged[-20_000:] = b"\xff" * 20_000
    path.write_bytes(damaged)
    with pytest.raises(SourceUnreadable, match=r"history\.db is damaged"):
        look(path)


@pytest.mark.parametrize("content", [b"not a database at all", b""])
def test_what_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "old.db").write_bytes(content)
    with pytest.raises(SourceUnreadable, match=r"old\.db"):
        look(tmp_path / "old.db")


def test_all_repeated_rows_are_counted_and_five_keys_told(tmp_path: Path) -> None:
    twice = "".join(
        f"insert into run_step values ({2 * n}, {n}, 1), ({2 * n + 1}, {n}, 1);" for n in range(9)
    )
    found = look(
        file(
            tmp_path,
            "create table job_run (run_id integer primary key, status text, start_time text, end_time text);"
            "create table run_step (step_id integer primary key, run_id integer references job_run, step_number integer);"
            + twice,
        )
    )
    [odd] = found.odd("duplicate_key")
    assert (odd.rows, odd.examples) == (18, ("0,1", "1,1", "2,1", "3,1", "4,1"))


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable):
        look(tmp_path / "missing.db")
    assert not (tmp_path / "missing.db").exists()


def test_the_fingerprint_changes_with_the_schema_and_not_with_its_rows(tmp_path: Path) -> None:
    path = file(tmp_path)
    before = look(path).schema_fingerprint
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("delete from hook_events")
        conn.commit()
        assert look(path).schema_fingerprint == before
        conn.execute("alter table hook_events add column seen integer")
    assert look(path).schema_fingerprint != before

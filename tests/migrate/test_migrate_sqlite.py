"""The next migration of a SQLite file: refused where it loses anything, and else applied, checked and taken back."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from old_history import ADD_SCORING_VERSION, history, query

from mainstem.consolidate.backup import Sqlite
from mainstem.consolidate.migrate import verbs
from mainstem.consolidate.migrate.findings import Finding
from mainstem.consolidate.migrate.migration import migration_of
from mainstem.consolidate.migrate.patience import Patience
from mainstem.consolidate.migrate.rename import script
from mainstem.consolidate.migrate.state import Phase, save
from mainstem.consolidate.migrate.verbs import Work
from mainstem.errors import (
    ChecksFailed,
    LockNotGranted,
    MigrationUnsafe,
    RenameRefused,
    RollbackLoses,
    RunnerBusy,
    StatementFailed,
    StateRefusesVerb,
)

COUNT = "select count(*) from workflow_history"
UNSAFE = """
-- rename submission_hour and submission_day_of_week
CREATE TABLE workflow_history_backup AS SELECT
  id, adw_id, issue_number, issue_title, nl_input, github_url, workflow_template, model_used, base_model, status, start_time,
  end_time, duration_seconds, error_message, phase_count, current_phase, success_rate, retry_count, worktree_path, backend_port,
  frontend_port, input_tokens, output_tokens, total_tokens, total_cost, structured_input, created_at, updated_at,
  submission_hour AS hour_of_day, submission_day_of_week AS day_of_week, pr_merged, review_cycles, cost_efficiency_score,
  performance_score, quality_score, anomaly_flags
FROM workflow_history;
DROP TABLE workflow_history;
CREATE TABLE workflow_history (id INTEGER PRIMARY KEY, adw_id TEXT, hour_of_day INTEGER DEFAULT -1);
INSERT INTO workflow_history SELECT * FROM workflow_history_backup;
DROP TABLE workflow_history_backup;
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return history(tmp_path / "live.db")


def work_on(path: Path, sql: str, *accepted: str, name: str = "m") -> Work:
    file = path.with_name(f"{name}.sql")
    file.write_text(sql)
    return Work(
        target=Sqlite(path), migration=migration_of(str(file)), place=path.with_name(f"work_{name}"),
        accepted=frozenset(accepted), patience=Patience(lock_timeout=0.05, attempts=2, pause=0),
    )  # fmt: skip


def findings(path: Path, sql: str) -> list[Finding]:
    return verbs.lint(work_on(path, sql))


def test_the_unsafe_rename_is_refused_with_place_rows_and_remedy(old: Path) -> None:
    found = findings(old, UNSAFE)
    assert [(one.rule, one.place, one.rows) for one in found] == [
        ("D02", "line 3", 458),
        ("D22", "line 3", None),
        ("M03", "line 3", None),
        ("Q04", "line 3", None),
        ("D19", "line 10", 458),
        ("Q04", "line 10", None),
        ("D22", "line 12", None),
    ]
    assert all(one.is_error and one.remedy for one in found)
    assert "36 of 69 columns of workflow_history go nowhere" in found[0].message
    assert "no such column: issue_title" in found[2].message
    with pytest.raises(MigrationUnsafe, match=r"line 3: 36 of 69 columns .* and 4 more"):
        verbs.apply(work_on(old, UNSAFE))
    assert query(old, COUNT) == [(458,)]


def test_statement_by_statement_the_unsafe_rename_leaves_nothing(old: Path) -> None:
    """As `sqlite3 db < file` does it: the copy fails on a column that is not there, the drop does not."""
    with closing(sqlite3.connect(old, isolation_level=None)) as conn:
        for statement in work_on(old, UNSAFE).statements:
            try:
                conn.execute(statement.text)
            except sqlite3.OperationalError:
                continue
    assert query(old, COUNT) == [(0,)]


def test_even_with_every_rule_accepted_a_failing_script_touches_only_the_copy(old: Path) -> None:
    with pytest.raises(StatementFailed, match="line 3"):
        verbs.apply(work_on(old, UNSAFE, "D02", "D19", "D22", "M03", "Q04"))
    assert query(old, COUNT) == [(458,)]


def test_the_one_column_is_added_to_every_row(old: Path) -> None:
    work = work_on(old, ADD_SCORING_VERSION)
    assert findings(old, ADD_SCORING_VERSION) == []
    state = verbs.apply(work)
    assert state.phase is Phase.APPLIED
    assert query(old, "select scoring_version, count(*) from workflow_history group by 1") == [("1.0", 458)]
    assert len(query(old, "pragma table_info(workflow_history)")) == 70
    assert verbs.check(work) == []
    assert verbs.apply(work).phase is Phase.APPLIED, "again it does nothing"


def test_a_rehearsal_measures_each_statement_and_changes_nothing(old: Path) -> None:
    done = verbs.rehearse(work_on(old, ADD_SCORING_VERSION))
    assert [(one.line, one.text[:29]) for one in done.measures] == [(1, "ALTER TABLE workflow_history ")]
    assert len(query(old, "pragma table_info(workflow_history)")) == 69
    assert not list(old.parent.glob("work_m/rehearsal*"))


def test_rows_that_a_rebuild_drops_are_found_by_the_rehearsal(old: Path) -> None:
    sql = """
    drop view v_hours; create table slim (id integer primary key, adw_id text not null unique, status text);
    insert into slim (id, adw_id, status) select id, adw_id, status from workflow_history where status <> 'running';
    drop table workflow_history;
    alter table slim rename to workflow_history;
    create view v_hours as select 1 as runs;
    """
    with pytest.raises(
        ChecksFailed, match=r"lost-rows workflow_history: 306 of 458 rows are left \(152 rows\)"
    ):
        verbs.rehearse(work_on(old, sql, "D01", "D02", "D19", "Q04"))


def test_a_rebuild_that_forgets_what_stood_on_the_table_is_refused(old: Path) -> None:
    with pytest.raises(ChecksFailed, match=r"the index idx_history_hour is gone"):
        verbs.rehearse(_forgetful(old))


def _forgetful(path: Path) -> Work:
    """Legitimate word by word: the copy has every column, and what stood on the old table went with it."""
    columns = [row[1] for row in query(path, "pragma table_info(workflow_history)")]
    declared = ", ".join(
        "id integer primary key" if c == "id" else "adw_id text not null unique" if c == "adw_id" else c
        for c in columns
    )
    names = ", ".join(columns)
    return work_on(
        path,
        f"drop view v_hours; create table copy ({declared}); insert into copy ({names}) select {names} from workflow_history;"
        "drop table workflow_history; alter table copy rename to workflow_history;"
        "create view v_hours as select 1 as submission_hour, 2 as runs",
        "D19",
        "Q04",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("delete from workflow_history", "D21"),
        ("update workflow_history set status = 'failed'", "D21"),
        ("alter table workflow_history drop column nl_input", "D19"),
        ("create table kept as select * from workflow_history", "D22"),
        ("insert or ignore into tool_calls (id) values (1)", "D22"),
        ("insert or replace into tool_calls (id) values (1)", "D22"),
        ("select 1; commit; select 2", "L10"),
        ("vacuum; select 1", "L10"),
        ("pragma writable_schema = on", "D23"),
    ],
)
def test_what_loses_rows_is_refused(old: Path, sql: str, rule: str) -> None:
    assert rule in {one.rule for one in findings(old, sql) if one.is_error}


@pytest.mark.parametrize(
    "sql",
    [
        "delete from workflow_history where id = 1",
        "update workflow_history set status = 'failed' where id = 1",
        "insert into tool_calls (id, name) values (9, 'drop table x; delete from y')",
        "create table t (x); insert into t (x) values (1); drop table t",
        "drop view v_hours; create view v_hours as select 1 as runs",
        "begin; alter table tool_calls add column x; commit",
        "vacuum",
    ],
)
def test_what_loses_nothing_is_not(old: Path, sql: str) -> None:
    assert [one for one in findings(old, sql) if one.is_error] == []


def test_an_author_allows_a_hazard_beside_its_statement(old: Path) -> None:
    allowed = "-- mainstem: allow D21 because the calls are logged elsewhere\ndelete from tool_calls"
    [found] = findings(old, allowed)
    assert (found.rule, found.place, found.is_error) == ("D21", "line 2", False)
    assert found.message.startswith("allowed because the calls are logged elsewhere: ")


def test_what_our_own_way_to_run_it_settles_is_not_told(old: Path) -> None:
    sql = "drop view v_hours; drop table workflow_history; create table workflow_history (id integer primary key)"
    assert {one.rule for one in findings(old, sql)} == {"D19", "Q04"}


def test_a_statement_that_fails_takes_those_before_it_back(old: Path) -> None:
    work = work_on(
        old, "create table made (x); insert into made values (1); insert into nowhere values (1);", "M03"
    )
    with pytest.raises(StatementFailed, match=r"line 1.*nowhere"):
        verbs.apply(work)
    assert query(old, "select name from sqlite_master where name = 'made'") == []


def test_orphans_that_a_migration_makes_are_refused_and_old_ones_are_not(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    query(path, "create table parent (id integer primary key)")
    query(path, "create table child (id integer primary key, parent_id references parent)")
    query(path, "insert into parent values (1), (2)")
    query(path, "insert into child values (1, 1), (2, 2), (3, 77)")
    verbs.apply(work_on(path, "alter table child add column x", name="fine"))
    with pytest.raises(ChecksFailed, match="orphans child"):
        verbs.apply(work_on(path, "delete from parent where id = 2", "lost-rows"))


def test_a_rollback_gives_back_what_was_there_and_refuses_to_lose_what_came_since(old: Path) -> None:
    work = work_on(old, ADD_SCORING_VERSION)
    verbs.apply(work)
    query(old, "insert into tool_calls (name) values ('since')")
    with pytest.raises(RollbackLoses, match="tool_calls changed since"):
        verbs.roll_back(work)
    verbs.roll_back(work, accept_loss=True)
    assert len(query(old, "pragma table_info(workflow_history)")) == 69
    assert query(old, COUNT) == [(458,)]
    with pytest.raises(StateRefusesVerb):
        verbs.roll_back(work)
    assert verbs.apply(work).phase is Phase.APPLIED, "and forward again"


def test_two_runners_at_once_are_refused(old: Path) -> None:
    work = work_on(old, ADD_SCORING_VERSION)
    elsewhere = work_on(old, ADD_SCORING_VERSION, name="elsewhere")
    with work.alone():
        for other in (work, elsewhere):
            with pytest.raises(RunnerBusy):
                verbs.apply(other)


def test_a_writer_that_does_not_end_is_outlasted_or_told_of(old: Path) -> None:
    work = work_on(old, ADD_SCORING_VERSION)
    verbs.rehearse(work)
    with closing(sqlite3.connect(old, isolation_level=None)) as writer:
        writer.execute("begin immediate")
        with pytest.raises(LockNotGranted, match="2 times in a row"):
            verbs.apply(work)
        writer.execute("rollback")
    assert verbs.apply(work).phase is Phase.APPLIED


@pytest.mark.parametrize("committed", [True, False])
def test_killed_while_it_commits_the_next_call_finds_out(old: Path, committed: bool) -> None:
    """The state says `applying`, and what it would be afterwards; whether it came to that is asked of the file."""
    work = work_on(old, ADD_SCORING_VERSION)
    twin = work_on(history(old.with_name("twin.db")), ADD_SCORING_VERSION, name="twin")
    after = verbs.apply(twin).after
    verbs.rehearse(work)
    state = work.state()
    state.phase, state.after = Phase.APPLYING, after
    save(state, work.place)
    if committed:
        query(old, ADD_SCORING_VERSION)
    assert verbs.apply(work).phase is Phase.APPLIED
    assert len(query(old, "pragma table_info(workflow_history)")) == 70


def test_killed_in_the_midst_of_it_nothing_is_there_and_the_next_call_applies_it(old: Path) -> None:
    killed = """
import os, sys
from mainstem.consolidate.migrate import perform
from mainstem.cli.main import main
measured = perform._measured
def kill_after(statement, execute):
    measure = measured(statement, execute)
    if "rehearsal" not in str(execute.__self__.execute("pragma database_list").fetchall()):
        os._exit(9)
    return measure
perform._measured = kill_after
main(sys.argv[1:])
"""
    work = work_on(old, ADD_SCORING_VERSION)
    words = ["migrate", "apply", str(old), str(old.with_name("m.sql")), "--dir", str(work.place)]
    done = subprocess.run([sys.executable, "-c", killed, *words], check=False, capture_output=True, text=True)
    assert done.returncode == 9, done.stderr
    assert work.state().phase is Phase.APPLYING
    assert len(query(old, "pragma table_info(workflow_history)")) == 69
    assert verbs.apply(work).phase is Phase.APPLIED


def renamed(path: Path) -> Path:
    sql = script(Sqlite(path), "workflow_history", "submission_hour", "hour_of_day")
    verbs.apply(work_on(path, sql, name="rename"))
    return path


def test_a_renamed_column_answers_to_both_names(old: Path) -> None:
    rows = query(old, "select id, submission_hour from workflow_history order by id")
    renamed(old)
    assert query(old, "select id, hour_of_day from workflow_history order by id") == rows
    assert query(old, "select id, submission_hour from workflow_history order by id") == rows
    assert query(old, "select sum(runs) from v_hours where submission_hour is not null") == [(229,)]
    assert query(old, "pragma integrity_check") == [("ok",)]


@pytest.mark.parametrize("name", ["submission_hour", "hour_of_day"])
def test_rows_are_written_by_either_name(old: Path, name: str) -> None:
    renamed(old)
    query(old, f"insert into workflow_history (adw_id, status, {name}) values ('new', 'running', 0)")
    assert query(old, "select submission_hour, hour_of_day, workflow_type, total_tokens from workflow_history where adw_id = 'new'") == [(0, 0, "planning", 0)]  # fmt: skip
    query(old, f"update workflow_history set {name} = 23, status = 'failed' where adw_id = 'new'")
    assert query(old, "select submission_hour, hour_of_day, updated_at is not null from workflow_history where adw_id = 'new'") == [(23, 23, 1)]  # fmt: skip
    query(old, f"update workflow_history set {name} = null where adw_id = 'new'")
    assert query(old, f"delete from workflow_history where adw_id = 'new' and {name} is null") == []
    assert query(old, COUNT) == [(458,)]


def test_two_values_for_one_column_are_refused(old: Path) -> None:
    renamed(old)
    with pytest.raises(sqlite3.IntegrityError, match="are one column"):
        query(old, "insert into workflow_history (adw_id, status, submission_hour, hour_of_day) values ('x', 'running', 1, 2)")  # fmt: skip
    with pytest.raises(sqlite3.IntegrityError, match="are one column"):
        query(old, "update workflow_history set submission_hour = 1, hour_of_day = 2")


@pytest.mark.parametrize(
    ("table", "before", "after"),
    [("nowhere", "a", "b"), ("workflow_history", "a", "b"), ("workflow_history", "status", "adw_id"), ("keyless", "x", "y"), ("v_hours", "runs", "n")],
)  # fmt: skip
def test_a_rename_that_cannot_be_is_refused(old: Path, table: str, before: str, after: str) -> None:
    query(old, "create table keyless (x)")
    with pytest.raises(RenameRefused):
        script(Sqlite(old), table, before, after)

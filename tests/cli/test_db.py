"""`mainstem db`: installing, checking, examining, and looking after partitions."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from conftest import Clock, Database
from mainstem.ledger.catalog import CODE, drifts
from mainstem.ledger.install import installation_script
from servers import as_login
from typed import Terminal


@pytest.fixture
def terminal(database: Database) -> Terminal:
    return Terminal(database.url)


# Installing and checking.


def test_an_upgrade_installs_and_an_upgraded_database_is_as_installed(empty_database: Database) -> None:
    terminal = Terminal(empty_database.url)
    assert terminal.error("db", "check")[:2] == (5, "MS105")
    assert terminal.lines("db", "upgrade") == [{"before": None, "installed": CODE}]
    assert terminal.lines("db", "upgrade") == [{"before": CODE, "installed": CODE}]
    assert terminal.lines("db", "check") == []
    assert terminal.type("db", "check").stdout == "as it was installed\n"


def test_what_drifted_is_listed_with_what_repairs_it(database: Database, terminal: Terminal) -> None:
    run(database, "drop index mainstem.queue_ready")
    result = terminal.type("db", "check")
    assert result.exit_code == 5
    assert [
        word for word in ("mainstem.queue_ready", "gone", "CREATE INDEX") if word not in result.stdout
    ] == []


def test_the_statements_of_a_check_repair_what_drifted(database: Database, terminal: Terminal) -> None:
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute("drop index mainstem.queue_ready")
        conn.execute("alter table mainstem.user_workflow_run_queue drop constraint queue_state_is_known")
        conn.execute("drop view mainstem.v_failed_steps_analysis")
        repair = terminal.type("db", "check", "--sql")
        assert repair.exit_code == 5
        assert [line for line in repair.stdout.splitlines() if line.startswith("--")] == [
            "-- view v_failed_steps_analysis: mainstem db upgrade"
        ]
        conn.execute(repair.stdout)
        assert [drift.object for drift in drifts(conn)] == ["view v_failed_steps_analysis"]


def test_sql_prints_the_whole_installation_and_asks_no_server() -> None:
    result = Terminal("postgresql://nowhere.invalid/").type("db", "sql")
    assert (result.exit_code, result.stdout) == (0, installation_script())


def test_a_server_that_does_not_answer_is_told_with_what_to_do() -> None:
    code, error, hint = Terminal("postgresql:///x?host=/nowhere").error("db", "doctor")
    assert (code, error) == (5, "MS101")
    assert "MAINSTEM_URL" in hint


# Partitions.


def test_what_is_due_is_shown_first_and_done_then(clock: Clock, terminal: Terminal) -> None:
    clock.advance(days=70)
    due = terminal.lines("db", "partitions", "--dry-run")
    assert {task["due"] for task in due} == {"make", "seal"}
    assert terminal.lines("db", "partitions", "--dry-run") == due
    after = terminal.lines("db", "partitions")
    assert {leaf["state"] for leaf in after} == {"sealed", "open"}
    assert terminal.lines("db", "partitions", "--dry-run") == []


# The doctor.


def findings(terminal: Terminal) -> dict[str, dict[str, str]]:
    result = terminal.type("--json", "db", "doctor")
    found = {line["examined"]: line for line in map(json.loads, result.stdout.splitlines())}
    assert result.exit_code == (5 if any(line[""] == "bad" for line in found.values()) else 0)
    return found


def test_a_healthy_ledger_has_no_finding_but_that_the_login_is_a_superuser(terminal: Terminal) -> None:
    assert {name for name, finding in findings(terminal).items() if finding[""] != "ok"} == {"login"}


A_WORKER = """
insert into mainstem.user_workflow_worker (worker_id, host, pid, heartbeat_at)
values (gen_random_uuid(), 'elsewhere', 7, mainstem.clock() - interval '{}')"""
A_QUEUED_RUN = """
insert into mainstem.user_workflow_run_queue (run_id, org_id, state, worker_id, due_at)
values (mainstem.new_run_id(), '00000000-0000-7000-8000-000000000001', '{}', {}, mainstem.clock() - interval '{}')"""
DEAD_ROWS = """
insert into mainstem.user_workflow_run_queue (run_id, org_id)
select mainstem.new_run_id(), '00000000-0000-7000-8000-000000000001' from generate_series(1, 25000);
delete from mainstem.user_workflow_run_queue where state = 'ready';
select pg_stat_force_next_flush()"""
A_RIGHT_ON_A_LEAF = """
do $$ begin
  execute (select format('grant {} on mainstem.user_workflow_run_%s to {}', min(suffix)) from mainstem.user_workflow_leaf);
end $$"""


def test_the_doctor_finds_what_is_bad(database: Database, terminal: Terminal) -> None:
    for cause in (
        "update public.moved_clock set ahead = '200 days'",
        A_RIGHT_ON_A_LEAF.format("select", "mainstem_reader"),
        A_RIGHT_ON_A_LEAF.format("select (status)", "mainstem_app"),
        A_QUEUED_RUN.format("ready", "null", "3 hours"),
        A_QUEUED_RUN.format("owned", "gen_random_uuid()", "1 second"),
        "alter table mainstem.user_workflow_signal set (autovacuum_enabled = false)",
        "drop index mainstem.queue_ready",
    ):
        run(database, cause)
    bad = {name: finding["found"] for name, finding in findings(terminal).items() if finding[""] == "bad"}
    leaf = database.value(
        "select 'mainstem.user_workflow_run_' || min(suffix) from mainstem.user_workflow_leaf"
    )
    assert bad == {
        "partitions ahead": "there is none for today: no run can start",
        "rights on partitions": f"2: mainstem_app on {leaf}, mainstem_reader on {leaf}",
        "workers": "1 runs wait for a worker, and none lives",
        "runs without an owner": "1 are held by workers that are gone",
        "runs past due": "1 for up to 3 h, in default",
        "autovacuum": "off for mainstem.user_workflow_signal",
        "schema": "1 objects are not as installed: index mainstem.queue_ready",
    }


def test_the_doctor_warns_of_what_will_be_bad(database: Database, terminal: Terminal) -> None:
    for cause in (
        "update public.moved_clock set ahead = (select max(upper) from mainstem.user_workflow_leaf) - now() - interval '3 days'",
        "update mainstem.user_workflow_leaf set sealed_at = now()",
        "update mainstem.user_workflow_leaf set retired_at = now() where lower = (select min(lower) from mainstem.user_workflow_leaf)",
        "alter table mainstem.user_workflow_run_queue set (autovacuum_enabled = false)",  # or it would be quicker than the doctor
        DEAD_ROWS,
        A_WORKER.format("1 hour"),
        A_WORKER.format("0 seconds"),
        A_QUEUED_RUN.format("waiting", "null", "5 minutes"),
        A_QUEUED_RUN.format("owned", "gen_random_uuid()", "1 second"),
    ):
        run(database, cause)
    warned = {name: finding["found"] for name, finding in findings(terminal).items() if finding[""] == "warn"}
    assert warned.pop("queue").startswith("25000 dead rows")
    assert warned == {
        "partitions ahead": "they end in 3 days",
        "partitions past": "1 to drop",
        "workers": "1 live, silent: elsewhere (pid 7)",
        "runs without an owner": "1 are held by workers that are gone",
        "runs past due": "1 for up to 5 min, in default",
        "login": "postgres is a superuser, more than serving needs",
    }


def test_each_finding_that_is_not_ok_says_what_to_do(database: Database, terminal: Terminal) -> None:
    run(database, "drop index mainstem.queue_ready")
    run(database, "update public.moved_clock set ahead = '200 days'")
    assert {finding[""] for finding in findings(terminal).values() if not finding["remedy"]} == {"ok"}


def run(database: Database, statements: str) -> None:
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute(statements)


@pytest.mark.parametrize(("age", "level"), [(600, "warn"), (7200, "bad")])
def test_the_doctor_names_who_holds_the_oldest_snapshot(
    database: Database, clock: Clock, terminal: Terminal, age: float, level: str
) -> None:
    with psycopg.connect(database.url, application_name="a long report") as conn:
        conn.execute("select count(*) from mainstem.user_workflow")
        clock.advance(seconds=age)
        found = findings(terminal)["oldest transaction"]
        assert found[""] == level
        assert (
            f"pid {conn.info.backend_pid}, a long report of postgres, idle in transaction" in found["found"]
        )
        run(database, found["remedy"])
        assert findings(terminal)["oldest transaction"][""] == "ok"
        with pytest.raises(psycopg.errors.AdminShutdown):
            conn.execute("select 1")


def test_the_doctor_finds_a_role_that_is_above_row_level_security(
    database: Database, terminal: Terminal
) -> None:
    run(database, "alter role mainstem_reader bypassrls")
    try:
        found = findings(terminal)["roles"]
        run(database, found["remedy"])
        assert (found[""], found["found"]) == ("bad", "mainstem_reader is above row level security")
        assert findings(terminal)["roles"][""] == "ok"
    finally:
        run(database, "alter role mainstem_reader nobypassrls")


def test_a_login_that_sees_one_tenant_only_cannot_examine(database: Database, login: str) -> None:
    limited = Terminal(as_login(database.url, login))
    run(database, f"grant mainstem_app to {login}")
    code, error, hint = limited.error("db", "doctor")
    assert (code, error, "GRANT mainstem_worker" in hint) == (5, "MS103", True)
    run(database, f"grant mainstem_worker to {login}; grant pg_read_all_stats to {login}")
    assert findings(limited)["login"][""] == "ok"


@pytest.fixture
def login(database: Database) -> Any:
    name = "examiner"
    run(database, f"create role {name} login")
    yield name
    run(database, f"drop role {name}")

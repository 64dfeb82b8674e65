"""The sample of the old rcm database: what it says it has it has."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from conftest import Database
from mainstem.consolidate.presets.rcm.sample import ODDITIES, SECOND_SHAPE, Oddity, grow, install
from mainstem.consolidate.presets.rcm.sample.statements import KEYS
from mainstem.consolidate.presets.rcm.sample.world import ALDER, BIRCH


def old_database(database: Database) -> psycopg.Connection:
    conn = psycopg.connect(database.url, autocommit=True)
    install(conn, second_shape=True)
    return conn


def missing(conn: psycopg.Connection, oddities: tuple[Oddity, ...]) -> list[str]:
    return [oddity.name for oddity in oddities if not conn.execute(oddity.found.encode()).fetchall()]


def test_every_oddity_of_the_list_is_in_the_rows(empty_database: Database) -> None:
    with old_database(empty_database) as conn:
        assert missing(conn, ODDITIES + SECOND_SHAPE) == []


def test_an_oddity_whose_rows_are_gone_is_missed(empty_database: Database) -> None:
    with old_database(empty_database) as conn:
        conn.execute("update workflow_trace set end_time = null where trace_id = 1101")
        assert missing(conn, ODDITIES) == ["run_ended_but_active"]


def test_oddities_have_names_of_their_own_and_say_what_they_are() -> None:
    names = [oddity.name for oddity in ODDITIES + SECOND_SHAPE]
    assert len(set(names)) == len(names) > 60
    assert all(oddity.meaning for oddity in ODDITIES + SECOND_SHAPE)


def test_the_same_day_gives_the_same_rows(empty_database: Database) -> None:
    today = datetime(2026, 3, 1, 12, tzinfo=UTC)
    digests = []
    with psycopg.connect(empty_database.url, autocommit=True) as conn:
        for _ in range(2):
            conn.execute("drop schema public cascade; create schema public")
            install(conn, today=today)
            digests.append([digest(conn, table) for table in KEYS])
    assert digests[0] == digests[1]


def digest(conn: psycopg.Connection, table: str) -> str:
    [(found,)] = conn.execute(
        f"select md5(string_agg(t::text, '|' order by t::text)) from {table} t".encode()
    ).fetchall()
    return str(found)


def test_both_organizations_have_runs_and_every_old_state_occurs(empty_database: Database) -> None:
    with old_database(empty_database) as conn:
        for enum, column in (("trace_status", "workflow_trace"), ("step_status", "workflow_steps")):
            [(unused,)] = conn.execute(
                f"select count(*) from unnest(enum_range(null::{enum})) s where s not in (select status from {column})".encode()
            ).fetchall()
            assert unused == 0
        orgs = conn.execute(
            "select distinct w.org_id::text from workflow_trace t join user_workflow w using (workflow_id)"
        ).fetchall()
        assert {(ALDER,), (BIRCH,)} <= set(orgs)


def test_the_six_views_answer(empty_database: Database) -> None:
    with old_database(empty_database) as conn:
        views = conn.execute("select viewname from pg_views where schemaname = 'public'").fetchall()
        assert len(views) == 6
        for (view,) in views:
            assert conn.execute(f"select v::text from {view} v".encode()).fetchall(), view


def test_it_grows_by_runs_of_ten_steps(empty_database: Database) -> None:
    with old_database(empty_database) as conn:
        before = [conn.execute(f"select count(*) from {table}".encode()).fetchall()[0][0] for table in KEYS]
        grow(conn, runs=200)
        after = [conn.execute(f"select count(*) from {table}".encode()).fetchall()[0][0] for table in KEYS]
        assert [b - a for a, b in zip(before, after, strict=True)] == [200, 2000, 4000, 400, 0]
        loose = conn.execute(
            "select e.event_id from workflow_events e join workflow_steps s using (step_id) where e.trace_id <> s.trace_id and e.event_id > 30000"
        )
        assert loose.fetchall() == []
        conn.execute(
            "select start_workflow_execution(workflow_id, 'web', 'next', null, created_by) from workflow_trace where trace_id = 1001"
        )

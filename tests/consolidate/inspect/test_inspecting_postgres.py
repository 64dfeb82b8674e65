"""An inspection of PostgreSQL: it changes nothing, waits for nobody for long, and says what it did not look at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from conftest import Database
from mainstem.consolidate.inspect import Inspection, Limits, Role, inspect, postgres
from mainstem.consolidate.presets.rcm.sample import install
from mainstem.consolidate.sources.postgres import PINNED, reading
from mainstem.errors import BadArgument, ServerTooOld, SourceUnreadable
from pooler import transaction_pooler
from servers import as_login

OLD = """
create type trace_status as enum ('pending', 'active', 'done');
create table workflow_trace (trace_id bigserial primary key, org_id uuid, status trace_status, note text, made_at timestamptz);
create table workflow_events (event_id bigserial primary key, trace_id bigint, event_type text, event_data jsonb, at timestamptz);
insert into workflow_trace (status, note) select 'done', 'n' || n from generate_series(1, 500) n;
insert into workflow_events (trace_id, event_type) select n % 510 + 1, 'started' from generate_series(1, 1000) n;
"""


@contextmanager
def old(database: Database, sql: str = OLD) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute(sql.encode())
        conn.execute("analyze")
        yield conn


def look(url: str, schema: str = "public", **limits: Any) -> Inspection:
    with postgres(url, schema=schema, limits=Limits(**limits)) as reader:
        return inspect(reader, reader.survey())


def test_the_rcm_schema_is_recognised(empty_database: Database) -> None:
    with old(empty_database, "") as conn:
        install(conn, second_shape=True)
    found = look(empty_database.url)
    roles = {table.name: table.role for table in found.tables}
    assert {name: role for name, role in roles.items() if role is not Role.CONFIG} == {
        "app_user": Role.USER,
        "node_io_requirements": Role.OTHER,
        "organization": Role.ORGANIZATION,
        "user_workflow": Role.WORKFLOW,
        "user_workflow_node": Role.NODE,
        "user_workflow_transition": Role.TRANSITION,
        "workflow_data_bindings": Role.OTHER,
        "workflow_events": Role.EVENT,
        "workflow_node": Role.NODE,
        "workflow_steps": Role.STEP,
        "workflow_trace": Role.RUN,
        "workflow_trace_context": Role.CONTEXT,
        "workflow_trace_screenshot": Role.SCREENSHOT,
        "workflow_trace_screenshot_v9": Role.SCREENSHOT,
    }
    assert {name for name, role in roles.items() if role is Role.CONFIG} == {
        "channel_configs",
        "config_status",
        "workflow_channel_configs",
        "workflow_configs",
    }
    assert found.table("workflow_trace").values["status"]["active"] == 3
    assert found.odd("fold_too_large", "workflow_events")[0].counted["most rows"] == 300
    assert Inspection.from_json(found.to_json()) == found
    assert found.notes == ()


def test_what_hangs_on_a_table_is_named(empty_database: Database) -> None:
    with old(empty_database) as conn:
        conn.execute("""
            create schema elsewhere;
            create view running as select * from workflow_trace where status = 'active';
            create materialized view elsewhere.counts as select status, count(*) from workflow_trace group by 1;
            create table elsewhere.invoice (trace_id bigint references workflow_trace);
            create function elsewhere.close_runs() returns void language sql as 'update public.workflow_trace set status = ''done''';
            create function elsewhere.other() returns void language sql as 'select ''workflow_trace_archive''';
            create function noted() returns trigger language plpgsql as 'begin return new; end';
            create trigger noted before update on workflow_trace for each row execute function noted();
            create rule quiet as on delete to workflow_trace do instead nothing;
            create publication everything for table workflow_trace;
            alter table workflow_trace enable row level security;
            create policy own on workflow_trace using (org_id is null);
            grant select on workflow_trace to pg_monitor;
            alter table workflow_trace replica identity full;
        """)
    found = look(empty_database.url)
    named = {(each.kind, each.name) for each in found.dependants if each.table == "workflow_trace"}
    assert named == {
        ("view", "public.running"),
        ("materialized view", "elsewhere.counts"),
        ("foreign key", "elsewhere.invoice.invoice_trace_id_fkey"),
        ("function", "elsewhere.close_runs()"),
        ("trigger", "noted"),
        ("rule", "quiet"),
        ("publication", "everything"),
        ("policy", "own"),
        ("grant", "pg_monitor"),
        ("sequence", "public.workflow_trace_trace_id_seq"),
        ("replica identity", "full"),
    }


def test_the_fingerprint_changes_with_the_schema_and_not_with_its_rows(empty_database: Database) -> None:
    with old(empty_database) as conn:
        before = look(empty_database.url).schema_fingerprint
        conn.execute("delete from workflow_events; analyze")
        assert look(empty_database.url).schema_fingerprint == before
        changed = []
        for change in (
            "alter table workflow_trace alter note type varchar(80)",
            "alter table workflow_trace alter note set default 'none'",
            "create index on workflow_trace (note)",
            "alter table workflow_trace add check (note <> '')",
            "alter type trace_status add value 'lost'",
        ):
            conn.execute(change.encode())
            changed.append(look(empty_database.url).schema_fingerprint)
        assert len({before, *changed}) == 6


def test_nothing_can_be_written_and_values_read_the_same_everywhere(empty_database: Database) -> None:
    with old(empty_database) as conn, reading(empty_database.url) as reader:
        conn.execute("alter role postgres set timezone = 'Asia/Tokyo'")
        for name, setting in PINNED.items():
            row = reader.execute("select setting from pg_settings where name = %s", [name]).fetchone()
            assert row is not None
            assert row[0].split(",")[0].lower() == setting.lower()
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.execute("delete from public.workflow_trace")
        conn.execute("alter role postgres reset timezone")


def test_a_source_that_is_too_old_is_not_replaced_by_the_embedded_server(empty_database: Database) -> None:
    with transaction_pooler(empty_database.url, server_version="14.9") as source:
        with pytest.raises(ServerTooOld, match="PostgreSQL 14") as refused, reading(source.url):
            pass
        assert "restore its dump" in (refused.value.hint or "")


def test_a_large_table_is_sampled_and_its_rows_are_estimated(empty_database: Database) -> None:
    with old(empty_database) as conn:
        conn.execute(
            "insert into workflow_trace (status, note) select 'done', repeat('x', 500) from generate_series(1, 5000)"
        )
        conn.execute("insert into workflow_events (trace_id) values (99999)")
        conn.execute("analyze")
    found = look(empty_database.url, whole_rows=2000, sample_rows=500)
    traces, events = found.table("workflow_trace"), found.table("workflow_events")
    assert (traces.rows, traces.is_rows_exact) == (5500, False)
    assert traces.sampled.endswith("% of its pages")
    assert [note for note in found.notes if "workflow_trace" in note]
    assert (events.rows, events.is_rows_exact, events.sampled) == (1001, True, "")
    [odd] = found.odd("unknown_status", "workflow_trace")
    assert odd.is_sampled
    assert 0 < odd.rows < 5500
    [orphans] = found.odd("orphan", "workflow_events")  # looked for in the whole of its parent
    assert (orphans.rows, orphans.is_sampled) == (1, False)


def test_a_table_that_is_locked_meanwhile_is_named_and_the_rest_goes_on(empty_database: Database) -> None:
    limits = Limits(lock_seconds=0.05)
    with old(empty_database) as conn, postgres(empty_database.url, limits=limits) as reader:
        survey = reader.survey()
        with conn.transaction():
            conn.execute("lock table workflow_events")
            found = inspect(reader, survey)
    assert "workflow_events: its rows: not looked at: canceling statement due to lock timeout" in found.notes
    assert found.odd("unknown_status", "workflow_trace")


def test_a_table_that_is_locked_from_the_start_is_an_error_with_a_remedy(empty_database: Database) -> None:
    with old(empty_database) as conn, conn.transaction():
        conn.execute("lock table workflow_events")
        with pytest.raises(SourceUnreadable, match="lock timeout"):
            look(empty_database.url, lock_seconds=0.05)


def test_rows_that_a_policy_hides_are_an_error_and_not_a_gap(empty_database: Database) -> None:
    with old(empty_database) as conn:
        conn.execute("""
            do $$ begin create role clerk login; exception when duplicate_object then null; end $$;
            grant select on workflow_trace, workflow_events to clerk;
            alter table workflow_trace enable row level security;
            create policy none on workflow_trace using (false);
        """)
        found = look(as_login(empty_database.url, "clerk"))
        conn.execute("drop owned by clerk")
    assert any("row-level security" in note for note in found.notes)
    assert found.table("workflow_events").rows == 1000


def test_a_foreign_table_is_named_and_nobody_calls_its_server(empty_database: Database) -> None:
    with old(empty_database) as conn:
        conn.execute("""
            create foreign data wrapper nowhere;
            create server away foreign data wrapper nowhere;
            create foreign table workflow_steps (step_id bigint, trace_id bigint, step_number integer, status text) server away;
        """)
    found = look(empty_database.url)
    assert found.odd("unsupported_relation", "workflow_steps")
    assert "workflow_steps: not looked at: a foreign table" in found.notes


def test_an_empty_schema_is_refused_and_the_others_are_named(empty_database: Database) -> None:
    with old(empty_database), pytest.raises(SourceUnreadable) as refused:
        look(empty_database.url, schema="rcm")
    assert refused.value.hint is not None
    assert "public" in refused.value.hint


def test_a_transaction_pooler_is_refused() -> None:
    with pytest.raises(BadArgument), reading("postgresql://u@nowhere.invalid/d?pooler=transaction"):
        pass


def test_any_name_may_be_a_table_s(empty_database: Database) -> None:
    hostile = """
        create schema "Old ""%s""; drop";
        create table "Old ""%s""; drop"."workflow {trace}; --" ("trace""_id" bigint primary key, "sta%tus" text, status text, "a b" json);
        insert into "Old ""%s""; drop"."workflow {trace}; --" values (1, 'x', 'act''ive', '{"a": 1}');
    """
    with old(empty_database, hostile):
        found = look(empty_database.url, schema='Old "%s"; drop')
    [table] = found.tables
    assert (table.name, table.rows) == ("workflow {trace}; --", 1)
    assert table.primary_key == ('trace"_id',)
    assert found.notes == ()

"""What hand-written consolidations got wrong, written anew: each is found, by the rule that says why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from mainstem.consolidate.lint import Finding, Severity, lint

OLD = """
create table organization (org_id uuid primary key);
create table user_workflow (workflow_id uuid primary key, org_id uuid references organization);
create table workflow_trace (trace_id bigserial primary key, workflow_id uuid, status varchar(20) not null,
  metadata jsonb, start_time timestamptz);
create table workflow_steps (step_id bigserial primary key, trace_id bigint not null references workflow_trace,
  node_id uuid, step_number int not null, status varchar(20) not null);
create table workflow_events (event_id bigserial primary key, trace_id bigint not null references workflow_trace,
  step_id bigint references workflow_steps, event_type text not null, event_data jsonb);
create table workflow_trace_context (context_id bigserial primary key, trace_id bigint not null references workflow_trace,
  key text not null, value jsonb, created_at timestamptz not null default now());
create table workflow_trace_screenshot (screenshot_id bigserial primary key,
  trace_id bigint not null references workflow_trace, step_id bigint references workflow_steps, path text not null);
create table user_workflow_run (run_id uuid primary key default gen_random_uuid(), legacy_trace_id bigint unique,
  org_id uuid, workflow_id uuid, status text, metadata jsonb, context jsonb, started_at timestamptz);
create table user_workflow_run_step (step_id uuid primary key default gen_random_uuid(), legacy_step_id bigint unique,
  run_id uuid, node_id uuid, step_number int, status text, events jsonb, screenshots jsonb);
insert into organization values ('00000000-0000-0000-0000-00000000000a');
insert into user_workflow values ('00000000-0000-0000-0000-0000000000f1', null);
insert into workflow_trace (workflow_id, status, metadata) values
  ('00000000-0000-0000-0000-0000000000f1', 'active', null), (null, 'stuck', '{}');
insert into workflow_steps (trace_id, step_number, status) values (1, 1, 'completed'), (1, 2, 'odd');
insert into workflow_events (trace_id, step_id, event_type) values (1, 1, 'a'), (1, null, 'workflow_started');
insert into workflow_trace_context (trace_id, key, value) values (1, 'k', '1');
insert into workflow_trace_screenshot (trace_id, step_id, path) values (1, 1, 'a.png'), (1, 2, 'b.png');
insert into user_workflow_run (legacy_trace_id) values (1);
"""

if TYPE_CHECKING:
    from old_database import OldDatabase

pytest_plugins = ["old_database"]


@dataclass(frozen=True)
class Script:
    """A defect as its author would have written it; the rules that must find it, with the rows that it costs here."""

    defect: str
    text: str
    rules: dict[str, int | None]
    suffix: str = ".sql"

    def __str__(self) -> str:
        return self.defect


SCRIPTS = [
    Script(
        "S1 a re-run begins by dropping what was written since",
        "drop table if exists user_workflow_run cascade; create table user_workflow_run (run_id uuid primary key);",
        {"D19": 1, "D20": 0},
    ),
    Script(
        "S2 rows without a parent are not migrated",
        "insert into user_workflow_run (legacy_trace_id) select t.trace_id from workflow_trace t"
        " left join user_workflow w on w.workflow_id = t.workflow_id where w.workflow_id is not null",
        {"D01": 1},
    ),
    Script(
        "S3 an unknown status becomes pending",
        "insert into user_workflow_run_step (legacy_step_id, status) select s.step_id, case when s.status = 'completed' then 'completed'"
        " when s.status = 'failed' then 'failed' else 'pending' end from workflow_steps s",
        {"D03": 1},
    ),
    Script(
        "S4 events of the run, and the children's ids and times, are lost",
        "insert into user_workflow_run_step (legacy_step_id, events) select s.step_id, (select jsonb_agg("
        "jsonb_build_object('type', e.event_type, 'data', e.event_data) order by e.event_id) from workflow_events e"
        " where e.step_id = s.step_id) from workflow_steps s;"
        "insert into user_workflow_run (legacy_trace_id, context) select t.trace_id, (select jsonb_object_agg(c.key, c.value)"
        " from workflow_trace_context c where c.trace_id = t.trace_id) from workflow_trace t",
        {"D09": 1, "D07": None},
    ),
    Script(
        "S5 every step gets all screenshots of its run",
        "insert into user_workflow_run_step (legacy_step_id, screenshots) select s.step_id, (select jsonb_agg(to_jsonb(p) order by"
        " p.screenshot_id) from workflow_trace_screenshot p where p.trace_id = s.trace_id) from workflow_steps s",
        {"D08": 2},
    ),
    Script(
        "S6 lists without an order, invented times, NULL made empty",
        "insert into user_workflow_run (legacy_trace_id, started_at, metadata, context) select t.trace_id,"
        " coalesce(t.start_time, now()), coalesce(t.metadata, '{}'::jsonb),"
        " (select jsonb_agg(c.value) from workflow_trace_context c where c.trace_id = t.trace_id) from workflow_trace t",
        {"D06": None, "D11": None, "D05": 1},
    ),
    Script(
        "S7 a fallback puts rows into any organization",
        "insert into user_workflow_run (legacy_trace_id, org_id) select t.trace_id, coalesce(w.org_id,"
        " (select org_id from organization limit 1)) from workflow_trace t left join user_workflow w using (workflow_id)",
        {"D12": None, "D11": None},
    ),
    Script(
        "S8 a missing node gets an id that nobody has",
        "insert into user_workflow_run_step (legacy_step_id, node_id)"
        " select s.step_id, coalesce(s.node_id, gen_random_uuid()) from workflow_steps s",
        {"D11": None},
    ),
    Script(
        "S9 all of it stands in a block",
        "do $$ begin insert into user_workflow_run (legacy_trace_id, status) select t.trace_id, case t.status when 'active'"
        " then 'running' else 'pending' end from workflow_trace t on conflict do nothing; end $$",
        {"D27": None, "D22": None, "D03": 1},
    ),
    Script(
        "S10 a view is dropped that is a table",
        "drop view if exists workflow_trace; create view workflow_trace as select * from user_workflow_run",
        {"D19": None},
    ),
    Script(
        "S11 the old name shows no row of the new code",
        "alter table workflow_trace rename to workflow_trace_old; create view workflow_trace as"
        " select legacy_trace_id as trace_id from user_workflow_run where legacy_trace_id is not null",
        {"D26": None},
    ),
    Script(
        "S12 the way back casts what cannot be cast",
        "insert into workflow_steps (node_id) select s.node_id::bigint from user_workflow_run_step s",
        {"D18": None, "M03": None},
    ),
    Script(
        "S13 the way back joins on what is no key, and throws collisions away",
        "insert into workflow_trace (trace_id, status) select t.trace_id, r.status from workflow_trace t"
        " join user_workflow_run r on r.workflow_id = t.workflow_id on conflict do nothing",
        {"D01": 2, "D22": None},
    ),
    Script(
        "S14 the downgrade drops what it does not copy back",
        "from alembic import op\nrevision = '018'\ndown_revision = '017'\n\n\ndef upgrade() -> None:\n"
        "    op.execute('create table user_workflow_run (run_id uuid)')\n\n\ndef downgrade() -> None:\n"
        "    op.drop_table('user_workflow_run')\n",
        {"D19": 1},
        ".py",
    ),
    Script(
        "S15 a verification that compares nothing",
        "do $$ declare n bigint; begin select count(*) into n from workflow_events; raise notice 'Consolidated % events', n; end $$",
        {"D27": None},
    ),
    Script(
        "S16 a copy of some columns, and the rest is dropped",
        "create table keep as select trace_id, status from workflow_trace; drop table workflow_trace;"
        "create table workflow_trace (trace_id bigint, status text); insert into workflow_trace select * from keep",
        {"D02": None, "D19": 2, "D22": None, "M04": None},
    ),
    Script(
        "S17 a backup is copied over a live file",
        "#!/bin/sh\ncp workflow_backup.db workflow.db\n",
        {"Q02": None},
        ".sh",
    ),
    Script(
        "S18 hour 0 becomes -1",
        "def shim(result):\n    return {'hour': result['submission_hour'] or -1}\n",
        {"Q10": None},
        ".py",
    ),
    Script(
        "S19 an update that makes its column NULL, and one that fails",
        "update user_workflow_run set context = jsonb_set(context, '{a}', null) where run_id is null;"
        "update user_workflow_run set context = jsonb_insert(context, '$', '{}') where run_id is null",
        {"D05": None, "M03": None},
    ),
    Script("S20 a cascade takes more than it says", "drop table workflow_steps cascade", {"D20": 2}),
]
"""S15: that the notice compares nothing is nobody's to see in a text; that the block cannot be seen into is said."""


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_each_defect_is_found_with_its_rows(
    old_database: OldDatabase, tmp_path: Path, script: Script
) -> None:
    found = linted(old_database.url, OLD, tmp_path / f"migration{script.suffix}", script.text)
    for rule, rows in script.rules.items():
        said = [each for each in found if each.rule == rule]
        assert said, f"{rule} of {script}: {sorted({each.rule for each in found})}"
        assert rows in [each.rows for each in said], [each.message for each in said]


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_the_text_alone_shows_it_too(tmp_path: Path, script: Script) -> None:
    """Without a database as a suspicion; what only the catalog knows (S5's key, S10, S12, S20's victims) apart."""
    path = tmp_path / f"migration{script.suffix}"
    path.write_text(script.text)
    said = {each.rule for each in lint([path])}
    needs_the_catalog = {"S10": {"D19"}, "S12": {"D18", "M03"}, "S19": {"M03"}, "S5": {"D08"}}
    assert set(script.rules) - said <= needs_the_catalog.get(script.defect.split()[0], set()), said


def linted(url: str, tables: str, path: Path, text: str) -> list[Finding]:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(tables.encode())
    path.write_text(text)
    return lint([path], url=url)


def test_a_careful_migration_has_no_errors(old_database: OldDatabase, tmp_path: Path) -> None:
    careful = """
set lock_timeout = '300ms'; set statement_timeout = '1min'; set row_security = off; set time zone 'UTC';
insert into user_workflow_run (legacy_trace_id, workflow_id, status, metadata, started_at, context)
select t.trace_id, t.workflow_id, t.status, t.metadata, t.start_time, (select jsonb_agg(jsonb_build_object('id', c.context_id,
    'trace_id', c.trace_id, 'key', c.key, 'value', c.value, 'created_at', c.created_at) order by c.context_id)
    from workflow_trace_context c where c.trace_id = t.trace_id)
  from workflow_trace t where t.trace_id between 1 and 5000;
"""
    found = linted(old_database.url, OLD, tmp_path / "careful.sql", careful)
    assert [(each.rule, each.message) for each in found if each.severity is Severity.ERROR] == []

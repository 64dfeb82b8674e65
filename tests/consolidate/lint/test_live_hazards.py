"""Hazards in live data: counted where they are, silent where the same statement finds nothing to lose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest

from mainstem.consolidate.lint import Finding, Live, Severity, lint_text, live_at
from mainstem.consolidate.lint.examine import examine_database
from mainstem.consolidate.lint.rules import sessions

if TYPE_CHECKING:
    from old_database import OldDatabase

pytest_plugins = ["old_database"]


@dataclass(frozen=True)
class Case:
    """A database, a migration, how many rows the hazard has there; and the database or the migration without it."""

    rule: str
    tables: str
    migration: str
    rows: int | None
    cure: str = ""
    better: str = ""

    def __str__(self) -> str:
        return self.rule


TRACES = """
create table workflow (workflow_id int primary key, org_id uuid);
create table trace (trace_id bigint primary key, workflow_id int, status text, meta jsonb, at timestamptz);
create table step (step_id bigint primary key, trace_id bigint, data jsonb);
create table event (event_id bigint primary key, trace_id bigint, step_id bigint, kind text, at timestamptz);
insert into workflow values (1, null);
insert into trace values (1, 1, 'active', null, now()), (2, 1, 'odd', '{}', now()), (3, null, 'done', '{"a": 1}', now());
insert into step values (10, 1, null), (11, 1, null), (12, 99, null);
insert into event values (100, 1, 10, 'a', now()), (101, 1, null, 'b', now()), (102, 1, 77, 'c', now());
"""
FOLD = """insert into run (e) select (select jsonb_agg(e order by e.event_id) from event e where e.{by} = s.{key}) from step s"""

CASES = [
    Case(
        "D01",
        TRACES,
        "insert into run (id) select t.trace_id from trace t join workflow w using (workflow_id)",
        1,
        cure="update trace set workflow_id = 1",
    ),
    Case(
        "D01",
        TRACES,
        "insert into run (id) select t.trace_id from trace t where t.status <> 'odd'",
        1,
        better="insert into run (id) select t.trace_id from trace t where t.status <> 'odd'"
        " union all select t.trace_id from trace t where t.status = 'odd'",
    ),
    Case(
        "D02",
        TRACES,
        "insert into run (id) select trace_id from trace; drop table trace",
        None,
        better="insert into run (id, w, s, m, a) select trace_id, workflow_id, status, meta, at from trace; drop table trace",
    ),
    Case(
        "D03",
        TRACES,
        "insert into run (s) select case status when 'active' then 'running' when 'done' then 'completed' else 'pending' end from trace",
        1,
        cure="update trace set status = 'done' where status = 'odd'",
    ),
    Case(
        "D03",
        TRACES,
        "update trace t set status = case t.status when 'active' then 'running' else 'pending' end where t.trace_id > 1",
        2,
        cure="update trace set status = 'active'",
    ),
    Case(
        "D04",
        """create table doc (id int, body json); insert into doc values (1, '{"a": 1, "a": 2}'), (2, '{"a": 1}')""",
        "alter table doc alter column body type jsonb",
        1,
        cure="delete from doc where id = 1",
    ),
    Case(
        "D05",
        TRACES,
        "insert into run (m) select coalesce(meta, '{}') from trace",
        1,
        cure="update trace set meta = '[]' where meta is null",
    ),
    Case(
        "D07",
        TRACES,
        "insert into run (e) select (select jsonb_agg(jsonb_build_object('k', e.kind) order by e.event_id) from event e where e.trace_id = t.trace_id) from trace t",
        None,
        better="insert into run (e) select (select jsonb_agg(to_jsonb(e) order by e.event_id) from event e where e.trace_id = t.trace_id) from trace t",
    ),
    Case(
        "D08",
        TRACES,
        FOLD.format(by="trace_id", key="trace_id"),
        3,
        cure="delete from step where step_id = 11",
    ),
    Case(
        "D08",
        TRACES,
        "insert into run (id) select t.trace_id from trace t left join step s on s.trace_id = t.trace_id",
        1,
        cure="delete from step where step_id = 11",
    ),
    Case(
        "D09",
        TRACES,
        FOLD.format(by="step_id", key="step_id"),
        1,
        cure="delete from event where step_id is null",
    ),
    Case(
        "D10",
        TRACES,
        FOLD.format(by="step_id", key="step_id"),
        1,
        cure="delete from event where step_id = 77",
    ),
    Case(
        "D14",
        "create table m (id int primary key, ratio double precision); insert into m values (1, 'NaN'), (2, 1.5)",
        "insert into r (d) select jsonb_build_object('id', m.id, 'ratio', m.ratio) from m",
        1,
        cure="delete from m where id = 1",
    ),
    Case(
        "D15",
        TRACES,
        "insert into run (d) select jsonb_build_object('at', t.at) from trace t",
        None,
        better="set timezone = 'UTC'; insert into run (d) select jsonb_build_object('at', t.at) from trace t",
    ),
    Case(
        "D16",
        "create table p (id int, price numeric); insert into p values (1, 1.00), (2, 1.5)",
        "select id, price from p except select id, price from p",
        1,
        cure="update p set price = 1 where id = 1",
    ),
    Case(
        "D17",
        "create table trace (id int primary key);"
        "create table event (id int primary key, trace_id int not null references trace, body text);"
        "insert into trace values (1); insert into event select n, 1, repeat('x', 200) from generate_series(1, 11000) n",
        "insert into run (e) select (select jsonb_agg(e order by e.id) from event e where e.trace_id = t.id) from trace t",
        11000,
        cure="delete from event where id > 10",
    ),
    Case(
        "D18",
        "create table t (id int, name text); insert into t values (1, 'short'), (2, 'rather longer')",
        "alter table t alter column name type varchar(10)",
        1,
        cure="delete from t where id = 2",
    ),
    Case(
        "D18",
        "create table t (id bigint, n numeric(10, 2)); insert into t values (5000000000, 1.25)",
        "alter table t alter column id type integer",
        1,
        cure="update t set id = 5",
    ),
    Case(
        "D18",
        "create table n (node_id uuid)",
        "insert into r (id) select node_id::bigint from n",
        None,
        better="insert into r (id) select node_id::text from n",
    ),
    Case("D19", TRACES, "drop table trace", 3, better="alter table trace add column x int"),
    Case("D19", TRACES, "drop view if exists trace", None, better="select 1"),
    Case(
        "D20",
        TRACES + "create view seen as select * from trace; create sequence s owned by trace.trace_id;"
        "create table run (legacy_id bigint default nextval('s'))",
        "drop table trace cascade",
        2,
        better="drop table trace restrict",
    ),
    Case("D21", TRACES, "delete from trace", 3, cure="delete from trace"),
    Case(
        "D24",
        "create table r (id serial primary key); insert into r values (7)",
        "alter sequence r_id_seq restart with 3",
        None,
        better="alter sequence r_id_seq restart with 8",
    ),
    Case(
        "D25",
        "create table r (id bigint generated always as identity, n int)",
        "insert into r (id, n) select 1, 2",
        None,
        better="insert into r (id, n) overriding system value select 1, 2",
    ),
    Case(
        "D26",
        TRACES,
        "create view trace as select 1 as trace_id where 1 = 2",
        None,
        better="create view other as select 1 as trace_id where 1 = 2",
    ),
    Case(
        "D28",
        TRACES
        + "create role lint_reader; grant select on trace to lint_reader; comment on table trace is 'runs'",
        "alter table trace rename to old; create view trace as select * from run",
        2,
        better="alter table trace rename to old; create view trace as select * from run;"
        "grant select on trace to lint_reader; comment on view trace is 'runs'",
    ),
    Case(
        "D29",
        "create table u (id int, email text); insert into u values (1, 'a@x'), (2, 'A@x')",
        "create unique index on u (lower(email))",
        2,
        cure="delete from u where id = 2",
    ),
    Case(
        "D30",
        "create table m (day date) partition by range (day); create table n (day date)",
        "insert into r (day) select day from m",
        None,
        better="insert into r (day) select day from n",
    ),
    Case(
        "L04",
        "create table t (a int)",
        "alter table t alter column a set not null",
        None,
        cure="alter table t add constraint c check (a is not null)",
    ),
    Case(
        "L09",
        "create table big as select n as id, 0 as done from generate_series(1, 20000) n; analyze big",
        "update big set done = 1 where done = 0",
        20000,
        cure="delete from big where id > 100; analyze big",
    ),
    Case(
        "L15",
        "create table log (id bigint generated by default as identity, root bigint)",
        "create function f() returns trigger language plpgsql as $$ begin insert into log (root) values (1); return null; end $$",
        None,
        cure="alter table log drop column id",
    ),
    Case(
        "L16",
        "create table t (id bigint, s varchar(50)); create table run (id bigint, s text)",
        "alter table t rename to t_old; create view t as select id, s from run",
        None,
        cure="alter table run alter s type varchar(50)",
    ),
    Case(
        "L17",
        TRACES + "create view seen as select * from trace",
        "alter table trace rename to old; create view trace as select * from run",
        1,
        cure="drop view seen",
    ),
    Case(
        "M03",
        "create table n (node_id uuid)",
        "insert into n (node) select 1",
        None,
        better="insert into n (node_id) select null",
    ),
]
SHOWN = {case.rule for case in CASES} | {"L12", "L13", "L02", "D13"}


def told(database: OldDatabase, rule: str, migration: str) -> list[Finding]:
    with live_at(database.url) as live:
        return [each for each in lint_text(migration, live=live) if each.rule == rule]


def at_server(live: Live) -> list[Finding]:
    assert live.postgres is not None
    return examine_database(live.postgres)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_hazard_is_counted_in_the_live_data_and_not_told_where_it_is_not(
    old_database: OldDatabase, case: Case
) -> None:
    old_database.run(case.tables)
    found = told(old_database, case.rule, case.migration)
    assert found, case.rule
    assert found[0].rows == case.rows, found[0].message
    old_database.run(case.cure or "select 1")
    assert told(old_database, case.rule, case.better or case.migration) == []


def test_looking_changes_nothing(old_database: OldDatabase) -> None:
    old_database.run("create table t (id serial primary key); insert into t default values")
    told(old_database, "D21", "delete from t; insert into t (id) select nextval('t_id_seq') from t")
    assert old_database.rows("select last_value, is_called from t_id_seq") == [
        {"last_value": 1, "is_called": True}
    ]
    assert old_database.value("select count(*) from t") == 1


def test_names_that_would_be_sql_are_only_names(old_database: OldDatabase) -> None:
    old_database.run(
        """create table "a""b; drop table x" (id int primary key); insert into "a""b; drop table x" values (1)""",
    )
    found = told(old_database, "D21", """delete from "a""b; drop table x" """)
    assert [each.rule for each in found] == ["D21"]


def test_a_statement_brings_no_second_one_with_it(old_database: OldDatabase) -> None:
    """What is a quoted name to SQLite is two operators to PostgreSQL, with a semicolon between them."""
    old_database.run("create table t (id int)")
    smuggled = "update t set id = ` 1; commit; drop table t; select ` 2"
    [refused] = told(old_database, "M03", smuggled)
    assert "multiple commands" in refused.message
    assert old_database.value("select count(*) from t") == 0


def test_what_cannot_be_counted_says_why(old_database: OldDatabase) -> None:
    [found] = told(old_database, "D01", "insert into run (id) select t.id from trace t where t.done")
    assert found.rows is None
    assert "trace is not in the database" in found.message


def test_policies_that_hide_rows_from_the_login_are_errors(old_database: OldDatabase) -> None:
    old_database.run("create table t (id int); alter table t enable row level security")
    [found] = told(old_database, "D13", "insert into r (id) select id from t")
    assert "would hide" in found.message
    old_database.run("alter table t disable row level security")
    assert told(old_database, "D13", "insert into r (id) select id from t") == []


def test_a_long_transaction_stands_in_the_way_until_it_ends(
    old_database: OldDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "LONG_TRANSACTION", 0)
    with (
        psycopg.connect(old_database.url, application_name="report") as idle,
        live_at(old_database.url) as live,
    ):
        idle.execute("select 1")
        [found] = [each for each in at_server(live) if each.rule == "L12"]
        assert found.message.startswith("report, pid")
        idle.rollback()
        assert [each for each in at_server(live) if each.rule == "L12"] == []


def test_another_runner_is_seen_while_it_writes_the_version(old_database: OldDatabase) -> None:
    old_database.run(
        "create table alembic_version (version_num text); insert into alembic_version values ('1')",
    )
    with psycopg.connect(old_database.url) as other, live_at(old_database.url) as live:
        other.execute("update alembic_version set version_num = '2'")
        assert [each.severity for each in at_server(live) if each.rule == "L13"] == [Severity.ERROR]
        other.rollback()
        assert [each for each in at_server(live) if each.rule == "L13"] == []


def test_an_index_left_invalid_is_told_of(old_database: OldDatabase) -> None:
    old_database.run("create table t (id int); insert into t values (1), (1)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        old_database.run("create unique index concurrently twice on t (id)")
    with live_at(old_database.url) as live:
        assert [each.object for each in at_server(live) if each.rule == "L02"] == ["public.twice"]
    old_database.run("drop index twice")
    with live_at(old_database.url) as live:
        assert [each for each in at_server(live) if each.rule == "L02"] == []

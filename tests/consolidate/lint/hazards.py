"""Hazards as text: for each rule what fires, and the near miss that does not."""

from dataclasses import dataclass, field
from typing import Any

from mainstem.consolidate.lint import Live


@dataclass(frozen=True)
class Case:
    rule: str
    fires: str
    near_miss: str
    kind: str = "sql"
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.rule


OLD = """
create table trace (trace_id bigint primary key, org_id uuid not null, status text not null, note json, seen timestamptz not null);
create table step (step_id bigint primary key, trace_id bigint not null references trace, ratio real, done_at timestamptz);
create table event (event_id bigint primary key, step_id bigint, kind text not null, at timestamptz not null);
"""
"""Three old tables that are known from the migration's own text."""

CASES = [
    Case(
        "D01",
        "insert into run (id) select t.id from trace t join workflow w on w.id = t.workflow_id",
        "insert into run (id) select t.id from trace t left join workflow w on w.id = t.workflow_id",
    ),
    Case(
        "D01",
        "insert into run (id) select t.id from trace t where t.id > 10 and t.id <= 20",
        "insert into run (id) select t.id from trace t where t.id > :after and t.id <= :upto",
    ),
    Case(
        "D02",
        OLD
        + "insert into run (id, org_id) select trace_id, org_id from trace; alter table trace rename to trace_old;",
        OLD
        + "insert into run (id, org_id, status, note, seen) select trace_id, org_id, status, note, seen from trace;"
        "alter table trace rename to trace_old;",
    ),
    Case(
        "D03",
        "insert into run (status) select case status when 'active' then 'running' else 'pending' end from trace",
        "insert into run (status) select case status when 'active' then 'running' else status end from trace",
    ),
    Case(
        "D03",
        "insert into run (status) select case when s = 'a' then 'x' when s = 'b' then 'x' else s end from trace",
        "insert into run (status) select case when s = 'a' then 'x' when s = 'b' then 'y' else s end from trace",
    ),
    Case(
        "D04",
        "insert into run (context) select (select jsonb_object_agg(c.key, c.value) from c where c.t = t.id) from trace t",
        "insert into run (context) select (select jsonb_object_agg_unique(c.key, c.value) from c where c.t = t.id) from trace t",
    ),
    Case(
        "D05",
        "insert into run (meta) select coalesce(t.meta, '{}'::jsonb) from trace t",
        "insert into run (meta) select coalesce((select jsonb_agg(c.x order by c.id) from c where c.t = t.id), '[]') from trace t",
    ),
    Case(
        "D05",
        "update step set data = jsonb_set(data, '{a}', null) where id = 1",
        "update step set data = jsonb_set_lax(data, '{a}', null) where id = 1",
    ),
    Case(
        "D05",
        "insert into r (c) select (select jsonb_object_agg_unique(c.k, c.v) from c where c.t = t.id) from t",
        "insert into r (c) select (select jsonb_object_agg_unique(c.k, c.v) filter (where c.k is not null) from c where c.t = t.id) from t",
    ),
    Case(
        "D06",
        "insert into run (events) select (select jsonb_agg(e.data) from event e where e.t = t.id) from trace t",
        "insert into run (events) select (select jsonb_agg(e.data order by e.id) from event e where e.t = t.id) from trace t",
    ),
    Case(
        "D07",
        OLD
        + "insert into r (e) select (select jsonb_agg(jsonb_build_object('kind', e.kind) order by e.event_id)"
        " from event e where e.step_id = s.step_id) from step s",
        OLD
        + "insert into r (e) select (select jsonb_agg(jsonb_build_object('id', e.event_id, 'kind', e.kind, 'at', e.at)"
        " order by e.event_id) from event e where e.step_id = s.step_id) from step s",
    ),
    Case(
        "D08",
        OLD
        + "insert into r (e) select (select jsonb_agg(e order by e.event_id) from event e where e.step_id = s.trace_id) from step s",
        OLD
        + "insert into r (e) select (select jsonb_agg(e order by e.event_id) from event e where e.step_id = s.step_id) from step s",
    ),
    Case(
        "D08",
        OLD + "insert into r (id) select t.trace_id from trace t left join step s on s.trace_id = t.trace_id",
        OLD + "insert into r (id) select s.step_id from step s left join trace t on s.trace_id = t.trace_id",
    ),
    Case(
        "D09",
        OLD
        + "insert into r (e) select (select jsonb_agg(e order by e.event_id) from event e where e.step_id = s.step_id) from step s",
        OLD
        + "insert into r (e) select (select jsonb_agg(s order by s.step_id) from step s where s.trace_id = t.trace_id) from trace t",
    ),
    Case(
        "D10",
        OLD
        + "insert into r (e) select (select jsonb_agg(e order by e.event_id) from event e where e.step_id = s.step_id) from step s",
        OLD
        + "insert into r (e) select (select jsonb_agg(s order by s.step_id) from step s where s.trace_id = t.trace_id) from trace t",
    ),
    Case(
        "D11",
        "insert into run (node_id) select coalesce(s.node_id, gen_random_uuid()) from step s",
        "create table run (node_id uuid default gen_random_uuid(), made timestamptz default now())",
    ),
    Case(
        "D11",
        "insert into run (org) select (select id from organization limit 1) from trace t",
        "insert into run (org) select (select o.id from organization o where o.w = t.w limit 1) from trace t",
    ),
    Case(
        "D11", "update run set started_at = coalesce(started_at, now())", "update run set updated_at = now()"
    ),
    Case(
        "D03",
        "update trace set n = n + 1, status = case when status = 'a' then 'x' else 'y' end where id = 3",
        "update trace set n = n + 1, status = case when status = 'a' then 'x' else status end where id = 3",
    ),
    Case(
        "D12",
        "update t set org_id = (select id from org limit 1) where id = 3",
        "update t set org_id = w.org_id from w where w.t = t.id",
    ),
    Case(
        "D12",
        "insert into run (id, org_id) select t.id, coalesce(w.org_id, '00000000-0000-0000-0000-000000000001') from trace t",
        "insert into run (id, org_id) select t.id, (select w.org_id from workflow w where w.id = t.workflow_id) from trace t",
    ),
    Case(
        "D13",
        "insert into run (id) select id from trace",
        "set row_security = off; insert into run (id) select id from trace",
    ),
    Case(
        "D14",
        OLD
        + "insert into r (e) select (select jsonb_agg(jsonb_build_object('id', s.step_id, 'ratio', s.ratio)) from step s)",
        OLD
        + "insert into r (e) select (select jsonb_agg(jsonb_build_object('id', s.step_id, 'ratio', s.ratio::text)) from trace s)",
    ),
    Case(
        "D15",
        OLD + "insert into r (e) select jsonb_build_object('id', e.event_id, 'at', e.at) from event e",
        OLD
        + "set time zone 'UTC'; insert into r (e) select jsonb_build_object('id', e.event_id, 'at', e.at) from event e",
    ),
    Case(
        "D16",
        "create table p (id int primary key, price numeric); select id, price from p except select id, price from q",
        "create table p (id int primary key, price numeric); select id, price::text from p except select id, price::text from q",
    ),
    Case(
        "D17",
        "update run set events = events || $1 where run_id = $2",
        "update run set title = title_prefix || $1 where run_id = $2",
    ),
    Case(
        "D18",
        "alter table trace alter column status type varchar(20)",
        "create table t (status varchar(10)); alter table t alter column status type varchar(20)",
    ),
    Case(
        "D18",
        "alter table t alter at type timestamptz",
        "alter table t alter at type timestamptz using at at time zone 'UTC'",
    ),
    Case(
        "D18",
        "insert into r (s) select status::varchar(5) from trace",
        "insert into r (s) select status::text from trace",
    ),
    Case(
        "D18",
        "create table n (node_id uuid); insert into r (s) select n.node_id::bigint from n",
        "create table n (node_id uuid); insert into r (s) select n.node_id::text from n",
    ),
    Case("D19", "drop table trace", "create table scratch (id int); drop table scratch"),
    Case("D19", "alter table trace drop column if exists note", "alter table trace add column note text"),
    Case(
        "D20", "drop table trace cascade", "alter table a add foreign key (b) references b on delete cascade"
    ),
    Case("D21", "delete from trace", "delete from trace where id = 3"),
    Case("D21", "truncate trace", "create temp table s (id int); truncate s"),
    Case(
        "D21",
        "with gone as (delete from trace returning *) insert into archive (id) select id from gone",
        "with gone as (delete from trace where id < 9 returning *) insert into archive (id) select id from gone",
    ),
    Case(
        "M04",
        "insert into run (id) select id from trace; delete from trace where id < 9",
        "insert into run (id) select id from trace; delete from other where id < 9",
    ),
    Case(
        "D21", "update trace set status = 'x' where true", "update trace set status = 'x' where status = 'y'"
    ),
    Case(
        "D22",
        "insert into run (id) select id from trace on conflict do nothing",
        "insert into run (id) select id from trace on conflict (id) do update set n = excluded.n",
    ),
    Case("D22", "insert into run select * from trace", "insert into run (a, b) select a, b from trace"),
    Case(
        "D22",
        "create table copy as select a, b from trace",
        "create temp table copy as select a, b from trace",
    ),
    Case("D23", "set session_replication_role = replica", "set session_replication_role = origin"),
    Case("D23", "alter table trace disable trigger all", "alter table trace enable trigger all"),
    Case(
        "D24",
        "create table r (id bigserial primary key, n text); insert into r (id, n) select id, n from old",
        "create table r (id bigserial primary key, n text); insert into r (id, n) select id, n from old;"
        "select setval(pg_get_serial_sequence('r', 'id'), (select max(id) from r))",
    ),
    Case("D24", "alter sequence trace_id_seq restart with 1", "alter sequence trace_id_seq owned by none"),
    Case(
        "D25",
        "create table r (id bigint generated always as identity, n text); insert into r (id, n) select id, n from old",
        "create table r (id bigint generated always as identity, n text);"
        "insert into r (id, n) overriding system value select id, n from old",
    ),
    Case(
        "D25",
        "create table r (a int, b int generated always as (a * 2) stored); insert into r (a, b) values (1, 2)",
        "create table r (a int, b int generated always as (a * 2) stored); insert into r (a) values (1)",
    ),
    Case(
        "D26",
        "alter table trace rename to trace_old; create view trace as select * from run where legacy_id is not null",
        "alter table trace rename to trace_old; create view trace as select * from run",
    ),
    Case(
        "D27",
        "do $$ begin execute 'drop table ' || x; end $$",
        "create function f() returns int language sql return 1",
    ),
    Case(
        "D27",
        "do $$ begin insert into audit values (1); end $$",
        "-- mainstem: allow D27 because it was read line by line\ndo $$ begin insert into audit values (1); end $$",
    ),
    Case(
        "D28",
        "alter table trace rename to trace_old; create view trace as select * from run",
        "alter table trace rename to trace_old; create view trace as select * from run; grant select on trace to app",
    ),
    Case(
        "D29",
        "create unique index on app_user (lower(email))",
        "create unique index on app_user (email)",
    ),
    Case(
        "D30",
        "create table m (id int, day date) partition by range (day); insert into r (id) select id from m",
        "create table m (id int, day date); insert into r (id) select id from m",
    ),
    Case(
        "L01",
        "alter table trace add column note text",
        "set lock_timeout = '300ms'; set statement_timeout = '5s'; alter table trace add column note text",
    ),
    Case("L02", "create index on trace (status)", "create index concurrently on trace (status)"),
    Case("L02", "drop index trace_status", "drop index concurrently trace_status"),
    Case(
        "L03",
        "alter table step add constraint fk foreign key (t) references trace (id)",
        "alter table step add constraint fk foreign key (t) references trace (id) not valid",
    ),
    Case(
        "L03",
        "alter table step add constraint u unique (a)",
        "alter table step add constraint u unique using index u_index",
    ),
    Case(
        "L04",
        "alter table step alter column a set not null",
        "alter table step add constraint c check (a is not null) not valid; alter table step validate constraint c;"
        "alter table step alter column a set not null",
    ),
    Case(
        "L05",
        "alter table step add column u uuid default gen_random_uuid()",
        "alter table step add column u timestamptz default now()",
    ),
    Case(
        "L05",
        "alter table step alter column n type bigint",
        "create table s (n int); alter table s alter column n type bigint",
    ),
    Case(
        "L06",
        "alter table trace rename to run",
        "begin; alter table trace rename to run; create view trace as select * from run; commit",
    ),
    Case("L06", "alter table trace rename column a to b", "alter table trace rename constraint a to b"),
    Case(
        "L07",
        "create trigger t after insert on trace for each statement execute function f()",
        "create trigger t instead of insert on trace_view for each row execute function f()",
    ),
    Case("L08", "refresh materialized view daily", "refresh materialized view concurrently daily"),
    Case("L08", "vacuum full trace", "vacuum trace"),
    Case(
        "L09",
        "update trace set status = 'x' where status = 'y'",
        "update trace set status = 'x' where status = 'y' and trace_id between 1 and 5000",
    ),
    Case(
        "L10",
        "begin; create index concurrently on trace (a); commit",
        "create index concurrently on trace (a)",
    ),
    Case(
        "L10",
        "begin; alter table a add constraint c check (x > 0) not valid; alter table a validate constraint c; commit",
        "alter table a add constraint c check (x > 0) not valid; alter table a validate constraint c",
    ),
    Case(
        "L11",
        "begin; alter table a add x int; alter table b add x int; commit; begin; alter table b add y int; alter table a add y int; commit",
        "begin; alter table a add x int; alter table b add x int; commit; begin; alter table a add y int; alter table b add y int; commit",
    ),
    Case(
        "L13",
        "begin; alter table a add x int; update alembic_version set version_num = '2'; commit",
        "begin; select pg_advisory_xact_lock(7); alter table a add x int; update alembic_version set version_num = '2'; commit",
    ),
    Case("L14", "select pg_advisory_lock(1)", "select pg_advisory_xact_lock(1)"),
    Case(
        "L14",
        "set search_path = app",
        "begin; set local search_path = app; commit",
        options={"live": Live(pooled=True)},
    ),
    Case(
        "L15",
        "create table log (id bigserial, root bigint);"
        "create function f() returns trigger language plpgsql as $$ begin insert into log (root) values (new.id); return null; end $$",
        "create table log (root bigint, xid xid8);"
        "create function f() returns trigger language plpgsql as $$ begin insert into log (root) values (new.id); return null; end $$",
    ),
    Case(
        "L16",
        "alter table trace rename to trace_old; create view trace as select id, status::text from run",
        "alter table trace rename to trace_old; create view trace_view as select id, status::text from run",
    ),
    Case(
        "L17",
        "alter table trace set schema legacy; create view trace as select id from run",
        "create view trace as select id from run",
    ),
    Case(
        "Q01", "cp /data/app.db /tmp/copy.db", "sqlite3 /data/app.db \"vacuum into '/tmp/copy.db'\"", "shell"
    ),
    Case(
        "Q01",
        "import shutil\nshutil.copy2('/data/app.db', '/tmp/copy.db')",
        "import sqlite3\nsqlite3.connect('/data/app.db').backup(sqlite3.connect('/tmp/copy.db'))",
        "python",
    ),
    Case("Q02", "cp backup.db app.db", "rm -f app.db-wal app.db-shm\ncp backup.db app.db", "shell"),
    Case(
        "Q02",
        "import shutil\nshutil.copy(backup_path, db_path)",
        "import shutil\nshutil.copy(readme, readme_old)",
        "python",
    ),
    Case(
        "Q03",
        "begin; pragma foreign_keys = off; drop table a; alter table b rename to a; commit",
        "pragma foreign_keys = off; begin; drop table a; alter table b rename to a; commit",
    ),
    Case(
        "Q04",
        "pragma user_version = 2; create table b as select * from a",
        "pragma user_version = 2; create table b (id integer primary key); insert into b (id) select id from a",
    ),
    Case(
        "Q05",
        "pragma user_version = 2; insert into b (n) select cast(n as integer) from a",
        "pragma user_version = 2; insert into b (n) select n from a",
    ),
    Case(
        "Q06",
        'pragma user_version = 2; create table a (id integer primary key, kind text default "new")',
        "pragma user_version = 2; create table a (id integer primary key, kind text default 'new')",
    ),
    Case(
        "Q07",
        "conn.executescript('drop table a')",
        "conn.executescript('BEGIN IMMEDIATE; drop table a; COMMIT')",
        "python",
    ),
    Case("Q08", "conn.backup(target, pages=100)", "conn.backup(target)", "python"),
    Case(
        "Q09",
        "pragma foreign_keys = off; drop table a; pragma quick_check",
        "pragma foreign_keys = off; drop table a; pragma foreign_key_check; pragma integrity_check",
    ),
    Case("Q10", "hour = row['hour'] or -1", "hour = -1 if row['hour'] is None else row['hour']", "python"),
    Case("Q10", "n = row.get('day') or 7", "rows = row.get('rows') or []", "python"),
    Case(
        "M01",
        "-- mainstem: allow D21\ndelete from a",
        "-- mainstem: allow D21 because it is a cache\ndelete from a",
    ),
    Case("M01", "-- mainstem: alow D21 because x\ndelete from a", "-- a mainstem of thought\ndelete from a"),
    Case(
        "M02",
        "-- mainstem: allow D21 because it is a cache\ndelete from a where id = 1",
        "-- mainstem: allow D21 because it is a cache\ndelete from a",
    ),
    Case(
        "M04",
        "create table copy as select a, b from trace; drop table trace",
        "begin; create table copy as select a, b from trace; drop table trace; commit",
    ),
]

"""The next migration of a PostgreSQL database: rehearsed on a restored copy, its locks told, applied or taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from conftest import Database
from mainstem.consolidate import backup
from mainstem.consolidate.backup import Postgres
from mainstem.consolidate.migrate import perform, verbs
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
)

SHOP = """
create schema shop;
create table shop."Order" (id bigserial primary key, total numeric not null default 1, day date, code text unique);
create table shop.line (id int primary key, order_id bigint references shop."Order", n int check (n > 0));
create index order_day on shop."Order" (day);
create view shop.days as select day, count(*) from shop."Order" group by day;
insert into shop."Order" (day, code) select '2025-01-01'::date + n, n::text from generate_series(1, 200) n;
insert into shop.line select n, n, n from generate_series(1, 200) n;
"""
ADD = 'alter table shop."Order" add column note text; create index line_order on shop.line (order_id);'


@pytest.fixture
def shop(empty_database: Database) -> Database:
    with psycopg.connect(empty_database.url, autocommit=True) as conn:
        conn.execute(SHOP)
    return empty_database


def work_on(database: Database, place: Path, sql: str, *accepted: str) -> Work:
    file = place / "m.sql"
    file.write_text(sql)
    return Work(
        target=Postgres(database.url), migration=migration_of(str(file)), place=place / "work", accepted=frozenset(accepted),
        patience=Patience(lock_timeout=0.1, attempts=3, pause=0),
    )  # fmt: skip


def columns(database: Database, table: str) -> list[str]:
    found = database.rows("select column_name from information_schema.columns where table_schema = 'shop' and table_name = %s order by ordinal_position", table)  # fmt: skip
    return [row["column_name"] for row in found]


@contextmanager
def lock_on(database: Database, table: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.url) as conn:
        conn.execute(f"lock table {table} in access share mode".encode())
        yield conn
        conn.rollback()


def test_a_rehearsal_tells_times_and_locks_and_leaves_the_database_alone(
    shop: Database, tmp_path: Path
) -> None:
    before = backup.contents(Postgres(shop.url))
    done = verbs.rehearse(work_on(shop, tmp_path, ADD))
    assert [one.exclusive for one in done.measures] == [('shop."Order"',), ()]
    assert set(done.held) == {'shop."Order"'}
    assert done.held['shop."Order"'] >= done.measures[1].milliseconds, "held until the commit"
    assert backup.contents(Postgres(shop.url)) == before
    assert shop.value("select count(*) from pg_database where datname like 'mainstem_scratch%%'") == 0


def test_a_migration_is_applied_once_and_checked(shop: Database, tmp_path: Path) -> None:
    work = work_on(shop, tmp_path, ADD)
    assert verbs.apply(work).phase is Phase.APPLIED
    assert columns(shop, "Order") == ["id", "total", "day", "code", "note"]
    assert verbs.apply(work).phase is Phase.APPLIED
    assert verbs.check(work) == []
    with psycopg.connect(shop.url, autocommit=True) as conn:
        conn.execute("drop index shop.line_order")
    assert [one.rule for one in verbs.check(work)] == ["lost-index"]


@pytest.mark.parametrize(
    ("sql", "rule", "rows"),
    [
        ('drop table shop."Order"', "D19", 200),
        ('drop table shop."Order" cascade', "D20", None),
        ("alter table shop.line drop column n", "D19", 200),
        ("truncate shop.line", "D21", 200),
        ("delete from shop.line", "D21", 200),
        ("do $$ begin delete from shop.line; end $$", "D27", None),
        ("do $$ begin delete from shop.line; end $$", "D21", 200),
        ("create table shop.copy as select id from shop.line", "D22", None),
        ("create table shop.copy as select id from shop.line; drop table shop.line", "D02", 200),
        ('insert into shop.line select * from shop."Order"', "D22", 200),
        ('insert into shop.line (id, n) select id, 1 from shop."Order" on conflict do nothing', "D22", 200),
        ("set session_replication_role = replica", "D23", None),
        ("select 1; create index concurrently x on shop.line (n)", "L10", None),
        ("copy shop.line from stdin", "D27", None),
    ],
)
def test_what_loses_rows_or_hides_what_it_does_is_refused(
    shop: Database, tmp_path: Path, sql: str, rule: str, rows: int | None
) -> None:
    work = work_on(shop, tmp_path, sql)
    found = {(one.rule, one.rows) for one in verbs.lint(work) if one.is_error}
    assert (rule, rows) in found
    with pytest.raises(MigrationUnsafe):
        verbs.apply(work)
    assert not (tmp_path / "work" / "state.json").exists(), "not even a backup was begun"


def test_what_is_lost_all_the_same_is_found_on_the_copy(shop: Database, tmp_path: Path) -> None:
    sql = 'delete from shop.line l where exists (select from shop."Order" o where o.id = l.order_id and o.id <= 7)'
    with pytest.raises(ChecksFailed, match=r"lost-rows shop\.line: 193 of 200 rows are left"):
        verbs.apply(work_on(shop, tmp_path, sql))
    assert shop.value("select count(*) from shop.line") == 200


def test_a_failing_statement_takes_all_back(shop: Database, tmp_path: Path) -> None:
    work = work_on(shop, tmp_path, f"{ADD}\nselect 1 / 0;", "M03")
    with pytest.raises(StatementFailed, match="line 2, 'select 1 / 0': division by zero"):
        verbs.apply(work)
    assert columns(shop, "Order") == ["id", "total", "day", "code"]


def test_a_lock_that_somebody_holds_is_tried_again_and_then_told_of(shop: Database, tmp_path: Path) -> None:
    work = work_on(shop, tmp_path, ADD)
    verbs.rehearse(work)
    with lock_on(shop, 'shop."Order"') as reader:
        with pytest.raises(LockNotGranted, match="3 times in a row") as told:
            verbs.apply(work)
        assert f"pid {reader.info.backend_pid}" in told.value.message
    assert work.state().phase is Phase.REHEARSED
    assert verbs.apply(work).phase is Phase.APPLIED


def test_a_lock_that_is_let_go_in_time_is_waited_for(shop: Database, tmp_path: Path) -> None:
    """The timeout is set anew in each attempt: the second one would else wait without end."""
    work = work_on(shop, tmp_path, ADD)
    verbs.rehearse(work)
    seen: list[str] = []
    with lock_on(shop, 'shop."Order"') as reader:

        def let_go(_seconds: float) -> None:
            seen.append("pause")
            if len(seen) == 2:
                reader.rollback()

        patient = Patience(lock_timeout=0.1, attempts=5, sleep=let_go)
        verbs.apply(Work(target=work.target, migration=work.migration, place=work.place, patience=patient))
    assert seen == ["pause", "pause"]


def test_a_script_means_what_it_means_by_psql(shop: Database, tmp_path: Path) -> None:
    """The database's own zone and path, on the copy too: in UTC, a time without zone would become another time."""
    with psycopg.connect(shop.url, autocommit=True) as conn:
        conn.execute("alter table shop.line add column at timestamp default '2025-01-01 00:00'")
        name = conn.info.dbname
        conn.execute(f"alter database {name} set timezone = 'America/Los_Angeles'".encode())
        conn.execute(f"alter database {name} set search_path = shop, public".encode())
    work = work_on(shop, tmp_path, "alter table line alter column at type timestamptz", "D18")
    assert verbs.apply(work).phase is Phase.APPLIED
    assert str(shop.value("select min(at at time zone 'UTC') from shop.line")) == "2025-01-01 08:00:00"


def test_what_fails_only_at_the_commit_is_told_and_nothing_stays(shop: Database, tmp_path: Path) -> None:
    sql = """alter table shop.line add constraint twin unique (n) deferrable initially deferred;
    insert into shop.line values (999, 1, 1);"""
    work = work_on(shop, tmp_path, sql)
    with pytest.raises(StatementFailed, match="at the commit: duplicate key"):
        verbs.apply(work)
    assert shop.value("select count(*) from shop.line") == 200


def test_two_runners_at_once_are_refused(shop: Database, tmp_path: Path) -> None:
    work = work_on(shop, tmp_path, ADD)
    verbs.rehearse(work)
    with perform.the_only_runner(Postgres(shop.url)), pytest.raises(RunnerBusy):
        verbs.apply(work)
    assert verbs.apply(work).phase is Phase.APPLIED


@pytest.mark.parametrize("committed", [True, False])
def test_killed_while_it_commits_the_server_is_asked_how_the_transaction_ended(
    shop: Database, tmp_path: Path, committed: bool
) -> None:
    work = work_on(shop, tmp_path, ADD)
    verbs.rehearse(work)
    state = work.state()
    with psycopg.connect(shop.url) as conn:
        [(state.transaction,)] = conn.execute("select pg_current_xact_id()::text").fetchall()
        conn.execute(ADD.encode())
        conn.commit() if committed else conn.rollback()
    state.phase = Phase.APPLYING
    save(state, work.place)
    assert verbs.apply(work).phase is Phase.APPLIED
    assert columns(shop, "Order")[-1] == "note"


def test_a_rollback_puts_the_backup_back_and_takes_away_what_the_migration_made(
    shop: Database, tmp_path: Path
) -> None:
    sql = f"{ADD} create table shop.extra (id int primary key, line_id int references shop.line); create view shop.seen as select * from shop.extra;"
    work = work_on(shop, tmp_path, sql)
    before = backup.contents(Postgres(shop.url))
    verbs.apply(work)
    with pytest.raises(RollbackLoses):
        verbs.roll_back(work)
    verbs.roll_back(work, accept_loss=True)
    after = backup.contents(Postgres(shop.url))
    assert after.digests == before.digests
    assert set(after.objects) == set(before.objects)


def test_statements_outside_of_transactions_go_one_by_one(shop: Database, tmp_path: Path) -> None:
    work = work_on(shop, tmp_path, "create index concurrently a on shop.line (n);\nvacuum shop.line;")
    state = verbs.apply(work)
    assert (state.phase, state.done) == (Phase.APPLIED, 2)
    assert shop.value("select indisvalid from pg_index where indexrelid = 'shop.a'::regclass") is True


def renamed(database: Database, place: Path) -> None:
    sql = script(Postgres(database.url), 'shop."Order"', "day", "Day of order")
    verbs.apply(work_on(database, place, sql))


def test_a_renamed_column_is_read_and_written_by_both_names(shop: Database, tmp_path: Path) -> None:
    days = shop.rows("select * from shop.days order by day")
    renamed(shop, tmp_path)
    assert shop.rows("select * from shop.days order by day") == days
    for name in ('"Day of order"', "day"):
        [made] = shop.rows(f'insert into shop."Order" ({name}, code) values (\'2030-01-01\', %s) returning *', name)  # fmt: skip
        assert (str(made["day"]), str(made["Day of order"]), made["total"]) == ("2030-01-01", "2030-01-01", 1)
        [changed] = shop.rows(f'update shop."Order" set {name} = null where code = %s returning day, "Day of order"', name)  # fmt: skip
        assert set(changed.values()) == {None}
        upsert = f"insert into shop.\"Order\" (code, {name}) values (%s, '2031-01-01') on conflict (code) do update set {name} = excluded.{name} returning day::text"
        assert shop.rows(upsert, name) == [{"day": "2031-01-01"}]
        assert len(shop.rows(f"delete from shop.\"Order\" where {name} = '2031-01-01' returning id")) == 1
    with pytest.raises(psycopg.errors.SyntaxError, match="multiple assignments"):
        shop.rows('insert into shop."Order" (day, "Day of order") values (now(), now()) returning id')
    assert shop.value('select count(*) from shop."Order"') == 200


@pytest.mark.parametrize(("table", "before", "after"), [("shop.nowhere", "a", "b"), ("shop.line", "x", "y"), ("shop.line", "n", "id"), ("shop.days", "day", "d")])  # fmt: skip
def test_a_rename_that_cannot_be_is_refused(shop: Database, table: str, before: str, after: str) -> None:
    with pytest.raises(RenameRefused):
        script(Postgres(shop.url), table, before, after)

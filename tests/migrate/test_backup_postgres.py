"""A backup of a PostgreSQL database is of one snapshot, and was restored elsewhere before it counts as one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from conftest import Database
from mainstem.consolidate import backup
from mainstem.consolidate.backup import Postgres, Selection, postgres
from mainstem.consolidate.backup.programs import Programs, programs_for
from mainstem.errors import BackupFailed, BackupNotProved, ProgramsMissing, ScratchRefused
from servers import as_login, in_database

SHOP = """
create schema "Odd name";
create type public.mood as enum ('glad', 'sad');
create table public.customer (id bigserial primary key, name varchar(20) not null, mood public.mood, raw json, code char(4),
  price numeric(10,2), seen timestamptz, data bytea, ratio float8, check (name in ('ann', 'bob', 'cy')));
create table public."order" (id int generated always as identity primary key, customer_id bigint references public.customer,
  day date not null, total int generated always as (id * 2) stored) ;
create table "Odd name"."T;1" ("a""b" text, "C" jsonb);
create table public.measure (day date not null, n int) partition by range (day);
create table public.measure_1 partition of public.measure for values from ('2025-01-01') to ('2026-01-01');
create view public.glad as select name from public.customer where mood = 'glad';
create materialized view public.counted as select count(*) from public.customer;
alter table public.customer enable row level security;
alter table public.customer force row level security;
insert into public.customer (name, mood, raw, code, price, seen, data, ratio) values
  ('ann', 'glad', '{"a":1, "a":2,  "b":"\\u0000"}', 'ab', 1.00, 'infinity', '\\x00ff', 'NaN'), ('bob', null, null, null, 2, now(), '', 1e300);
insert into public."order" (customer_id, day) select 1, '2025-05-01' from generate_series(1, 20);
insert into "Odd name"."T;1" values (null, 'null'), ('', null), ('', null);
insert into public.measure select '2025-03-01', n from generate_series(1, 100) n;
"""


@pytest.fixture
def shop(empty_database: Database) -> Database:
    with psycopg.connect(empty_database.url, autocommit=True) as conn:
        conn.execute(SHOP)
    return empty_database


def databases(database: Database) -> set[str]:
    return {row["datname"] for row in database.rows("select datname from pg_database")}


def test_a_backup_was_restored_elsewhere_and_held_the_same(shop: Database, tmp_path: Path) -> None:
    before = databases(shop)
    manifest = backup.take(Postgres(shop.url), tmp_path)
    assert {name: digest.rows for name, digest in manifest.digests.items()} == {
        "Odd name.T;1": 3,
        "public.customer": 2,
        "public.measure_1": 100,
        "public.order": 20,
    }
    assert manifest.sequences == {"public.customer_id_seq": 2, "public.order_id_seq": 20}
    assert backup.verify(tmp_path, scratch=Postgres(shop.url)) == manifest
    assert databases(shop) == before


def test_rows_written_while_it_is_taken_are_in_neither_the_dump_nor_the_digests(
    shop: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Programs.run

    def write_and_run(self: Programs, name: str, *words: str | Path, target: Postgres | None = None) -> str:
        if name == "pg_dump":
            shop.rows("insert into public.measure values ('2025-04-01', 1) returning n")
        return run(self, name, *words, target=target)

    monkeypatch.setattr(Programs, "run", write_and_run)
    assert backup.take(Postgres(shop.url), tmp_path).digests["public.measure_1"].rows == 100


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-2000], lambda data: data[:-3000] + b"\x99" + data[-2999:]]
)
def test_a_truncated_or_flipped_dump_is_refused(
    shop: Database, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    backup.take(Postgres(shop.url), tmp_path)
    file = tmp_path / "database.dump"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(BackupNotProved, match="not the file that was written"):
        backup.verify(tmp_path, scratch=Postgres(shop.url))


def test_a_dump_that_is_whole_but_of_other_rows_is_refused(shop: Database, tmp_path: Path) -> None:
    """The restore succeeds and the file is as it was written: only the digests tell."""
    backup.take(Postgres(shop.url), tmp_path)
    told = tmp_path / "manifest.json"
    lane = backup.read(tmp_path).digests["public.order"].lanes[1]
    told.write_text(told.read_text().replace(lane, str(int(lane) + 1)))
    before = databases(shop)
    with pytest.raises(BackupNotProved, match=r"public\.order: 20 rows expected, 20 there"):
        backup.verify(tmp_path, scratch=Postgres(shop.url))
    assert databases(shop) == before


def test_a_digest_does_not_depend_on_the_order_of_rows_but_on_each_value(shop: Database) -> None:
    def lanes() -> tuple[str, str]:
        return backup.contents(Postgres(shop.url)).digests["public.measure_1"].lanes

    first = lanes()
    shop.rows("update public.measure set n = n where n = 5 returning n")  # moves the row to the end
    assert lanes() == first
    shop.rows("update public.measure set n = null where n = 5 returning n")
    assert lanes() != first


def test_it_is_restored_in_the_place_of_what_is_there_now(shop: Database, tmp_path: Path) -> None:
    manifest = backup.take(Postgres(shop.url), tmp_path)
    shop.rows("delete from public.order returning id")
    with psycopg.connect(shop.url, autocommit=True) as conn:
        conn.execute("alter table public.measure drop column n")
    backup.restore(tmp_path, Postgres(shop.url))
    assert backup.contents(Postgres(shop.url)).digests == manifest.digests


def test_a_restore_that_cannot_be_whole_changes_nothing(shop: Database, tmp_path: Path) -> None:
    backup.take(Postgres(shop.url), tmp_path)
    with psycopg.connect(shop.url, autocommit=True) as conn:
        conn.execute("create view public.depends as select * from public.customer")
        conn.execute("delete from public.measure")
    with pytest.raises(BackupFailed, match="depends"):
        backup.restore(tmp_path, Postgres(shop.url))
    assert shop.value("select count(*) from public.order") == 20
    assert shop.value("select count(*) from public.measure") == 0


@pytest.mark.parametrize(
    ("selection", "tables"),
    [
        (Selection(schemas=("Odd name",)), {"Odd name.T;1"}),
        (Selection(schemas=("public",)), {"public.customer", "public.order", "public.measure_1"}),
        (Selection(tables=("Odd name.T;1", "public.measure", "public.measure_1")), {"Odd name.T;1", "public.measure_1"}),
    ],
)  # fmt: skip
def test_a_schema_or_some_tables_are_backed_up_alone(
    shop: Database, tmp_path: Path, selection: Selection, tables: set[str]
) -> None:
    assert set(backup.take(Postgres(shop.url), tmp_path, selection).digests) == tables


def test_who_may_make_no_database_is_told_what_to_do_and_may_name_another_server(
    shop: Database, server_url: str, tmp_path: Path
) -> None:
    role = f"reader_{shop.url.split('test_')[1].split('?')[0]}"
    shop_of_reader = Postgres(as_login(shop.url, role))
    with psycopg.connect(shop.url, autocommit=True) as conn:
        conn.execute(SQL("create role {} login bypassrls in role pg_read_all_data").format(Identifier(role)))
    try:
        with pytest.raises(ScratchRefused, match="may not make the database") as refused:
            backup.take(shop_of_reader, tmp_path)
        assert "--scratch" in str(refused.value.hint)
        assert not (tmp_path / "manifest.json").exists()
        assert backup.take(shop_of_reader, tmp_path, scratch=in_database(server_url, "postgres")).rows == 125
    finally:
        with psycopg.connect(shop.url, autocommit=True) as conn:
            conn.execute(SQL("drop owned by {0}; drop role {0}").format(Identifier(role)))


def test_a_login_from_whom_policies_hide_rows_backs_up_nothing(shop: Database, tmp_path: Path) -> None:
    role = f"hidden_{shop.url.split('test_')[1].split('?')[0]}"
    with psycopg.connect(shop.url, autocommit=True) as conn:
        conn.execute(SQL("create role {} login createdb in role pg_read_all_data").format(Identifier(role)))
    try:
        with pytest.raises(BackupFailed, match="row-level security"):
            backup.take(Postgres(as_login(shop.url, role)), tmp_path)
    finally:
        with psycopg.connect(shop.url, autocommit=True) as conn:
            conn.execute(SQL("drop role {}").format(Identifier(role)))


def test_programs_older_than_the_server_are_not_used(tmp_path: Path) -> None:
    with pytest.raises(ProgramsMissing, match="the server is PostgreSQL 99") as refused:
        programs_for(99)
    assert "postgresql-client-99" in str(refused.value.hint)
    with pytest.raises(ProgramsMissing, match="none"):
        programs_for(15, [tmp_path])


def test_newer_programs_serve_an_older_server(
    shop: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """18's pg_restore begins with a setting that 15 refuses."""
    monkeypatch.setattr(postgres, "programs_for", lambda _major: programs_for(18))
    manifest = backup.take(Postgres(shop.url), tmp_path)
    shop.rows("delete from public.order returning id")
    backup.restore(tmp_path, Postgres(shop.url))
    assert backup.contents(Postgres(shop.url)).digests == manifest.digests


def test_a_password_is_in_no_argument_and_no_manifest(
    shop: Database, server_url: str, tmp_path: Path
) -> None:
    url = f"{shop.url}&password=s3cr%3At"
    assert backup.take(Postgres(url), tmp_path).rows == 125
    assert "s3cr" not in (tmp_path / "manifest.json").read_text()

"""A table that stays and loses the columns that tracked its runs: old code reads them from the runs, until and after the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from conftest import Database
from consolidations import Life, living, old_code, rows
from mainstem.errors import MappingRefused
from mainstem.model import DEFAULT_ORG

LAST = "(select max(r.started_at) from mainstem.user_workflow_run r where r.context ->> 'machine' = {row}.id::text)"
MACHINE: dict[str, Any] = {
    "stays": True,
    "key": "id",
    "without": {"last_run_at": {"sql": LAST, "reason": "the runs say it"}, "run_count": "nobody reads it"},
}
JOB = {
    "becomes": "run",
    "key": "id",
    "time": ["began"],
    "columns": {"began": "started_at", "machine": "context.machine"},
    "constants": {
        "driver": "recorded",
        "status": "running",
        "channel": "web",
        "org_id": {"sql": f"'{DEFAULT_ORG}'::uuid"},
        "workflow_id": {"workflow": "'jobs'"},
    },
}


def mapping(machine: dict[str, Any] = MACHINE) -> str:
    return json.dumps({"mapping": 1, "system": "shop", "tables": {"machine": machine, "job": JOB}})


@pytest.fixture
def life(database: Database) -> Iterator[Life]:
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute(
            "create table public.machine (id serial primary key, name text not null default 'new', last_run_at timestamptz, run_count int not null default 0)"
        )
        conn.execute(
            "create table public.job (id serial primary key, machine int references machine, began timestamptz)"
        )
        conn.execute("create view public.idle as select id, name from machine where last_run_at is null")
        conn.execute(
            "insert into machine (name, last_run_at, run_count) values ('a', '2024-01-01Z', 1), ('b', null, 0)"
        )
        conn.execute("insert into job (machine, began) values (1, '2024-01-01Z')")
    with living(database, mapping(), sample=False) as found:
        yield found


READ = "select id, name, last_run_at::text, run_count from machine"


def test_old_code_reads_the_columns_from_the_runs_and_writes_on_and_all_comes_back(life: Life) -> None:
    with old_code(life.url) as conn:
        before = rows(conn, READ)
        life.copy()
        proof = life.verify()
        assert [one.rows for one in proof.compared if one.name.startswith("machine ←")] == [2]
        life.cut_over()
        assert rows(conn, READ) == before
        conn.execute("insert into job (machine, began) values (2, '2024-05-05Z')")
        conn.execute("update machine set run_count = run_count + 1, name = 'B' where id = 2")
        made = conn.execute("insert into machine default values returning id, name, run_count").fetchall()
        assert made == [(3, "new", 0)]
        conn.execute("delete from machine where id = 3")
        told = [(1, "a", "2024-01-01 00:00:00+00", 1), (2, "B", "2024-05-05 00:00:00+00", 1)]
        assert rows(conn, READ) == told
        assert rows(conn, "select id from idle") == []
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            conn.execute("delete from machine where id = 1; insert into job (machine) values (77)")
        life.roll_back()
        assert rows(conn, READ) == [told[0], (2, "B", None, 1)]
        assert rows(conn, "select id from idle") == [(2,)]
        assert conn.execute(
            "select relkind::text from pg_class where oid = 'machine'::regclass"
        ).fetchall() == [("r",)]
        life.forward()
        assert life.finish() == ["job", "machine.last_run_at", "machine.run_count"]
        assert rows(conn, READ) == [(*row[:3], None) for row in told]
        conn.execute("insert into machine (name) values ('late')")
        conn.execute("update machine set name = 'later' where name = 'late'")
        columns = "select attname from pg_attribute where attrelid = 'consolidation_shop.machine'::regclass and attnum > 0 and not attisdropped"
        assert rows(conn, columns) == [("id",), ("name",)]


def test_row_policies_of_the_table_hold_at_its_view(life: Life) -> None:
    with psycopg.connect(life.url, autocommit=True) as conn:
        conn.execute("alter table machine enable row level security")
        conn.execute("create policy own on machine using (name = current_setting('shop.name', true))")
        conn.execute("create role clerk_of_shop; grant select, update on machine to clerk_of_shop")
        try:
            life.forward()
            conn.execute("set role clerk_of_shop; set shop.name = 'a'")
            assert conn.execute("select name, last_run_at::text is null from machine").fetchall() == [
                ("a", False)
            ]
            assert conn.execute("update machine set run_count = 5").rowcount == 1
        finally:
            conn.execute("reset role; drop owned by clerk_of_shop; drop role clerk_of_shop")


def test_a_key_or_an_unknown_column_cannot_go(life: Life) -> None:
    for column, fault in (("id", "is its key"), ("lost_run_at", "there is no column lost_run_at")):
        with (
            pytest.raises(MappingRefused, match=fault),
            living(Database(life.url), mapping(MACHINE | {"without": {column: "no"}}), sample=False),
        ):
            pass

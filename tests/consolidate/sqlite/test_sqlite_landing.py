"""Tables of a SQLite file land as they are, or say why not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlite_files import SCHEMA, ask, do, land_all, landed_rows

from mainstem.consolidate.sources.sqlite import Digest, land, landed_digest, landed_table, snapshot
from mainstem.errors import BadArgument, LandingDiffers, LandingOutgrown, SourceUnlandable

pytest_plugins = ["sqlite_fixtures"]

Conn = psycopg.Connection[Any]


def test_rows_keys_and_types_land_as_they_are(path: Path, conn: Conn) -> None:
    landed = land_all(path, conn)
    assert landed.counts == {"runs": 3}
    assert landed_rows(conn, "id, name, status, tokens, cost, note") == [
        (1, "a", "new", 1, 0.5, None),
        (2, "b", "new", None, None, None),
        (3, "c", "new", 3, 1e-7, None),
    ]
    assert landed.types["runs"] == {
        "id": "bigint", "name": "text", "status": "text", "tokens": "bigint", "cost": "double precision", "note": "text",
    }  # fmt: skip
    found = landed_table(conn, SCHEMA, "runs")
    assert found is not None
    assert found.key == ("id",)


def test_a_column_is_typed_by_what_it_holds(tmp_path: Path, conn: Conn) -> None:
    path = tmp_path / "typed.db"
    do(
        path,
        "create table t (id integer primary key, whole integer, fractions integer, words integer, bytes blob,"
        " flag boolean, untyped, empty_date datetime)",
        "insert into t values (1, 2, 3, 4, x'00ff', 1, null, null)",
        "insert into t values (2, 9223372036854775807, 2.5, 'N/A', x'', 0, null, null)",
    )
    landed = land_all(path, conn, told={"t": {"flag": "boolean"}})
    assert landed.types["t"] == {
        "id": "bigint", "whole": "bigint", "fractions": "numeric", "words": "text", "bytes": "bytea",
        "flag": "boolean", "untyped": "text", "empty_date": "text",
    }  # fmt: skip
    rows = landed_rows(conn, "id, whole, fractions::text, words, bytes, flag", "t")
    assert rows == [(1, 2, "3", "4", b"\0\xff", True), (2, 2**63 - 1, "2.5", "N/A", b"", False)]
    assert [(found.column, found.kind, found.rows) for found in landed.findings] == [
        ("words", "mixed types", 1)
    ]


def test_what_postgresql_cannot_hold_is_said_and_kept_beside(tmp_path: Path, conn: Conn) -> None:
    path = tmp_path / "odd.db"
    do(
        path,
        "create table t (id integer primary key, words text, number integer)",
        "insert into t values (1, 'a' || char(0) || 'b', 1e400)",
        "insert into t values (2, cast(x'61ff62' as text), 12345678901234567890)",
        "insert into t values (3, x'00ff', -1e400)",
        "insert into t values (4, 'plain', 7)",
    )
    landed = land_all(path, conn)
    assert landed_rows(conn, "id, words, number::text", "t") == [
        (1, "a\u2400b", "Infinity"),
        (2, "a\\xffb", "12345678901234567000"),
        (3, "\\x00ff", "-Infinity"),
        (4, "plain", "7"),
    ]
    assert {(found.column, found.kind): (found.rows, found.row) for found in landed.findings} == {
        ("words", "mixed types"): (1, None),
        ("words", "NUL in text"): (1, "1"),
        ("words", "no UTF-8"): (1, "2"),
        ("words", "blob in text"): (1, "3"),
        ("number", "infinite"): (2, None),
        ("number", "beyond int8"): (1, None),
    }
    kept = conn.execute(
        f"select key, column_name, value from {SCHEMA}._mainstem_original order by 1"
    ).fetchall()
    assert kept == [(["1"], "words", b"a\0b"), (["2"], "words", b"a\xffb"), (["3"], "words", b"\0\xff")]


def test_null_is_no_text_and_nothing_in_a_value_separates(conn: Conn, tmp_path: Path) -> None:
    digests: list[Digest] = []
    for number, values in enumerate(
        (("a", "bc"), ("ab", "c"), ("a", None), ("a", ""), ("a", "-"), ("1:a", "1:b"))
    ):
        path = tmp_path / f"{number}.db"
        do(path, "create table t (id integer primary key, a text, b text)")
        do(path, "insert into t values (1, ?, ?)", many=[values])
        digests.append(land_all(path, conn).digests["t"])
        table = landed_table(conn, SCHEMA, "t")
        assert table is not None
        assert landed_digest(conn, table) == digests[-1]
    assert len(set(digests)) == len(digests)


def test_numbers_have_one_digest_on_both_sides(conn: Conn, tmp_path: Path) -> None:
    path = tmp_path / "numbers.db"
    numbers = [
        0.1,
        1e23,
        5e-324,
        1.7976931348623157e308,
        123456789.123456789,
        -0.0,
        2.0**53,
        1e15,
        1e16,
        1e-5,
        100.0,
    ]
    do(path, "create table t (id integer primary key, real real, mixed)")
    do(path, "insert into t (real, mixed) values (?, ?)", many=[(x, x) for x in numbers])
    do(path, "insert into t (real, mixed) values (1, 10)", "insert into t (real, mixed) values (1, -100)")
    land_all(path, conn)
    back = landed_rows(conn, "id, real, mixed::float8", "t")
    assert [(real, mixed) for _, real, mixed in back[:11]] == [(x, x) for x in numbers]


def test_a_table_without_a_usable_key_is_keyed_by_its_row_id(tmp_path: Path, conn: Conn) -> None:
    path = tmp_path / "keys.db"
    do(
        path,
        "create table none (a)",
        "create table holes (k text primary key, a)",
        "create table two (a text, b integer, primary key (b, a)) without rowid",
        "insert into none values ('x'), ('x')",
        "insert into holes values (null, 1), (null, 2), ('k', 3)",
        "insert into two values ('x', 1), ('y', 1)",
    )
    landed = land_all(path, conn)
    assert landed_rows(conn, "_mainstem_rowid, a", "none") == [(1, "x"), (2, "x")]
    assert landed_rows(conn, "_mainstem_rowid, k", "holes") == [(1, None), (2, None), (3, "k")]
    two = landed_table(conn, SCHEMA, "two")
    assert two is not None
    assert two.key == ("b", "a")
    assert {(found.table, found.kind) for found in landed.findings} == {
        ("none", "keyed by row id"),
        ("holes", "keyed by row id"),
    }


def test_virtual_tables_views_and_our_own_stay_where_they_are(path: Path, conn: Conn) -> None:
    do(path, "create view v as select 1", "create table _mainstem_dirty (x)")
    assert list(land_all(path, conn).counts) == ["runs"]
    with pytest.raises(SourceUnlandable, match=r"no table 'v' .*it has: runs"):
        land_all(path, conn, tables=["v"])


def test_names_that_postgresql_cannot_have_are_refused(path: Path, conn: Conn) -> None:
    do(path, "create table t (xmin integer)")
    with pytest.raises(SourceUnlandable, match=r"t\.xmin has the name of a system column"):
        land_all(path, conn, tables=["t"])
    do(path, f"create table {'long' * 20} (x)")
    with pytest.raises(SourceUnlandable, match="longer than the 63 bytes"):
        land_all(path, conn, tables=["long" * 20])


def test_landing_again_writes_only_what_differs(path: Path, conn: Conn) -> None:
    land_all(path, conn)
    assert land_all(path, conn).kept == ["runs"]
    before = dict(conn.execute(f"select id, xmin::text from {SCHEMA}.runs").fetchall())
    do(path, "update runs set note = 'new' where id = 2", "delete from runs where id = 3")
    do(path, "insert into runs (name) values ('d')")
    landed = land_all(path, conn)
    assert landed.kept == []
    assert landed_rows(conn, "id, name, note") == [(1, "a", None), (2, "b", "new"), (4, "d", None)]
    after = dict(conn.execute(f"select id, xmin::text from {SCHEMA}.runs").fetchall())
    assert [key for key in before if after.get(key) == before[key]] == [1]


def test_landing_again_keeps_types_that_still_take_everything(path: Path, conn: Conn) -> None:
    land_all(path, conn, told={"runs": {"tokens": "numeric"}})
    conn.execute(f"create view seen as select tokens from {SCHEMA}.runs")
    do(path, "update runs set tokens = 7")
    assert land_all(path, conn).types["runs"]["tokens"] == "numeric"
    do(path, "update runs set tokens = 'many' where id = 1")
    with pytest.raises(LandingOutgrown, match="views or triggers stand on it"):
        land_all(path, conn)
    assert conn.execute("select tokens from seen").fetchall() == [(7,)] * 3
    conn.execute("drop view seen")
    assert land_all(path, conn).types["runs"]["tokens"] == "text"


def test_a_type_that_does_not_take_what_is_there_is_refused(path: Path, conn: Conn) -> None:
    do(path, "update runs set tokens = 1.5 where id = 1")
    with pytest.raises(LandingOutgrown, match=r"runs.tokens cannot be landed as bigint: 1 rows hold real"):
        land_all(path, conn, told={"runs": {"tokens": "bigint"}})


def test_a_table_lands_whole_or_not_at_all(path: Path, conn: Conn) -> None:
    """A trigger that changes what arrives stands for whatever could."""
    do(path, "create table apart (id integer primary key)", "insert into apart values (1)")
    land_all(path, conn)
    conn.execute(
        "create function public.changed() returns trigger language plpgsql as"
        " $$ begin new.note = 'changed'; return new; end $$"
    )
    conn.execute(
        f"create trigger changing before insert on {SCHEMA}.runs for each row execute function public.changed()"
    )
    do(path, "insert into runs (name) values ('d')", "insert into apart values (2)")
    with pytest.raises(LandingDiffers, match=r"runs has 4 rows after landing 4, or other values"):
        land_all(path, conn)
    assert landed_rows(conn, "count(*)") == [(3,)]
    assert landed_rows(conn, "id", "apart") == [(1,), (2,)]  # landed before it, and stays


def test_a_value_beside_its_landed_type_is_named_with_its_row(path: Path, conn: Conn) -> None:
    do(path, "update runs set tokens = 2 where id = 2")
    with pytest.raises(
        LandingOutgrown, match=r"runs.tokens is landed as boolean, and the row with id 2 holds 2"
    ):
        land_all(path, conn, told={"runs": {"tokens": "boolean"}})


def test_landing_takes_no_part_in_the_callers_transaction(path: Path, conn: Conn) -> None:
    with snapshot(path) as taken, conn.transaction(), pytest.raises(BadArgument, match="in a transaction"):
        land(taken, conn, SCHEMA)


def test_a_table_of_six_hundred_columns_lands(tmp_path: Path, conn: Conn) -> None:
    path = tmp_path / "wide.db"
    columns = ", ".join(f"c{number} integer" for number in range(600))
    do(path, f"create table wide (id integer primary key, {columns})")
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(f"insert into wide values ({', '.join('?' * 601)})", range(601))
    assert land_all(path, conn).counts == {"wide": 1}
    assert landed_rows(conn, "c0, c599", "wide") == [(1, 600)]


DECLARED = """
create table d (
  id integer primary key autoincrement, name text not null unique, zero integer default 0, half real default (0.5),
  minus integer default -1, quoted text default 'it''s', made text default current_timestamp, later text default (datetime('now')),
  number_in_text text default 7, text_in_number integer default '12', strange text default (lower('X')), unset text default null)
"""


def test_what_old_inserts_count_on_is_carried(tmp_path: Path, conn: Conn) -> None:
    path = tmp_path / "declared.db"
    do(path, DECLARED, "insert into d (name) values ('a'), ('b')", "delete from d where id = 2")
    landed = land_all(path, conn)
    assert [(found.column, found.kind) for found in landed.findings] == [("strange", "default left out")]
    conn.execute(f"insert into {SCHEMA}.d (name) values ('c')")
    do(path, "insert into d (name) values ('c')")
    columns = "id, name, zero, half, minus, quoted, length(made), length(later), number_in_text, text_in_number, unset"
    assert landed_rows(conn, columns, "d")[1] == ask(path, f"select {columns} from d where name = 'c'")[0]
    assert landed_rows(conn, "id, made", "d")[1][0] == 3  # 2 was given once, and is not given again
    with pytest.raises(psycopg.errors.UniqueViolation):
        conn.execute(f"insert into {SCHEMA}.d (name) values ('a')")
    with pytest.raises(psycopg.errors.NotNullViolation):
        conn.execute(f"insert into {SCHEMA}.d (zero) values (1)")


def test_landing_again_moves_the_next_id_on(path: Path, conn: Conn) -> None:
    land_all(path, conn)
    do(path, "insert into runs (id, name) values (70, 'd')", "delete from runs where id = 70")
    land_all(path, conn)
    assert conn.execute(f"insert into {SCHEMA}.runs (name) values ('e') returning id").fetchone() == (71,)


def test_a_partial_unique_index_is_none_of_all_rows(path: Path, conn: Conn) -> None:
    do(path, "create unique index part on runs (status) where status <> 'new'")
    land_all(path, conn)
    conn.execute(f"insert into {SCHEMA}.runs (id, name, status) values (8, 'x', 'new')")

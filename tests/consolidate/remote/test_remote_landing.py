"""Tables of another PostgreSQL are landed exactly, and what cannot be is refused with its place and a remedy."""

from __future__ import annotations

import psycopg
import pytest
from remote_fixtures import LANDING, TABLES, Old, old

from mainstem.consolidate.sources.remote import land
from mainstem.errors import LandingOutgrown, SourceUnlandable

__all__ = ["old"]


def test_every_kind_of_value_arrives_as_it_was(old: Old) -> None:
    landed = old.land()
    assert landed.counts == {"parent": 5, "every_kind": 3}
    assert landed.left_out == []
    query = "select e::text from every_kind e order by b"
    with psycopg.connect(old.url) as there:
        assert old.landed(query) == there.execute(query).fetchall()


def test_landing_again_finds_nothing_to_do(old: Old) -> None:
    old.land()
    assert sorted(old.land().kept) == sorted(TABLES)


def test_landing_again_brings_what_differs_and_leaves_the_rest_alone(old: Old) -> None:
    land(old.url, old.conn, LANDING, TABLES)
    untouched = old.landed("select xmin::text from parent where id = 1")
    old.run("update parent set code = 'other' where id = 2", "delete from parent where id = 3")
    assert land(old.url, old.conn, LANDING, TABLES).kept == ["every_kind"]
    assert old.landed("select id, code from parent where id in (2, 3)") == [(2, "other")]
    assert old.landed("select xmin::text from parent where id = 1") == untouched


def test_old_code_finds_its_types_defaults_keys_and_the_next_number(old: Old) -> None:
    old.land()
    [row] = old.landed("insert into parent (code) values ('new') returning id, state = 'open'::state")
    assert row == (41, True)
    with pytest.raises(psycopg.errors.UniqueViolation):
        old.landed("insert into parent (code) values ('p1')")
    with pytest.raises(psycopg.errors.NotNullViolation):
        old.landed("insert into parent (code) values (null)")
    [row] = old.landed(
        "insert into every_kind (a, b) values (gen_random_uuid(), now()) returning n, twice, xml_, at is not null"
    )
    assert row == (4, 8, "%s %% {x}", True)


def test_a_table_of_other_columns_is_made_anew_unless_something_stands_on_it(old: Old) -> None:
    old.land()
    old.run("alter table parent add more text default 'x'")
    assert old.land().counts["parent"] == 5
    assert old.landed("select distinct more from parent") == [("x",)]
    old.conn.execute(f"create view public.on_it as select code from {LANDING}.parent".encode())
    old.run("alter table parent drop more")
    with pytest.raises(LandingOutgrown, match="parent"):
        old.land()


@pytest.mark.parametrize(
    ("made", "said", "remedy"),
    [
        ("create table odd (id int primary key, picture oid)", r"public\.odd\.picture is of type oid", "lo_get"),
        ("create domain lo as oid; create table odd (id int primary key, picture lo)", r"public\.odd\.picture", "lo_get"),
        ("create table odd () inherits (parent)", r"public\.odd inherits.*parent", "NO INHERIT"),
        ("create table child () inherits (parent); alter table parent rename to odd", r"public\.odd has inheritance", "leave it out"),
        ("create table odd (id int primary key) partition by range (id)", r"public\.odd is partitioned", "leave it out"),
        ("create foreign data wrapper w; create server s foreign data wrapper w; create foreign table odd (id int) server s", r"public\.odd is a foreign table", "copy its rows"),
        ("create view odd as select 1 as id", r"public\.odd is a view", "leave it out"),
        ("create table odd (id int)", r"public\.odd has no primary key", "give it one"),
        ("create type pair as (a int, b int); create table odd (id int primary key, p pair)", r"public\.odd\.p is of type", "built-in"),
        ("select 1", r"no table public\.odd", "source.schema"),
    ],
)  # fmt: skip
def test_what_cannot_land_is_refused_with_its_place_and_a_remedy(
    old: Old, made: str, said: str, remedy: str
) -> None:
    old.run(made)
    with pytest.raises(SourceUnlandable, match=said) as refused:
        land(old.url, old.conn, LANDING, ["odd"])
    assert remedy in str(refused.value.hint)
    assert old.ledger.rows("select 1 from pg_class where relname = 'odd'") == []


def test_a_table_that_fails_on_its_way_leaves_nothing_and_the_next_time_it_is_there(old: Old) -> None:
    old.conn.execute(f"create schema {LANDING}".encode())
    old.conn.execute(f"create view {LANDING}.parent as select 1 as one".encode())
    with pytest.raises(LandingOutgrown, match="parent"):
        land(old.url, old.conn, LANDING, TABLES)
    old.conn.execute(f"drop view {LANDING}.parent".encode())
    assert land(old.url, old.conn, LANDING, TABLES).counts == {"parent": 5, "every_kind": 3}


def test_checks_views_and_functions_come_along_and_what_does_not_is_told(old: Old) -> None:
    old.run(
        "alter table parent add constraint short check (length(code) < 10 and state <> 'open'::state or true)",
        "create function codes(wanted state default 'open') returns setof text language sql as 'select code from parent where state = wanted'",
        "create view open_parent as select id, code from parent where state = 'open' and code in (select codes())",
        "create view a_view_on_it as select count(*) from open_parent",
        "create function mended() returns trigger language plpgsql as 'begin return new; end'",
        "create trigger mend before insert on parent for each row execute function mended()",
        "create unique index by_code on parent (lower(code))",
        "create table elsewhere (id int)", "create view lost as select e.id from parent join elsewhere e using (id)",
    )  # fmt: skip
    landed = old.land()
    assert [said.split(":")[0] for said in landed.left_out] == [
        "the trigger mend of parent is not carried",
        "the unique index public.by_code is not carried",
        "the view lost was left out",
    ]
    assert old.landed("select count from a_view_on_it") == [(5,)]
    assert old.landed("select conname from pg_constraint where conname = 'short'") == [("short",)]
    assert old.land().left_out == landed.left_out

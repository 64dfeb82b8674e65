"""What the old application writes is landed again, whenever we are killed, and nothing of ours changes what it sees."""

from __future__ import annotations

import threading
from dataclasses import replace

import psycopg
import pytest
from remote_fixtures import LANDING, TABLES, Old, old

from conftest import Database
from mainstem.consolidate.sources.remote import (
    allow_writes,
    bring_back,
    follower_of,
    install_triggers,
    land,
    remove_triggers,
    stop_writes,
)
from mainstem.errors import BringBackRefused, LandingDiffers, RightsMissing, SourceBusy, SourceUnwatched

__all__ = ["old"]

PARENTS = "select id, code, state::text from parent order by id"


def same(old: Old) -> bool:
    with psycopg.connect(old.url) as there:
        return old.landed(PARENTS) == there.execute(PARENTS).fetchall()


def test_inserts_updates_deletes_and_cascades_are_followed(old: Old) -> None:
    old.land()
    old.run(
        "insert into parent (code) values ('new'), ('newer')",
        "update parent set id = 100 + id, state = 'it''s \"closed\"' where code = 'newer'",
        "delete from parent where id = 1",
        "update every_kind set docs = '{\"at\": 1}' where parent = 2",
        "begin; delete from parent where id = 4; rollback",
    )
    caught = old.follow()
    assert (caught.handled > 0, caught.left) == (True, 0)
    assert same(old)
    assert old.landed("select count(*) from every_kind") == [(2,)]
    assert old.landed("insert into parent (code) values ('here') returning id") == [(43,)]


def test_a_unique_value_that_moves_between_rows_is_followed(old: Old) -> None:
    old.land()
    old.run("begin; update parent set code = 'x' where id = 1; update parent set code = 'p1' where id = 2;"
            " update parent set code = 'p2' where id = 1; commit")  # fmt: skip
    assert old.follow().written == 2
    assert same(old)


def test_killed_before_the_notes_are_removed_it_is_run_again_harmlessly(old: Old) -> None:
    class KilledError(Exception):
        pass

    def kill() -> None:
        raise KilledError

    old.land()
    old.run("update parent set code = 'changed' where id = 1", "delete from parent where id = 2")
    with pytest.raises(KilledError):
        old.follow(committed=kill)
    assert same(old)
    written = old.landed("select xmin::text from parent where id = 1")
    old.run("update parent set code = 'again' where id = 3")
    caught = old.follow()
    assert (caught.handled, caught.written, caught.left) == (4, 1, 0)
    assert old.landed("select xmin::text from parent where id = 1") == written


def test_a_note_that_the_pass_did_not_see_is_not_removed(old: Old) -> None:
    old.land()
    with psycopg.connect(old.url) as slow:
        slow.execute("update parent set code = 'slow' where id = 1")
        old.run("update parent set code = 'quick' where id = 2")
        assert old.follow().handled == 1
    caught = old.follow(committed=lambda: old.run("update parent set code = 'meanwhile' where id = 3"))
    assert (caught.handled, caught.left) == (1, 1)
    assert old.follow().handled == 1
    assert same(old)


def test_a_new_value_of_an_enum_is_followed(old: Old) -> None:
    old.land()
    old.run(
        "alter type state add value 'middle' before 'it''s \"closed\"'",
        "update parent set state = 'middle' where id = 1",
    )
    old.follow()
    assert same(old)
    assert old.landed("select array_agg(e::text order by e) from unnest(enum_range(null::state)) e") == [
        (["open", "middle", 'it\'s "closed"'],)
    ]


def test_the_old_application_s_lastval_and_settings_do_not_matter(old: Old) -> None:
    old.land()
    with psycopg.connect(old.url, autocommit=True) as there:
        there.execute("set datestyle = 'German'; set timezone = 'Asia/Tokyo'; set search_path = public")
        there.execute("insert into parent (code) values ('mine')")
        assert there.execute("select lastval(), currval('parent_id_seq')").fetchone() == (41, 41)
        there.execute("update every_kind set b = b + interval '1 day' where parent = 2")
    old.follow()
    query = "select b from every_kind order by n"
    with psycopg.connect(old.url) as there:
        assert [str(row) for row in old.landed("select b::text from every_kind order by n")] == [
            str(row) for row in there.execute(query.replace("select b", "select b::text")).fetchall()
        ]


def test_an_application_without_rights_of_ours_goes_on_writing_and_truncate_is_refused(old: Old) -> None:
    old.land()
    old.run("do $$ begin create role remote_app login; exception when duplicate_object then null; end $$",
            "grant select, insert, update, truncate on parent, every_kind to remote_app", "grant usage on sequence parent_id_seq to remote_app")  # fmt: skip
    old.run("set role remote_app; insert into parent (code) values ('by the application')")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction, match="TRUNCATE is refused"):
        old.run("set role remote_app; truncate parent cascade")
    assert old.follow().written == 1
    old.run("drop owned by remote_app", "drop role remote_app")


def test_a_missing_trigger_is_noticed(old: Old) -> None:
    old.land()
    old.run(f"alter table parent disable trigger mainstem_following_{follower_of(old.conn, LANDING)}_update")
    with pytest.raises(SourceUnwatched, match=r"public\.parent: the trigger mainstem_following_\w+_update"):
        old.follow()
    old.land()
    old.follow()


def test_a_row_that_was_changed_here_is_noticed_when_both_sides_are_compared(old: Old) -> None:
    old.land()
    old.landed("update parent set code = 'mine' where id = 1 returning 1")
    with pytest.raises(LandingDiffers, match="parent"):
        old.follow()


def test_a_login_without_rights_is_told_all_of_them_before_anything_is_done(old: Old) -> None:
    old.run("do $$ begin create role remote_poor login; exception when duplicate_object then null; end $$",
            "grant select on parent to remote_poor")  # fmt: skip
    poor = old.url.replace("postgres@", "remote_poor@")
    with pytest.raises(RightsMissing) as refused:
        install_triggers(poor, "00000000", "public", ["parent"], landing=LANDING)
    assert "owner" in str(refused.value.hint)
    assert "grant create on database" in str(refused.value.hint)
    assert "session_replication_role" in str(refused.value.hint)
    assert old.database.rows("select 1 from pg_namespace where nspname = 'mainstem_following'") == []
    with pytest.raises(RightsMissing, match="every_kind"):
        land(poor, old.conn, LANDING, ["every_kind"])
    old.run("drop owned by remote_poor", "drop role remote_poor")


def test_writes_are_stopped_for_all_and_old_transactions_are_waited_for(old: Old) -> None:
    old.land()
    with psycopg.connect(old.url) as slow:
        slow.execute("insert into parent (code) values ('slow')")
        with pytest.raises(SourceBusy, match="stopping writes"):
            stop_writes(old.url, "public", TABLES, landing=LANDING, moved_to="here", patience=0.5)
        stopping = threading.Thread(
            target=stop_writes,
            args=(old.url, "public", TABLES),
            kwargs={"landing": LANDING, "moved_to": "the ledger"},
        )
        stopping.start()
        while not old.database.rows("select 1 from pg_locks where not granted"):
            assert stopping.is_alive()
        slow.commit()
        stopping.join()
    for said in ("insert into parent (code) values ('x')", "update parent set code = 'x'", "delete from parent where id = 1",
                 "set session_replication_role = replica; delete from parent"):  # fmt: skip
        with pytest.raises(
            psycopg.errors.ReadOnlySqlTransaction, match=r"public.parent has moved to the ledger"
        ):
            old.run(said)
    old.follow()
    assert same(old)
    allow_writes(old.url, "public", ["every_kind"])
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        old.run("update parent set code = 'x'")
    allow_writes(old.url, "public", TABLES)
    allow_writes(old.url, "public", TABLES)
    old.run("delete from parent where code = 'slow'")


def test_only_what_differs_is_brought_back_and_the_source_counts_on(old: Old) -> None:
    old.land()
    stop_writes(old.url, "public", TABLES, landing=LANDING, moved_to="here")
    old.follow()
    old.landed("insert into parent (code) values ('here') returning id")
    old.landed("update parent set code = 'p2 here' where id = 2 returning 1")
    old.landed("delete from every_kind where parent = 1 returning 1")
    brought = bring_back(old.url, old.conn, LANDING, TABLES)
    told = {table: (one.inserted, one.updated, one.deleted) for table, one in brought.items()}
    assert told == {"parent": (1, 1, 0), "every_kind": (0, 0, 1)}
    assert same(old)
    allow_writes(old.url, "public", TABLES)
    old.run("insert into parent (code) values ('next')")
    assert old.database.value("select max(id) from parent") == 42
    assert old.follow().left == 0
    assert same(old)


def test_rows_written_in_the_source_after_the_switch_are_not_written_over(old: Old) -> None:
    old.land()
    with pytest.raises(BringBackRefused, match="not stopped"):
        bring_back(old.url, old.conn, LANDING, TABLES)
    stop_writes(old.url, "public", TABLES, landing=LANDING, moved_to="here")
    old.follow()
    old.run("alter table parent disable trigger mainstem_stop_insert", "update parent set code = 'there' where id = 5",
            "alter table parent enable always trigger mainstem_stop_insert")  # fmt: skip
    with pytest.raises(BringBackRefused, match=r"\{5\}"):
        bring_back(old.url, old.conn, LANDING, TABLES)


def test_a_row_that_the_source_s_constraints_refuse_is_named_and_nothing_is_written(old: Old) -> None:
    old.run("create unique index short on parent (lower(code))")
    old.land()
    stop_writes(old.url, "public", TABLES, landing=LANDING, moved_to="here")
    old.landed("update parent set code = 'P1' where id = 2 returning 1")
    with pytest.raises(BringBackRefused, match="short"):
        bring_back(old.url, old.conn, LANDING, TABLES)
    assert old.database.value("select code from parent where id = 2") == "p2"


def test_two_ledgers_follow_one_source_and_the_last_to_go_leaves_nothing(old: Old) -> None:
    old.land()
    install_triggers(old.url, "ffffffff", "public", TABLES, landing=LANDING)
    old.run("update parent set code = 'seen by both' where id = 1")
    assert old.follow().handled == 1
    assert old.database.value("select follower from mainstem_following.noted") == "ffffffff"
    remove_triggers(old.url, follower_of(old.conn, LANDING))
    assert old.database.value("select count(*) from pg_trigger where tgname ~ 'mainstem'") == 8
    remove_triggers(old.url, "ffffffff")
    remove_triggers(old.url, "ffffffff")
    assert old.database.rows("select 1 from pg_trigger where tgname ~ 'mainstem'") == []
    assert old.database.rows("select 1 from pg_namespace where nspname ~ 'mainstem'") == []


def test_nothing_is_followed_before_it_is_landed(old: Old) -> None:
    with pytest.raises(SourceUnwatched, match="nothing was landed"):
        old.follow()


def test_the_tables_owner_with_three_grants_can_do_everything(old: Old) -> None:
    old.run(
        "create role remote_owner login",
        "alter table parent owner to remote_owner",
        "alter table every_kind owner to remote_owner",
        "do $$ begin execute format('grant create, temporary on database %I to remote_owner', current_database()); end $$",
        "grant set on parameter session_replication_role to remote_owner",
    )
    owned = replace(old, database=Database(old.url.replace("postgres@", "remote_owner@")))
    owned.land()
    old.run("delete from parent where id = 1")
    owned.follow()
    stop_writes(owned.url, "public", TABLES, landing=LANDING, moved_to="here")
    owned.landed("insert into parent (code) values ('here') returning id")
    assert bring_back(owned.url, old.conn, LANDING, TABLES)["parent"].inserted == 1
    allow_writes(owned.url, "public", TABLES)
    remove_triggers(owned.url, follower_of(old.conn, LANDING))
    assert same(old)
    old.run(
        "revoke set on parameter session_replication_role from remote_owner",
        "drop owned by remote_owner",
        "drop role remote_owner",
    )

"""The change log read with a cursor: nothing missed behind an older transaction, nothing twice, and a cut told."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import Clock, Database, Tenant
from mainstem.errors import BadArgument
from mainstem.ledger import changes
from mainstem.ledger.changes import Cursor, Position, Reading, newest, read_changes, summaries_of
from mainstem.ledger.following import News, follow
from mainstem.model import DEFAULT_ORG

START = "select mainstem.start_workflow_execution(%s, 'web', null, null, null) as run_id"
NAIVE = "select xid::text::bigint as xid from mainstem.user_workflow_change where xid > %s::text::xid8 order by xid"


def begin(conn: psycopg.Connection[Any], tenant: Tenant) -> UUID:
    [row] = conn.execute(START, [tenant.workflow_id]).fetchall()
    return UUID(str(row["run_id"]))


def read(database: Database, after: Position, **asked: Any) -> Reading:
    return database.perform(read_changes(after, **asked))


def told(reading: Reading) -> list[UUID]:
    return [entry.run_id for change in reading.changes for entry in change.entries]


def test_nothing_is_missed_and_nothing_told_twice_behind_an_older_open_transaction(
    database: Database, tenant: Tenant
) -> None:
    older, newer = database.connect(), database.connect()
    position = database.perform(newest())
    naive, seen, seen_naively = position.xid - 1, list[UUID](), list[int]()

    def look() -> Reading:
        nonlocal position, naive
        reading = read(database, position)
        position = reading.position
        seen.extend(told(reading))
        seen_naively.extend(row["xid"] for row in newer.execute(NAIVE, [str(naive)]))
        naive = max([naive, *seen_naively])
        return reading

    with older.transaction():
        late = begin(older, tenant)
        early = [begin(newer, tenant) for _ in range(3)]
        held = look()
        assert (held.changes, held.is_held, held.open_xid is not None) == ([], True, True)
    free = look()
    assert (told(free), free.is_held) == ([late, *early], False)
    assert look().changes == []
    assert seen == [late, *early]
    assert len(seen_naively) == 3, "a reader that takes what it sees passes the older one by"


def test_a_transaction_of_another_tenant_holds_the_order_too_and_tells_nothing(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    position = database.perform(newest())
    other = database.connect(org_id=other_tenant.org_id)
    with other.transaction():
        begin(other, other_tenant)
        run_id = begin(database.connect(), tenant)
        assert read(database, position).changes == []
    assert told(read(database, position)) == [run_id]


def test_an_aborted_transaction_tells_nothing(database: Database, tenant: Tenant) -> None:
    position, conn = database.perform(newest()), database.connect()
    with conn.transaction(force_rollback=True):
        begin(conn, tenant)
    run_id = begin(conn, tenant)
    assert told(read(database, position)) == [run_id]


def test_small_readings_give_the_same_as_a_large_one_and_end_at_the_place_they_are_asked_to(
    database: Database, tenant: Tenant
) -> None:
    start, conn = database.perform(newest()), database.connect()
    run_ids = [begin(conn, tenant) for _ in range(7)]
    whole = read(database, start)
    begin(conn, tenant)
    position, seen = start, []
    while position < whole.position:
        reading = read(database, position, until=whole.position, limit=2)
        seen.extend(told(reading))
        position = reading.position
    assert (seen, position) == (run_ids, whole.position)


def test_one_transaction_of_many_changes_is_read_in_pieces_without_loss(
    database: Database, tenant: Tenant
) -> None:
    position, conn = database.perform(newest()), database.connect()
    with conn.transaction():
        run_ids = {begin(conn, tenant) for _ in range(9)}
    seen: list[UUID] = []
    while (reading := read(database, position, limit=4)).changes:
        seen.extend(told(reading))
        position = reading.position
    assert (len(seen), set(seen)) == (9, run_ids)


def test_a_cursor_older_than_what_is_kept_is_told_so_before_and_after_the_sweep(
    database: Database, tenant: Tenant, clock: Clock
) -> None:
    start, conn = database.perform(newest()), database.connect()
    for _ in range(3):
        begin(conn, tenant)
    after = database.perform(newest())
    assert not read(database, start).is_lost
    clock.advance(days=1)
    fresh = begin(conn, tenant)
    assert read(database, start).is_lost
    database.perform(changes.sweep(), role="mainstem_worker", org_id=None)
    assert database.value("select count(*) from mainstem.user_workflow_change") == 2, "the last one stays"
    assert read(database, start).is_lost
    reading = read(database, after)
    assert (reading.is_lost, told(reading)) == (False, [fresh])


def test_a_change_that_waited_longer_than_is_kept_is_not_passed_over(
    database: Database, tenant: Tenant, clock: Clock
) -> None:
    conn = database.connect()
    with conn.transaction():
        position = database.perform(newest())
        begin(conn, tenant)
        begin(conn, tenant)
        clock.advance(days=1)
    database.perform(changes.sweep(), role="mainstem_worker", org_id=None)
    assert read(database, position).is_lost


def test_a_cursor_of_another_database_is_told_so(database: Database, tenant: Tenant) -> None:
    ahead = Position(database.perform(newest()).xid + 1_000_000, uuid4())
    assert read(database, ahead).is_lost


def test_another_tenants_changes_are_not_there(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    position = database.perform(newest())
    theirs = begin(database.connect(org_id=other_tenant.org_id), other_tenant)
    mine = begin(database.connect(), tenant)
    assert told(read(database, position)) == [mine]
    summaries = database.perform(summaries_of([theirs, mine]))
    assert set(summaries) == {mine}
    assert told(database.perform(read_changes(position), org_id=other_tenant.org_id)) == [theirs]


def test_a_long_log_is_read_through_its_index(database: Database, tenant: Tenant) -> None:
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute(
            "insert into mainstem.user_workflow_change (org_id, xid, run_ids, step_numbers, states)"
            " select %s, n::text::xid8, '{}', '{}', '{}' from generate_series(1, 20000) n",
            [DEFAULT_ORG],
        )
        conn.execute("analyze mainstem.user_workflow_change")
    call = read_changes(Position(19990, UUID(int=0)))
    plan = database.connect().execute("explain " + call.query, call.parameters).fetchall()
    text = "\n".join(row["QUERY PLAN"] for row in plan)
    assert "Seq Scan on user_workflow_change" not in text, text


@given(
    st.builds(Position, st.integers(0, 2**63), st.uuids()),
    st.builds(Position, st.integers(0, 2**63), st.uuids()),
    st.integers(0, 2**31),
)
def test_a_cursor_comes_back_from_its_text(after: Position, until: Position, count: int) -> None:
    cursor = Cursor(after, until, count)
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize("text", ["", "x", "é", "AAAA", "0" * 69, "😀", "A" * 72])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadArgument, match="no cursor of a live feed"):
        Cursor.parse(text)


def test_who_follows_is_told_each_entry_once_and_may_be_cut_at_each(
    database: Database, tenant: Tenant
) -> None:
    conn = database.connect(org_id=None)
    start, writer = Cursor.at(database.perform(newest())), database.connect()
    wanted = [begin(writer, tenant) for _ in range(2)]
    [row] = database.rows(
        "insert into mainstem.user_workflow_change (org_id, run_ids, step_numbers, states)"
        " select %s, array_agg(gen_random_uuid()), array_agg(1), array_agg('running'::text)"
        " from generate_series(1, 3) returning run_ids",
        DEFAULT_ORG,
    )
    wanted += row["run_ids"]

    def rest(cursor: Cursor) -> list[News]:
        found: list[News] = []
        for look in follow(conn, DEFAULT_ORG, cursor=cursor, every=0.01):
            found += look.news
            if look.is_present:
                return found
        return found

    whole = rest(start)
    assert [news.entry.run_id for news in whole] == wanted
    for place, news in enumerate(whole, 1):
        assert rest(news.cursor) == whole[place:]

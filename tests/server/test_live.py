"""The live feed as Server-Sent Events, from a real server: what is pushed, to whom, and what a cut does to it."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest

from conditions import ON_ONE_SERVER, until
from conftest import Database, Tenant
from live_server import begin, end, events, running, step
from servers import shut

pytestmark = ON_ONE_SERVER


def refused(base: str, **asked: str) -> tuple[int, str]:
    answer = httpx.get(f"http://{base}/api/v1/stream", params=asked)
    return answer.status_code, answer.json()["code"]


async def test_a_run_and_its_steps_are_pushed_with_what_a_list_shows(
    database: Database, tenant: Tenant
) -> None:
    conn = database.connect()
    with running(database.url) as server:
        async with events(server.base, topics="runs") as feed:
            run_id = begin(conn, tenant)
            begun = await feed.next()
            step(conn, tenant, run_id, 1)
            stepped = await feed.next()
            end(conn, run_id)
            ended = await feed.until(run_id, "completed")
    assert begun["data"]["run"]["workflow"] == "intake"
    assert (begun["data"]["status"], begun["data"]["steps"]) == ("running", [])
    assert stepped["data"]["steps"] == [{"step_number": 1, "state": "running"}]
    assert ended["data"]["run"]["ended_at"] is not None


async def test_a_topic_of_one_run_and_a_filter_leave_out_the_others(
    database: Database, tenant: Tenant
) -> None:
    conn = database.connect()
    with running(database.url) as server:
        other, mine = begin(conn, tenant), begin(conn, tenant)
        async with (
            events(server.base, topics=f"run:{mine}") as one,
            events(server.base, topics="runs", q="status:completed workflow:intake,other") as done,
        ):
            step(conn, tenant, other, 1)
            step(conn, tenant, mine, 1)
            assert (await one.next())["data"]["run_id"] == str(mine)
            end(conn, other)
            assert (await done.next())["data"]["run_id"] == str(other)


UNKNOWN = (
    {"topics": "all"},
    {"topics": "run:1"},
    {"topics": ","},
    {"q": "tag:x"},
    {"q": "status:done"},
    {"q": "free words"},
    {"q": 'workflow:"x'},
    {"q": "status:failed status:running"},
    {"cursor": "nonsense"},
)


def test_what_the_feed_cannot_do_is_a_problem_and_no_empty_stream(database: Database) -> None:
    with running(database.url) as server:
        assert [refused(server.base, **asked) for asked in UNKNOWN] == [(422, "MS010")] * len(UNKNOWN)


async def test_nothing_is_missed_behind_an_older_open_transaction_and_nothing_told_twice(
    database: Database, tenant: Tenant
) -> None:
    older, newer = database.connect(), database.connect()
    with running(database.url) as server:
        async with events(server.base) as feed:
            with older.transaction():
                late = begin(older, tenant)
                early = [begin(newer, tenant) for _ in range(3)]
                await until(lambda: server.app.state.feed.lag > 0.2)
                assert feed.seen == []
            frames = [await feed.next() for _ in range(4)]
            assert [UUID(frame["data"]["run_id"]) for frame in frames] == [late, *early]
            last = begin(newer, tenant)
            assert (await feed.next())["data"]["run_id"] == str(last)
            await until(lambda: server.app.state.feed.lag == 0)


async def test_changes_of_a_run_within_a_moment_are_one_frame(database: Database, tenant: Tenant) -> None:
    conn = database.connect()
    with running(database.url) as server:
        async with events(server.base) as feed:
            with conn.transaction():
                run_id = begin(conn, tenant)
                for number in range(1, 6):
                    step(conn, tenant, run_id, number)
            frame = await feed.next()
    assert [one["step_number"] for one in frame["data"]["steps"]] == [1, 2, 3, 4, 5]


async def test_a_stream_is_resumed_at_any_frame_without_loss_and_without_repetition(
    database: Database, tenant: Tenant
) -> None:
    """Frames of several readings, and several of one reading; cut after each of them."""
    conn = database.connect()
    with running(database.url) as server:
        async with events(server.base) as feed:
            start = feed.cursor
            whole: list[str] = []
            for size in (1, 4, 2):
                with conn.transaction():
                    begun = [begin(conn, tenant) for _ in range(size)]
                whole += [(await feed.next())["data"]["run_id"] for _ in begun]
            cuts = [frame["id"] for frame in feed.seen]
        for place, cursor in enumerate([start, *cuts]):
            async with events(server.base, cursor) as again:
                rest: list[str] = []
                while place + len(rest) < len(whole):
                    rest.append((await again.next())["data"]["run_id"])
                assert [*whole[:place], *rest] == whole if place else sorted(rest) == sorted(whole)
                marker = begin(conn, tenant)
                assert (await again.next())["data"]["run_id"] == str(marker), "nothing twice"
            whole.append(str(marker))


async def test_a_cursor_that_is_too_old_or_of_another_database_is_told_reset(
    database: Database, tenant: Tenant
) -> None:
    conn = database.connect()
    with running(database.url) as server:
        async with events(server.base) as feed:
            old = feed.cursor
            begin(conn, tenant)
            await feed.next()
        database.rows("update mainstem.user_workflow_change set at = at - interval '1 day' returning 1")
        async with events(server.base, old) as feed:
            assert (await feed.next())["type"] == "reset"
            run_id = begin(conn, tenant)
            assert (await feed.next())["data"]["run_id"] == str(run_id)
        async with events(server.base, "f" * 69 + "A") as feed:
            assert (await feed.next())["type"] == "reset"


async def test_changes_of_another_tenant_never_arrive(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    mine, theirs = database.connect(), database.connect(org_id=other_tenant.org_id)
    with running(database.url) as server:
        foreign = begin(theirs, other_tenant)
        async with events(server.base) as feed, events(server.base, topics=f"run:{foreign}") as nosy:
            end(theirs, foreign)
            begin(theirs, other_tenant)
            run_id = begin(mine, tenant)
            assert (await feed.next())["data"]["run_id"] == str(run_id)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(nosy.next(), 0.5)


async def test_a_server_that_stops_says_bye_and_ends(database: Database, tenant: Tenant) -> None:
    with running(database.url) as server:
        async with events(server.base) as feed, events(server.base, topics=f"run:{uuid4()}") as other:
            run_id = begin(database.connect(), tenant)
            await feed.next()
            server.server.should_exit = True
            assert [(await one.next())["type"] for one in (feed, other)] == ["bye", "bye"]
            with pytest.raises(EOFError):
                await feed.next()
            server.thread.join(10)
            assert not server.thread.is_alive()
            cut = feed.cursor
    with running(database.url) as server:
        end(database.connect(), run_id)
        async with events(server.base, cut) as feed:
            assert (await feed.next())["data"]["status"] == "completed"


async def test_who_does_not_follow_gets_what_there_is_and_where_to_ask_next(
    database: Database, tenant: Tenant
) -> None:
    conn = database.connect()
    with running(database.url) as server:
        async with httpx.AsyncClient(base_url=f"http://{server.base}", verify=False) as client:

            async def asked(**query: str) -> tuple[str, int]:
                text = (await client.get("/api/v1/stream", params={"follow": "false", **query})).text
                return text.rpartition("id: ")[2].strip(), text.count("event: run")

            cursor, count = await asked()
            assert count == 0
            begin(conn, tenant)
            begin(conn, tenant)
            cursor, count = await asked(cursor=cursor)
            assert count == 2
            assert (await asked(cursor=cursor))[1] == 0


async def test_a_tenant_has_a_limit_of_connections_and_a_closed_one_is_free_again(
    database: Database, tenant: Tenant
) -> None:
    with running(database.url, streams=2) as server:
        async with events(server.base), events(server.base):
            assert refused(server.base) == (429, "MS621")
        await until(lambda: server.app.state.feed.streams == 0)
        async with events(server.base) as feed:
            run_id = begin(database.connect(), tenant)
            assert (await feed.next())["data"]["run_id"] == str(run_id)


async def test_it_goes_on_when_the_database_was_gone(database: Database, tenant: Tenant) -> None:
    with running(database.url) as server:
        async with events(server.base) as feed:
            database.rows(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and application_name = 'mainstem server'"
            )
            run_id = begin(database.connect(), tenant)
            assert (await feed.next())["data"]["run_id"] == str(run_id)


async def test_a_database_that_stays_away_ends_the_stream_and_nothing_is_missed(
    database: Database, tenant: Tenant
) -> None:
    with running(database.url, patience=0.5) as server:
        async with events(server.base) as feed:
            with shut(database.url):
                assert (await feed.next())["type"] == "bye"
                with pytest.raises(EOFError):
                    await feed.next()
                assert refused(server.base) == (503, "MS101")
        run_id = begin(database.connect(), tenant)
        await until(lambda: httpx.get(f"http://{server.base}/readyz").status_code == 200)
        async with events(server.base, feed.cursor) as again:
            assert (await again.next())["data"]["run_id"] == str(run_id)

"""Faults: every operation by a database that is gone, slow, read only, or of another schema. Never an empty 200."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator

import psycopg
import pytest
from asked import Answer, ask
from cases import Case, Seeded, body_of, every_case, seeded_database, url_of
from fastapi import FastAPI

from mainstem.errors import DatabaseReadOnly, QueryBudgetExceeded, SchemaMissing, SchemaOlder, Unreachable
from mainstem.server import ServerConfig, create_app
from serving import running

CASES = every_case()
NEEDY = [case for case in CASES if not case.without_database]
CHANGES = [case for case in NEEDY if case.is_change]
READS = [case for case in NEEDY if not case.is_change]

Answers = list[tuple[Case, Answer]]


@pytest.fixture
def seeded(server_url: str) -> Iterator[Seeded]:
    with seeded_database(server_url) as made:
        yield made


async def answers_of(app: FastAPI, seeded: Seeded, cases: list[Case]) -> Answers:
    """At once, as a console asks."""
    given = await asyncio.gather(
        *(
            ask(
                app,
                case.method,
                url_of(case, case.ids(seeded)),
                body=body_of(case, seeded),
                headers=case.headers,
            )
            for case in cases
        )
    )
    return list(zip(cases, given, strict=True))


def not_told(answers: Answers, *codes: str) -> list[tuple[str, str, int, str]]:
    """Those that are no 503 problem with one of these codes."""
    return [
        (case.method, case.path, answer.status, answer.text[:200])
        for case, answer in answers
        if not (answer.status == 503 and answer.is_problem and answer.json["code"] in codes)
    ]


def failed(answers: Answers) -> list[tuple[str, str, int, str]]:
    return [
        (case.method, case.path, answer.status, answer.text[:200])
        for case, answer in answers
        if not 200 <= answer.status < 300
    ]


async def test_where_no_database_answers_each_says_so(seeded: Seeded) -> None:
    async with running("postgresql://localhost:9/nothing") as app:
        assert not_told(await answers_of(app, seeded, NEEDY), Unreachable.code) == []
        assert failed(await answers_of(app, seeded, [case for case in CASES if case.without_database])) == []


async def test_when_the_database_goes_each_says_so_and_when_it_is_back_each_answers(seeded: Seeded) -> None:
    [(name,)] = seeded.superuser.execute("select current_database()").fetchall()
    postgres = psycopg.conninfo.make_conninfo(seeded.url, dbname="postgres")
    async with running(seeded.url, patience=3.0, pool=4) as app:
        assert failed(await answers_of(app, seeded, READS)) == []
        with psycopg.connect(postgres, autocommit=True) as conn:
            conn.execute(f"alter database {name} allow_connections false")
            conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and application_name ~ 'server'",
                [name],
            )
            assert not_told(await answers_of(app, seeded, NEEDY), Unreachable.code) == []
            conn.execute(f"alter database {name} allow_connections true")
        async with asyncio.timeout(20):
            while failed(await answers_of(app, seeded, READS[:1])):
                pass
        assert failed(await answers_of(app, seeded, READS)) == []


async def test_a_query_beyond_its_budget_is_ended_and_said(seeded: Seeded) -> None:
    tables = ", ".join(
        name
        for (name,) in seeded.superuser.execute(
            "select c.oid::regclass::text from pg_class c where c.relnamespace = 'mainstem'::regnamespace"
            " and c.relkind in ('r', 'p') and not c.relispartition"
        ).fetchall()
    )
    async with running(seeded.url, budget=0.4, patience=20.0, pool=32) as app:
        with seeded.superuser.transaction():
            seeded.superuser.execute(f"lock table {tables} in access exclusive mode")
            slow = await answers_of(app, seeded, NEEDY)
        told = [(case, answer) for case, answer in slow if not says_how_far(answer)]
        assert not_told(told, QueryBudgetExceeded.code) == []
        counted = (await ask(app, "GET", "/metrics")).text
        assert f"mainstem_query_budget_exceeded_total {float(len(told))}" in counted


def says_how_far(answer: Answer) -> bool:
    """A search's page that ran out of time names the time it came to."""
    return answer.status == 200 and answer.text.startswith("{") and bool(answer.json.get("searched_back_to"))


async def test_on_a_database_that_takes_no_writes_what_reads_answers_and_what_changes_says_so(
    seeded: Seeded,
) -> None:
    [(name,)] = seeded.superuser.execute("select current_database()").fetchall()
    async with running(seeded.url) as app:
        whole = [(case.path, answer.body) for case, answer in await answers_of(app, seeded, READS)]
    seeded.superuser.execute(f"alter database {name} set default_transaction_read_only = on")
    async with running(seeded.url) as app:
        read = await answers_of(app, seeded, READS)
        assert failed(read) == []
        assert [path for path, body in whole if not body] == []
        assert [len(answer.body) > 2 for _case, answer in read] == [len(body) > 2 for _path, body in whole]
        assert not_told(await answers_of(app, seeded, CHANGES), DatabaseReadOnly.code) == []


async def test_on_a_schema_that_does_not_fit_each_says_so_until_it_fits(seeded: Seeded) -> None:
    seeded.superuser.execute("update mainstem.schema_info set min_code = 0, installed_code = 0, max_code = 0")
    async with running(seeded.url) as app:
        assert not_told(await answers_of(app, seeded, NEEDY), SchemaOlder.code) == []
        seeded.superuser.execute(
            "update mainstem.schema_info set min_code = 1, installed_code = 1, max_code = 1"
        )
        assert failed(await answers_of(app, seeded, READS)) == []


async def test_when_the_schema_goes_each_says_so(seeded: Seeded) -> None:
    async with running(seeded.url) as app:
        seeded.superuser.execute("alter schema mainstem rename to elsewhere")
        assert not_told(await answers_of(app, seeded, NEEDY), SchemaMissing.code) == []


async def test_many_who_ask_while_the_database_is_gone_wait_no_longer_than_one(seeded: Seeded) -> None:
    """A server that takes a connection and says nothing: no refusal comes, only a time-out."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://127.0.0.1:{silent.getsockname()[1]}/nothing?connect_timeout=3"
        app = create_app(ServerConfig(url=url, open_to_all=True, patience=0.5))
        began = time.monotonic()
        assert not_told(await answers_of(app, seeded, NEEDY * 3), Unreachable.code) == []
        assert time.monotonic() - began < 10  # one after the other it would be minutes
        await app.state.database.close()

"""Whoever reads as SQL is given statements that run, by hand and as the tenant, and say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from asked import ask
from cases import Seeded, every_case, seeded_database, url_of
from psycopg.rows import dict_row

from mainstem.postgres import connect
from mainstem.server.access import Access
from serving import running

SQL = {"accept": "application/sql"}
READ = [case for case in every_case() if case.method == "GET" and not case.tenantless]
LISTS = {
    "/api/v1/runs": "run_id",
    "/api/v1/workflows": "workflow_id",
    "/api/v1/configs": "config_id",
    "/api/v1/workers": "worker_id",
    "/api/v1/keys": "key_id",
    "/api/v1/audit": "audit_id",
}
"""By the name of their rows' ids."""


@pytest.fixture(scope="module")
def seeded(server_url: str) -> Iterator[Seeded]:
    with seeded_database(server_url) as made:
        yield made


def answered(seeded: Seeded, statements: str) -> list[list[dict[str, Any]]]:
    """The rows of each statement, as tenant A has them."""
    with (
        connect(seeded.url, role="mainstem_app", application_name="test") as conn,
        conn.cursor(row_factory=dict_row) as cursor,
    ):
        conn.execute("select set_config('app.current_org_id', %s, false)", [str(seeded.a["org"])])
        cursor.execute(statements.encode())
        found = [cursor.fetchall()]
        while cursor.nextset():
            found.append(cursor.fetchall())
        return found


async def test_what_any_route_is_answered_from_runs_by_hand(seeded: Seeded) -> None:
    told, broken = 0, []
    async with running(seeded.url, open_to_all=False, org_id=seeded.a["org"]) as app:
        for case in READ:
            url = url_of(case, case.ids(seeded))
            answer = await ask(app, "GET", url, key=seeded.key(seeded.a, Access.ADMIN), headers=SQL)
            if not answer.headers["content-type"].startswith("application/sql"):
                continue
            told += 1
            try:
                answered(seeded, answer.text)
            except psycopg.Error as error:
                broken.append((case.path, str(error)))
    assert broken == []
    assert told > 30


@pytest.mark.parametrize(("path", "name"), LISTS.items())
async def test_a_list_and_its_statement_have_the_same_rows_in_the_same_order(
    seeded: Seeded, path: str, name: str
) -> None:
    async with running(seeded.url, open_to_all=False) as app:
        key = seeded.key(seeded.a, Access.ADMIN)
        rows = next(iter((await ask(app, "GET", path, key=key)).json.values()))
        answer = await ask(app, "GET", path, key=key, headers=SQL)
    assert answer.headers["cache-control"] == "no-store"
    assert [str(row[name]) for row in answered(seeded, answer.text)[-1]] == [row[name] for row in rows]


async def test_what_a_caller_typed_stays_a_value(seeded: Seeded) -> None:
    typed = "x'); select 1/0; --%(name)s%%"
    async with running(seeded.url, open_to_all=False) as app:
        key = seeded.key(seeded.a, Access.ADMIN)
        answer = await ask(
            app,
            "GET",
            "/api/v1/audit?action=" + "".join(f"%{byte:02x}" for byte in typed.encode()),
            key=key,
            headers=SQL,
        )
    assert "select 1/0" in answer.text
    assert answered(seeded, answer.text) == [[]]


async def test_a_reader_of_sql_is_let_in_like_any_other(seeded: Seeded) -> None:
    async with running(seeded.url, open_to_all=False) as app:
        assert (await ask(app, "GET", "/api/v1/workflows", headers=SQL)).status == 401
        refused = await ask(app, "GET", "/api/v1/keys", key=seeded.key(seeded.a, Access.VIEWER), headers=SQL)
        assert (refused.status, refused.is_problem) == (403, True)
        missing = "/api/v1/workflows/00000000-0000-7000-8000-00000000dead"
        absent = await ask(app, "GET", missing, key=seeded.key(seeded.a, Access.VIEWER), headers=SQL)
        assert (absent.status, absent.is_problem) == (404, True)
        others = await ask(
            app, "GET", "/api/v1/workflows", key=seeded.key(seeded.b, Access.VIEWER), headers=SQL
        )
    assert str(seeded.a["org"]) not in others.text
    assert re.search(rf"current_org_id = '{seeded.b['org']}'", others.text)


async def test_what_asks_nothing_of_the_database_answers_as_ever(seeded: Seeded) -> None:
    async with running(seeded.url, open_to_all=False) as app:
        key = seeded.key(seeded.a, Access.VIEWER)
        answer = await ask(app, "GET", "/api/v1/filters", key=key, headers=SQL)
    assert answer.json["keys"]

"""Doors: every operation by no key, bad keys, a role too low, another tenant. An operation without a case fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from asked import Answer, ask, knock
from cases import Case, Seeded, body_of, every_case, names_of, operations, seeded_database, url_of
from fastapi import FastAPI, WebSocket

from mainstem.ledger.call import Call
from mainstem.model import DEFAULT_ORG
from mainstem.server import ServerConfig, create_app
from mainstem.server.access import Access, Viewer, caller_of
from mainstem.server.database import Database
from serving import running
from tenants import digest

CASES = every_case()
GUARDED = [case for case in CASES if not case.tenantless]


@pytest.fixture(scope="module")
def seeded(server_url: str) -> Iterator[Seeded]:
    with seeded_database(server_url) as made:
        yield made


async def call(app: FastAPI, case: Case, seeded: Seeded, key: str | None) -> Answer:
    url = url_of(case, case.ids(seeded))
    return await ask(app, case.method, url, key=key, body=body_of(case, seeded), headers=case.headers)


def named(case: Case) -> str:
    return f"{case.method} {case.path}"


def test_every_operation_has_a_case_and_every_case_an_operation() -> None:
    app = create_app(ServerConfig(url="postgresql://nowhere"))
    answered = {found for found in operations(app) if found[0] != "WEBSOCKET"}
    assert len(answered) > 10
    assert answered == {(case.method, case.path) for case in CASES}


async def test_the_right_key_opens_each_door(seeded: Seeded) -> None:
    """Else what is refused below would prove nothing. Last, as it changes what is there."""
    closed = []
    async with running(seeded.url, open_to_all=False) as app:
        for case in CASES:
            answer = await call(
                app, case, seeded, None if case.tenantless else seeded.key(seeded.a, case.least)
            )
            if not 200 <= answer.status < 300:
                closed.append((named(case), answer.status, answer.text))
    assert closed == []


async def test_without_a_key_no_door_opens(seeded: Seeded) -> None:
    async with running(seeded.url, open_to_all=False) as app:
        answers = {named(case): await call(app, case, seeded, None) for case in GUARDED}
    assert {
        name for name, answer in answers.items() if (answer.status, answer.is_problem) != (401, True)
    } == set()


async def test_an_expired_revoked_unknown_or_mistyped_key_is_refused_in_the_same_words(
    seeded: Seeded,
) -> None:
    async with running(seeded.url, open_to_all=False) as app:
        for case in GUARDED:
            told = []
            for what in ("expired", "revoked", "unknown", "mistyped", "malformed"):
                answer = await call(app, case, seeded, seeded.bad_key(what))
                told.append((answer.status, answer.body))
            assert {status for status, _body in told} == {401}, named(case)
            assert len(set(told)) == 1, named(case)


async def test_a_key_of_a_lower_role_is_refused_and_changes_nothing(seeded: Seeded) -> None:
    opened = []
    async with running(seeded.url, open_to_all=False) as app:
        before = rows_of(seeded, "a")
        for case in GUARDED:
            for role in [role for role in Access if role < case.least]:
                answer = await call(app, case, seeded, seeded.key(seeded.a, role))
                if (answer.status, answer.is_problem) != (403, True):
                    opened.append((named(case), role.role, answer.status))
    assert opened == []
    assert rows_of(seeded, "a") == before


async def test_another_tenant_finds_nothing_behind_real_ids_and_changes_nothing(seeded: Seeded) -> None:
    mine, crossed = names_of(seeded.a), []
    async with running(seeded.url, open_to_all=False) as app:
        before = rows_of(seeded, "a")
        for case in GUARDED:
            sent = set(case.ids(seeded).values()) | {str(body_of(case, seeded))}
            answer = await call(app, case, seeded, seeded.key(seeded.b, Access.ADMIN))
            asks_for_mine = any(name in text for name in mine for text in sent)
            if asks_for_mine and not (400 <= answer.status < 500 and answer.is_problem):
                crossed.append((named(case), answer.status))
            if any(
                name in answer.text for name in mine - {n for n in mine if any(n in text for text in sent)}
            ):
                crossed.append((answer.text, answer.status))
            if answer.status in (403, 500):  # that it exists is told to nobody
                crossed.append((named(case), answer.status))
    assert crossed == []
    assert rows_of(seeded, "a") == before


def rows_of(seeded: Seeded, tenant: str) -> dict[str, str]:
    """All that a tenant has; when its keys were used is no change of anybody's."""
    found = digest(seeded.superuser, getattr(seeded, tenant)["org"])
    return {table: rows for table, rows in found.items() if table != "mainstem.user_api_key"}


async def test_a_route_that_asks_for_everything_is_given_its_own_tenants_rows(seeded: Seeded) -> None:
    """A bug in a route: the database itself refuses."""
    app = create_app(ServerConfig(url=seeded.url))
    everything: Call[list[str]] = Call(
        "select distinct org_id::text from mainstem.user_workflow_run",
        [],
        lambda rows: [row["org_id"] for row in rows],
    )

    @app.get("/careless")
    async def careless(caller: Viewer) -> list[str]:
        database: Database = app.state.database
        return await database.perform(everything, org_id=caller.org_id)

    app.router.routes.insert(0, app.router.routes.pop())  # before the console, which answers whatever is left
    async with app.router.lifespan_context(app):
        for made in (seeded.a, seeded.b):
            answer = await ask(app, "GET", "/careless", key=seeded.key(made, Access.VIEWER))
            assert answer.json == [str(made["org"])]
        assert await app.state.database.ask(everything) == []  # the connection carries nobody on


async def test_no_socket_opens_without_a_key_or_for_another_sites_page(seeded: Seeded) -> None:
    app = create_app(ServerConfig(url=seeded.url))
    sockets = [path for method, path in operations(app) if method == "WEBSOCKET"]
    async with running(seeded.url, open_to_all=False) as app:
        for path in sockets:
            for key in (None, *map(seeded.bad_key, ("expired", "revoked", "unknown"))):
                headers = (
                    {} if key is None else {"sec-websocket-protocol": f"mainstem.v1, mainstem.key.{key}"}
                )
                assert [message["type"] for message in await knock(app, path, headers=headers)] not in (
                    ["websocket.accept"], []
                ), path  # fmt: skip
    async with running(seeded.url) as app:
        for path in sockets:
            [refusal] = await knock(app, path, headers={"origin": "https://evil.example"})
            assert refusal["type"] == "websocket.close"


async def test_a_socket_is_known_by_its_subprotocol_or_its_header(seeded: Seeded) -> None:
    app = create_app(ServerConfig(url=seeded.url))
    seen = []

    @app.websocket("/probe")
    async def probe(websocket: WebSocket) -> None:
        caller = await caller_of(websocket)
        seen.append((caller.org_id, caller.access))
        await websocket.accept("mainstem.v1")
        await websocket.close()

    key = seeded.key(seeded.b, Access.OPERATOR)
    async with app.router.lifespan_context(app):
        for headers in (
            {"sec-websocket-protocol": f"mainstem.v1, mainstem.key.{key}"},
            {"authorization": f"Bearer {key}"},
        ):
            [accepted, *_] = await knock(app, "/probe", headers=headers)
            assert (accepted["type"], accepted["subprotocol"]) == ("websocket.accept", "mainstem.v1")
    assert seen == [(seeded.b["org"], Access.OPERATOR)] * 2


async def test_where_no_key_is_asked_for_a_bad_key_is_refused_still(seeded: Seeded) -> None:
    async with running(seeded.url) as app:
        assert (await ask(app, "GET", "/api/v1/me")).json["org_id"] == str(DEFAULT_ORG)
        assert (await ask(app, "GET", "/api/v1/me", key=seeded.bad_key("expired"))).status == 401

"""What surrounds every answer: headers, limits, origins, ids, logs, health."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from asked import ask, knock
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from conditions import one_server
from conftest import Database
from mainstem.errors import NotAuthenticated, OpenToTheWorld, PortTaken, every_error
from mainstem.model import DEFAULT_ORG
from mainstem.server import ServerConfig, create_app
from mainstem.server.access import Access, Caller
from mainstem.server.serve import is_loopback, listen, refuse_open
from serving import running, serving

__all__ = ["one_server"]


@pytest.mark.parametrize(
    "path", ["/api/v1/runs", "/nowhere", "/docs", "/docs/docs.js", "/api/v1/runs/no-uuid", "/boom"]
)
async def test_every_answer_has_the_headers_that_protect_a_browser(database: Database, path: str) -> None:
    async with running(database.url) as app:

        @app.get("/boom")
        async def boom() -> None:
            raise ZeroDivisionError("the secret of boom")

        answer = await ask(app, "GET", path)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"]
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
    assert "boom" not in answer.text or path != "/boom" or "the secret" not in answer.text


async def test_a_body_that_is_too_large_is_refused_whether_it_is_announced_or_comes_in_pieces(
    database: Database,
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100

    async with serving(database.url, largest_body=1000) as client:
        for content in (b" " * 1001, pieces()):
            answer = await client.post(
                "/api/v1/keys", content=content, headers={"content-type": "application/json"}
            )
            assert (answer.status_code, answer.json()["code"]) == (413, "MS604")
            assert answer.headers["content-type"] == "application/problem+json"
        body = b'{"name": "import"' + b" " * 900 + b"}"
        answer = await client.post("/api/v1/keys", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 201


FOREIGN = [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_another_sites_page_changes_nothing_and_opens_no_socket(
    database: Database, headers: dict[str, str]
) -> None:
    async with running(database.url) as app:
        answer = await ask(app, "POST", "/api/v1/keys", body={"name": "x"}, headers=headers)
        assert (answer.status, answer.json["code"]) == (403, "MS603")
        [refused] = await knock(app, "/ws", headers=headers)
        assert refused["type"] == "websocket.close"
    assert database.value("select count(*) from mainstem.user_api_key") == 0


async def test_our_own_page_and_those_that_were_named_may(database: Database) -> None:
    async with running(database.url, origins=("https://ops.example",)) as app:
        for origin in ("http://server", "https://ops.example"):
            answer = await ask(app, "POST", "/api/v1/keys", body={"name": "x"}, headers={"origin": origin})
            assert answer.status == 201


@pytest.mark.parametrize(
    ("host", "status"), [("[::1]:80", 200), ("localhost:80", 200), ("evil.example", 403)]
)
async def test_a_page_that_calls_us_by_a_name_of_its_own_is_refused(
    database: Database, host: str, status: int
) -> None:
    async with running(database.url, hosts=("localhost", "[::1]")) as app:
        assert (await ask(app, "GET", "/version", headers={"host": host})).status == status


async def test_a_request_is_one_line_in_the_log_with_its_route_and_its_id(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mainstem.server.requests")
    run = "01a1f118-f356-7588-91f7-88e91e000000"
    async with running(database.url) as app:
        await ask(app, "GET", f"/api/v1/runs/{run}", headers={"x-request-id": "mine-7"})
        metrics = (await ask(app, "GET", "/metrics")).text
    [line, _] = [vars(record)["fields"] for record in caplog.records]
    assert line == {
        "method": "GET", "route": "/api/v1/runs/{run_id}", "status": 404, "ms": line["ms"],
        "org": str(DEFAULT_ORG), "key": "anyone", "request_id": "mine-7",
    }  # fmt: skip
    assert (
        'mainstem_http_requests_total{method="GET",route="/api/v1/runs/{run_id}",status="404"} 1.0' in metrics
    )
    assert run not in metrics
    assert str(DEFAULT_ORG) not in metrics


async def test_metrics_tell_the_queue_of_all_tenants_and_no_tenant(database: Database) -> None:
    async with running(database.url) as app:
        with app.state.feed.stream(DEFAULT_ORG):
            assert "mainstem_stream_clients 1.0" in (await ask(app, "GET", "/metrics")).text
        text = (await ask(app, "GET", "/metrics")).text
        assert "mainstem_stream_clients 0.0" in text
        assert "mainstem_database_up 1.0" in text
        database.connect(None, None).execute("alter schema mainstem rename to elsewhere")
        assert "mainstem_database_up 0.0" in (await ask(app, "GET", "/metrics")).text


async def test_each_problem_has_a_page_in_words() -> None:
    app = create_app(ServerConfig(url="postgresql://nowhere"))
    for code, error in every_error().items():
        told = (await ask(app, "GET", f"/problems/{code}")).json
        assert (told["code"], told["name"]) == (code, error.__name__)
        assert told["meaning"].endswith((".", ":"))
    assert (await ask(app, "GET", "/problems/HTTP404")).json["status"] == 404
    assert (await ask(app, "GET", "/problems/MS999")).status == 404


async def test_the_documentation_asks_nothing_of_another_host() -> None:
    app = create_app(ServerConfig(url="postgresql://nowhere"))
    for name in ("", "/docs.js", "/docs.css"):
        answer = await ask(app, "GET", f"/docs{name}")
        assert answer.status == 200
        assert "//" not in answer.text.replace("// The specification", "")


def test_each_operation_has_a_name_a_summary_and_its_problems() -> None:
    spec = create_app(ServerConfig(url="postgresql://nowhere")).openapi()
    bare = [
        (path, method)
        for path, operations in spec["paths"].items()
        for method, told in operations.items()
        if "operationId" not in told or not told.get("summary") or "503" not in told["responses"]
    ]
    assert bare == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "db.example"])
def test_a_server_that_asks_for_no_keys_listens_on_loopback_only(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(OpenToTheWorld, match="admin"):
        refuse_open(ServerConfig(url="", open_to_all=True), host)
    refuse_open(ServerConfig(url="", open_to_all=False), host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_loopback_is_known_in_all_its_forms(host: str) -> None:
    assert is_loopback(host)


def test_a_port_is_taken_once() -> None:
    with listen("127.0.0.1", 0) as first, pytest.raises(PortTaken):
        listen("127.0.0.1", first.getsockname()[1])


async def test_another_authenticator_is_asked_before_keys(database: Database) -> None:
    async def proxied(connection: HTTPConnection) -> Caller | None:
        match connection.headers.get("x-user"):
            case None:
                return None
            case "ann":
                return Caller(DEFAULT_ORG, Access.VIEWER, name="ann")
            case _:
                raise NotAuthenticated("nobody of this name")

    async with running(database.url, open_to_all=False, authenticators=(proxied,)) as app:
        assert (await ask(app, "GET", "/api/v1/me", headers={"x-user": "ann"})).json["name"] == "ann"
        assert (await ask(app, "GET", "/api/v1/keys", headers={"x-user": "ann"})).status == 403
        assert (await ask(app, "GET", "/api/v1/me", headers={"x-user": "bob"})).status == 401
        assert (await ask(app, "GET", "/api/v1/me")).status == 401


async def test_mounted_in_another_application_it_opens_the_database_by_itself(database: Database) -> None:
    outer = FastAPI()
    inner = create_app(ServerConfig(url=database.url, open_to_all=True))
    outer.mount("/mainstem", inner)
    transport = httpx.ASGITransport(outer)
    async with (
        outer.router.lifespan_context(outer),
        httpx.AsyncClient(transport=transport, base_url="http://server") as client,
    ):
        assert (await client.get("/mainstem/api/v1/runs")).json()["runs"] == []
        missing = await client.get("/mainstem/api/v1/runs/01a1f118-f356-7588-91f7-88e91e000000")
        assert (await client.get(missing.json()["type"])).json()["name"] == "NotFound"
        assert (await client.get("/mainstem/docs")).status_code == 200
        assert (await client.get("/mainstem/openapi.json")).json()["servers"] == [{"url": "/mainstem"}]
        assert 'route="/api/v1/runs"' in (await client.get("/mainstem/metrics")).text
    await inner.state.database.close()

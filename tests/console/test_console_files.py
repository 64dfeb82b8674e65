"""The console's files as the server gives them, wherever it is mounted."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from mainstem.server import console

PAGE = '<!doctype html><html><head><base href="/" /></head><body>console</body></html>'


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "theme.js").write_text("//")
    (tmp_path / "assets" / "index-abc.js").write_text("1")
    (tmp_path / "secret.txt").write_text("no")
    return tmp_path


def client(dist: Path, root_path: str = "") -> httpx.AsyncClient:
    app = FastAPI()
    console.install(app, dist)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, root_path=root_path), base_url="http://server"
    )


async def test_a_deep_link_is_answered_with_the_page(dist: Path) -> None:
    answer = await client(dist).get("/runs/0190?view=graph")
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["cache-control"] == "no-cache"


async def test_the_page_knows_where_it_is_mounted(dist: Path) -> None:
    answer = await client(dist, "/tools/mainstem").get("/tools/mainstem/runs")
    assert '<base href="/tools/mainstem/"' in answer.text


async def test_a_base_path_cannot_break_out_of_its_attribute(dist: Path) -> None:
    answer = await client(dist, '/"><script>').get('/"><script>/runs')
    assert "<script>" not in answer.text


async def test_hashed_files_are_kept_for_ever(dist: Path) -> None:
    answer = await client(dist).get("/assets/index-abc.js")
    assert (answer.status_code, answer.text) == (200, "1")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/assets/..%2fsecret.txt", "/api/v1/nothing", "/api", "/problems/X"]
)
async def test_what_is_missing_is_no_page(dist: Path, path: str) -> None:
    assert (await client(dist).get(path)).status_code == 404


async def test_nothing_but_the_consoles_own_files_is_given_away(dist: Path) -> None:
    assert (await client(dist).get("/secret.txt")).text != "no"


async def test_the_page_may_load_nothing_from_another_host(dist: Path) -> None:
    assert "default-src 'self'" in (await client(dist).get("/")).headers["content-security-policy"]


async def test_a_checkout_without_a_build_says_so(tmp_path: Path) -> None:
    answer = await client(tmp_path).get("/")
    assert answer.status_code == 503
    assert "The console is not built" in answer.text

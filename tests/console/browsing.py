"""The built console over its fixture server, and a Chromium that looks at it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pages import context_of, windows_in
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = "/usr/bin/chromium"


@dataclass(frozen=True)
class Fixtures:
    """The fixture server. base ends without a slash."""

    base: str

    def mode(self, mode: str) -> dict[str, Any]:
        return self.tell("/dev/mode", {"mode": mode})

    def tell(self, path: str, body: object) -> dict[str, Any]:
        request = urllib.request.Request(self.base + path, json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            told: dict[str, Any] = json.load(answer)
            return told


@pytest.fixture(scope="session")
def node() -> str:
    """Of the same choice as the build."""
    sys.path.insert(0, str(ROOT / "tools"))
    build_console = import_module("build_console")
    build_console.build()
    return str(build_console.node())


@pytest.fixture(scope="module")
def fixtures(node: str) -> Iterator[Fixtures]:
    """Below a path, as where it is mounted: what works there works at the root."""
    environment = {"PORT": "0", "BASE": "/tools/mainstem", "TZ": "UTC"}
    server = subprocess.Popen(
        [node, str(ROOT / "console/dev/server.mjs")], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert server.stdout is not None
    try:
        yield Fixtures(server.stdout.readline().strip().rstrip("/"))
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with context_of(browser) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, fixtures: Fixtures) -> Iterator[Page]:
    fixtures.mode("ok")
    with windows_in(context, fixtures.base, 1) as [page]:
        yield page

"""What a page's tables are copied as, and what comes of it when somebody uses it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from click.testing import CliRunner
from playwright.sync_api import Locator, Page, expect

from conftest import Database
from mainstem.cli.main import main

IDS = ("run_id", "step_id", "workflow_id", "config_id", "activation_id", "worker_id", "key_id", "audit_id")


@dataclass(frozen=True)
class Copied:
    """The texts that one table offers, by kind; `place` names it for whoever reads a failure."""

    place: str
    texts: dict[str, str]

    @property
    def rows(self) -> Any:
        return json.loads(self.texts["JSON"])

    @property
    def ids(self) -> set[str]:
        return {one for name in IDS for one in values(self.rows, name) if one is not None}


def copied_from(page: Page, path: str) -> list[Copied]:
    """Of every table that the page shows."""
    buttons = page.locator(".menu-at > button").all()
    return [Copied(f"{path}, {number}", _texts(page, button)) for number, button in enumerate(buttons, 1)]


def _texts(page: Page, button: Locator) -> dict[str, str]:
    texts: dict[str, str] = {}
    while True:
        button.click()
        offered = page.locator(".menu button").all_inner_texts()
        kinds = [text.removeprefix("Copy as ") for text in offered]
        left = [kind for kind in kinds if kind not in texts]
        if not left:
            page.keyboard.press("Escape")
            return texts
        page.get_by_role("button", name=f"Copy as {left[0]}", exact=True).click()
        expect(button).to_have_text(f"Copied {left[0]}")
        texts[left[0]] = page.evaluate("navigator.clipboard.readText()")


@cache
def asked_by_curl(text: str) -> Any:
    words = shlex.split(text)
    assert words[0] == "curl"
    done = subprocess.run([*words, "-sSf"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, (text, done.stderr)
    return json.loads(done.stdout)


def asked_by_sql(database: Database, text: str) -> str:
    """The rows of all its statements, as mainstem_app has them with the tenant set."""
    with database.connect("mainstem_app").cursor() as cursor:
        cursor.execute(text.encode())
        found = [str(cursor.fetchall())]
        while cursor.nextset():
            found.append(str(cursor.fetchall()))
    return " ".join(found)


def asked_by_command(text: str, url: str) -> None:
    """In a thread of its own: this one has a browser, and with that a loop that runs."""
    words = shlex.split(text)
    assert words[0] == "mainstem"
    environment = {name: None for name in os.environ if name.startswith("MAINSTEM_")} | {"MAINSTEM_URL": url}
    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(CliRunner().invoke, main, words[1:], env=environment).result(60)
    assert done.exit_code == 0, (text, done.output)


def is_in(rows: Any, answer: Any) -> bool:
    """Whether the answer is these rows, or has them in it."""
    if rows == answer:
        return True
    inner = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ()
    return any(is_in(rows, one) for one in inner)


def values(of: Any, name: str) -> Iterator[Any]:
    """Of this key, wherever it is."""
    inner = of.values() if isinstance(of, dict) else of if isinstance(of, list) else ()
    if isinstance(of, dict) and name in of:
        yield of[name]
    for one in inner:
        yield from values(one, name)

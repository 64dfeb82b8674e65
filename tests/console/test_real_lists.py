"""Lists of the console over the real server: what each is copied as, its pages, and one stream for all tabs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from copying import Copied, asked_by_command, asked_by_curl, asked_by_sql, copied_from, is_in
from pages import windows_of
from playwright.sync_api import Browser, Page, Response, expect
from real import Console, console_of, working_console

from conditions import ON_ONE_SERVER
from conftest import Database
from consolidations import living
from mainstem.ledger import queue
from past_runs import Past, make_past

pytest_plugins = ["browsing"]
pytestmark = ON_ONE_SERVER

TABS = ("workers", "queue", "partitions", "doctor", "keys", "audit", "migrations")
COPIES = 80
"""So many texts at the least: a page that lost its buttons would be noticed."""


def test_every_text_that_a_page_copies_does_what_it_says_and_no_page_is_refused(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    past = make_past(database.url, runs=60)
    refused: list[str] = []
    with living(database) as life, console_of(browser, database.url, tmp_path) as console:
        life.copy()
        life.verify()
        workflow_id = _furnish(console, database, past)
        console.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        console.page.on(
            "response", lambda answer: refused.append(answer.url) if _is_refusal(answer) else None
        )
        copied = [one for path in _paths(past, workflow_id) for one in _copied(console.open(path), path)]
        assert sum(len(one.texts) for one in copied) >= COPIES
        for one in copied:
            _holds(one, database)
        for text in sorted({one.texts["CLI"] for one in copied if "CLI" in one.texts}):
            asked_by_command(text, database.url)
    assert refused == []


def _is_refusal(answer: Response) -> bool:
    """A parameter or an address that the API does not know is one as well."""
    return "/api/v1/" in answer.url and 400 <= answer.status < 500


def _furnish(console: Console, database: Database, past: Past) -> str:
    """Something for every table: configs, versions, keys, workers, a queue, and by that a trail."""
    workflow_id = str(past.workflows["claim intake"])
    for channel in ("voice", None):
        config = {"workflow_id": workflow_id, "channel": channel, "config_data": {"limit": 3}}
        made = console.tell("/configs", config)
        console.tell(f"/configs/{made['config_id']}/activate", None)
    for name in ("nightly import", "dashboard's"):
        console.tell("/keys", {"name": name, "role": "viewer"})
    call = queue.register_worker(uuid4(), host="attic", pid=7, capabilities={"queues": ["default"]}, ttl=900)
    database.perform(call, role="mainstem_worker", org_id=None)
    database.connect(None, None).execute(
        "insert into mainstem.user_workflow_version (org_id, workflow_id, version, checksum)"
        " select org_id, workflow_id, n, 'sum ' || n from mainstem.user_workflow, generate_series(1, 3) n"
        " where workflow_id = %s",
        [workflow_id],
    )
    console.start_waiting(workflow_id)
    return workflow_id


def _paths(past: Past, workflow_id: str) -> list[str]:
    bad = next(run for run in past.runs if run.status == "failed")
    good = next(run for run in past.runs if run.status == "completed" and run.workflow == bad.workflow)
    return [
        "/",
        "/runs",
        "/runs?q=-channel:web&sort=-duration",
        f"/runs/{bad.run_id}?view=steps&step=3",
        f"/compare?b={bad.run_id}",
        f"/compare?a={good.run_id}&b={bad.run_id}",
        "/workflows",
        *(f"/workflows/{workflow_id}?tab={tab}" for tab in ("nodes", "configs", "versions", "start")),
        *(f"/analytics?period=30d&by={by}" for by in ("workflow", "node")),
        "/consolidations",
        *(f"/system?tab={tab}" for tab in TABS),
        "/system?tab=audit&action=keys.create",
    ]


def _copied(page: Page, path: str) -> list[Copied]:
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("[data-state=loading]")).to_have_count(0)
    expect(page.locator("[data-state=failed]")).to_have_count(0)
    return copied_from(page, path)


def _holds(one: Copied, database: Database) -> None:
    """What curl and SQL give has the rows that the table shows."""
    answer = asked_by_curl(one.texts["curl"])
    if one.ids:
        told = str(answer)
        assert [known for known in one.ids if known not in told] == [], (one.place, one.texts["curl"])
    elif "/doctor" not in one.texts["curl"]:  # what it finds changes while one looks
        assert is_in(one.rows, answer), (one.place, one.texts["curl"])
    if "SQL" in one.texts:
        rows = asked_by_sql(database, one.texts["SQL"])
        assert [known for known in one.ids if known not in rows] == [], (one.place, one.texts["SQL"])


def test_a_list_longer_than_a_page_of_the_api_is_read_to_its_end(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with console_of(browser, database.url, tmp_path) as console:
        database.connect(None, None).execute(
            "insert into mainstem.user_workflow (org_id, workflow_id, name)"
            " select org_id, gen_random_uuid(), 'flow ' || to_char(n, 'FM000') from mainstem.organization, generate_series(1, 120) n"
        )
        page = console.open("/workflows")
        table = page.get_by_role("table", name="Workflows")
        expect(table).to_have_attribute("aria-rowcount", "50")
        page.get_by_role("button", name="More workflows").click()
        expect(table).to_have_attribute("aria-rowcount", "100")
        page.get_by_role("group", name="Workflows").evaluate("wrap => wrap.scrollTop = wrap.scrollHeight")
        expect(table).to_have_attribute("aria-rowcount", "120")
        page.get_by_role("group", name="Workflows").evaluate("wrap => wrap.scrollTop = wrap.scrollHeight")
        expect(page.get_by_role("link", name="flow 120")).to_be_visible()


def test_windows_share_one_stream_and_the_next_goes_on_where_the_one_that_was_closed_had_been(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with (
        working_console(browser, database, tmp_path) as console,
        windows_of(browser, console.base, 3) as windows,
    ):
        streams: list[str] = []
        for window in windows:
            window.on("request", lambda asked: streams.append(asked.url) if "/stream" in asked.url else None)
            window.goto(console.base + "/runs", wait_until="domcontentloaded")
            expect(window.locator(".pill[data-state=live]")).to_be_visible()
        console.start("letters", clerk="ann")
        for window in windows:
            expect(window.get_by_role("button", name=re.compile("^1 new$"))).to_be_visible()
        assert len(streams) == 1
        windows[0].close()
        started = [console.start("letters", clerk="bob") for _ in range(3)]
        for window in windows[1:]:
            expect(window.get_by_role("button", name=re.compile("^4 new$"))).to_be_visible()
            window.get_by_role("button", name="4 new").click()
            for run_id in started:
                expect(window.locator(f"tbody tr >> a[href$='{run_id}']")).to_be_visible()
        assert len(streams) == 2
        console.let_in("ann")
        console.let_in("bob")
        for window in windows[1:]:
            expect(window.locator("tbody [data-status=completed]")).to_have_count(4)


def test_words_of_a_filter_reach_the_command_as_they_were_typed(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    make_past(database.url, runs=3)
    with console_of(browser, database.url, tmp_path) as console:
        page = console.open("/runs")
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        for words in ("o'hara $HOME `id`", "-dash", "päivä 日"):
            page.get_by_role("combobox", name="Filter").fill(words)
            page.get_by_role("combobox", name="Filter").press("Enter")
            expect(page).to_have_url(re.compile("q=" + quote(words[:1])))
            expect(page.locator("[data-state=loading]")).to_have_count(0)
            copied = copied_from(page, words)[-1].texts
            assert shlex.split(copied["CLI"])[-1] == words
            asked_by_command(copied["CLI"], database.url)
            asked_by_curl(copied["curl"])
            asked_by_sql(database, copied["SQL"])

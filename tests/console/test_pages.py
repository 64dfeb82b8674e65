"""Each page of the console in Chromium: its five states, its keys, its addresses."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from pages import PAGES, page_of, windows_of
from playwright.sync_api import Browser, Locator, Page, expect

pytest_plugins = ["browsing"]

Go = Callable[..., Page]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
ROOT = Path(__file__).parent.parent.parent
AXE = ROOT / "console/node_modules/axe-core/axe.min.js"
MORE = {
    "graph": "/runs/{failed}?view=graph&step=6&tab=attempts",
    "steps": "/runs/{failed}?view=steps&step=1&tab=events",
    "film": "/runs/{failed}?view=film&step=6",
    "pair": "/compare?a={completed}&b={failed}&step=file_claim",
    "configs": "/workflows/{workflow}?tab=configs",
    "start": "/workflows/{workflow}?tab=start",
    "doctor": "/system?tab=doctor",
    "none": "/runs?q=status:paused",
    "versions": "/workflows/{workflow}?tab=versions&version=11",
    "draft": "/workflows/{workflow}?tab=draft",
    "queue": "/system?tab=queue",
    "partitions": "/system?tab=partitions",
    "migrations": "/system?tab=migrations",
    "breakpoints": "/system?tab=breakpoints",
    "usage": "/runs/{failed}?tab=usage",
}


ASKING = [*PAGES, "migrations"]
"""What asks for something, and so has five states."""


@pytest.fixture
def go(page: Page, fixtures: Any) -> Iterator[Go]:
    """Opens a page by name or path."""
    ids = fixtures.mode("ok")

    def opened(name: str, mode: str = "ok", page_size: int = 50) -> Page:
        fixtures.tell("/dev/mode", {"mode": mode, "page": page_size})
        page.goto(fixtures.base + (PAGES | MORE).get(name, name).format(**ids), wait_until="domcontentloaded")
        return page

    yield opened
    fixtures.mode("ok")


def state(page: Page, name: str) -> Locator:
    return page.locator(f"[data-state={name}]").first


@pytest.mark.parametrize("name", ASKING)
def test_a_page_says_that_it_loads(go: Go, name: str) -> None:
    expect(state(go(name, "hang"), "loading")).to_be_visible()


@pytest.mark.parametrize("name", ASKING)
def test_a_page_that_fails_says_so_and_never_that_there_is_nothing(go: Go, name: str) -> None:
    page = go(name, "failed")
    expect(state(page, "failed")).to_contain_text("the database does not answer")
    expect(state(page, "failed")).to_contain_text("MS102")
    expect(page.locator("[data-state=empty], [data-state=filtered]")).to_have_count(0)


@pytest.mark.parametrize("name", ASKING)
def test_a_page_of_nothing_says_what_to_do(go: Go, name: str) -> None:
    page = go(name, "empty")
    expect(page.locator("[data-state=empty], [data-state=filtered]").first).to_be_visible()
    expect(page.locator("[data-state=failed]")).to_have_count(0)


@pytest.mark.parametrize("name", ASKING)
def test_a_page_whose_server_goes_away_keeps_what_it_had_and_tells_its_age(
    go: Go, fixtures: Any, name: str
) -> None:
    page = go(name)
    expect(page.locator(".pill[data-state=live]")).to_be_visible()
    expect(page.locator("table, svg.timeline").first).to_be_visible()
    fixtures.mode("failed")
    expect(state(page, "stale")).to_contain_text("the database does not answer")
    expect(page.locator("table, svg.timeline").first).to_be_visible()
    fixtures.mode("ok")
    expect(page.locator("[data-state=stale]")).to_have_count(0, timeout=20_000)


def test_a_filter_that_finds_nothing_tells_which_clause_took_everything(go: Go) -> None:
    page = go("/runs?q=status:failed nothingislikethis")
    expect(state(page, "filtered")).to_contain_text("without nothingislikethis: ")
    page.get_by_role("button", name=re.compile(r"^\d+ runs$")).last.click()
    expect(page).to_have_url(re.compile(r"q=status(:|%3A)failed$"))
    expect(page.get_by_role("table", name="Runs")).to_be_visible()


@pytest.mark.parametrize("name", [*PAGES, *MORE])
def test_axe_finds_nothing_by_day_or_by_night(go: Go, name: str) -> None:
    page = go(name)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("[data-state=loading]")).to_have_count(0)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(
            "axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.target.join(' ') + ': ' + n.failureSummary)]))"
        )
        assert (scheme, found) == (scheme, [])


@pytest.mark.parametrize("name", [*PAGES, *MORE])
def test_a_page_fits_a_telephone(go: Go, page: Page, name: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    go(name)
    expect(page.locator("[data-state=loading]")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_deep_link_restores_view_step_tab_and_attempt(go: Go) -> None:
    page = go("/runs/{failed}?view=graph&step=6&tab=attempts&attempt=2")
    expect(page.get_by_role("tab", name="Graph")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tab", name="Attempts")).to_have_attribute("aria-selected", "true")
    expect(
        page.get_by_role("group", name="Attempts").get_by_role("button", name="2 failed")
    ).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name=re.compile("^File in portal"))).to_have_attribute(
        "aria-pressed", "true"
    )


def test_what_is_picked_is_in_the_address(go: Go) -> None:
    page = go("run")
    page.get_by_role("button", name=re.compile("^Step 6 file_claim")).press("Enter")
    page.get_by_role("tab", name="Output").click()
    expect(page).to_have_url(re.compile(r"step=6.*tab=output|tab=output.*step=6"))
    page.reload()
    expect(page.get_by_role("heading", name="6 · file_claim")).to_be_visible()


def test_an_address_with_nonsense_in_it_is_read_as_far_as_it_makes_sense(go: Go) -> None:
    page = go("/runs/{failed}?view=nonsense&step=x&tab=9")
    expect(page.get_by_role("tab", name="Timeline")).to_have_attribute("aria-selected", "true")


def test_keys_jump_list_open_and_help(go: Go) -> None:
    page = go("home")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    expect(page.get_by_role("table", name="Runs")).to_be_visible()
    for key in "jjk":
        page.keyboard.press(key)
    expect(page.locator("tr[data-at=true]")).to_have_attribute("aria-rowindex", "2")
    page.keyboard.press("o")
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    expect(page.get_by_role("tab", name="Graph")).to_be_visible()
    page.keyboard.press("2")
    expect(page.get_by_role("tab", name="Graph")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("/")
    page.keyboard.type("syst")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="System")).to_be_visible()


def test_any_id_in_the_jump_box_leads_to_its_run(go: Go, fixtures: Any) -> None:
    page = go("home")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type(fixtures.mode("ok")["failed"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="claim-intake")).to_be_visible()


def test_the_bar_completes_keys_and_values(go: Go) -> None:
    page = go("runs")
    expect(page.get_by_role("table", name="Runs")).to_be_visible()
    page.keyboard.press("f")
    page.keyboard.type("stat")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("fai")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="Filter")).to_have_value("status:failed ")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=status(:|%3A)failed$"))


def test_new_runs_wait_behind_a_pill_and_known_ones_change_in_place(go: Go, fixtures: Any) -> None:
    page = go("runs")
    expect(page.locator(".pill[data-state=live]")).to_be_visible()
    expect(page.get_by_role("table", name="Runs")).to_be_visible()
    first = page.locator("tbody tr").first.inner_text()
    newest = fixtures.tell("/dev/run", {})["newest"]
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    assert page.locator("tbody tr").first.inner_text().split("\n")[1] == first.split("\n")[1]
    page.get_by_role("button", name="1 new").click()
    expect(page.locator(f"tbody tr >> a[href$='{newest}']")).to_be_visible()


def test_without_a_stream_the_page_asks_again(go: Go) -> None:
    expect(go("runs", "silent").locator(".pill[data-state=polling]")).to_be_visible()


def test_a_failed_run_is_retried_after_a_word_of_what_is_kept(go: Go) -> None:
    page = go("run")
    page.get_by_role("button", name="Retry…").click()
    expect(page.get_by_role("dialog")).to_contain_text("recorded steps are kept")
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel…")).to_be_visible()


def test_a_run_is_started_from_the_schema(go: Go) -> None:
    page = go("start")
    page.get_by_label("Document").fill("in/7.pdf")
    page.get_by_role("button", name="Start claim-intake").click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}"))


def test_two_runs_are_chosen_and_compared(go: Go) -> None:
    page = go("compare")
    page.get_by_role("table", name="Runs for side A").get_by_role("button").first.click()
    expect(page.get_by_text("They part at")).to_be_visible()
    expect(page.get_by_role("table", name="Steps, aligned")).to_be_visible()


def test_every_chart_has_its_table(go: Go) -> None:
    for name, number in (("home", 1), ("runs", 1), ("analytics", 2)):
        page = go(name)
        buttons = page.get_by_role("button", name="Table", exact=True)
        expect(buttons).to_have_count(number)
        expect(state(page, "loading")).to_have_count(0)
        tables = page.get_by_role("table").count()
        for _ in range(number):
            buttons.first.click()
        expect(page.get_by_role("table")).to_have_count(tables + number)


def test_the_theme_is_chosen_and_kept(browser: Browser, fixtures: Any) -> None:
    """In a browser of its own: what it keeps is for all its windows."""
    fixtures.mode("ok")
    with page_of(browser, fixtures.base) as page:
        page.goto(fixtures.base, wait_until="domcontentloaded")
        page.emulate_media(color_scheme="light")
        button = page.get_by_role("button", name="Theme: system")
        button.click()
        page.get_by_role("button", name="Theme: light").click()
        page.reload()
        expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_first_load_is_small(browser: Browser, fixtures: Any) -> None:
    loaded: list[bytes] = []
    failed = fixtures.mode("ok")["failed"]
    with page_of(browser, fixtures.base) as page:
        page.on(
            "response", lambda answer: loaded.append(answer.body()) if answer.url.endswith(".js") else None
        )
        page.goto(f"{fixtures.base}/runs/{failed}", wait_until="domcontentloaded")
        expect(page.locator("svg.timeline")).to_be_visible()
    weight = sum(len(gzip.compress(body, 9)) for body in loaded)
    assert 50_000 < weight <= 250_000, weight


def test_a_server_that_lets_in_by_key_is_given_one(go: Go) -> None:
    page = go("home", "locked")
    page.get_by_label("API key").first.fill("ms_right")
    page.get_by_role("button", name="Enter").first.click()
    expect(page.get_by_role("table", name="Channels")).to_be_visible()
    assert "ms_right" not in page.url


def rows_of(page: Page, table: str) -> Locator:
    return page.get_by_role("table", name=table, exact=True).locator("tbody tr")


@pytest.mark.parametrize(
    ("path", "table", "what", "number"),
    [
        ("/workflows", "Workflows", "workflows", 5),
        ("/workflows/{workflow}?tab=configs", "Configs", "configs", 2),
        ("/workflows/{workflow}?tab=versions", "Versions", "versions", 3),
        ("/system?tab=workers", "workers", "workers", 3),
        ("/system?tab=keys", "API keys", "keys", 5),
    ],
)
def test_a_list_is_read_page_by_page_to_its_end(
    go: Go, path: str, table: str, what: str, number: int
) -> None:
    page = go(path, page_size=1)
    more = page.get_by_role("button", name=f"More {what}")
    for shown in range(1, number):
        expect(rows_of(page, table)).to_have_count(shown)
        more.click()
    expect(rows_of(page, table)).to_have_count(number)
    expect(more).to_have_count(0)


def test_a_long_list_goes_on_by_itself_at_its_end(go: Go) -> None:
    page = go("audit")
    table = page.get_by_role("table", name="Audit trail")
    expect(table).to_have_attribute("aria-rowcount", "50")
    page.get_by_role("button", name="More changes").press("Enter")
    expect(table).to_have_attribute("aria-rowcount", "100")
    assert rows_of(page, "Audit trail").count() < 100
    page.get_by_role("group", name="Audit trail").evaluate("wrap => wrap.scrollTop = wrap.scrollHeight")
    expect(table).to_have_attribute("aria-rowcount", "132")
    expect(page.get_by_role("button", name="More changes")).to_have_count(0)


def test_a_page_that_cannot_follow_is_told_of_and_what_is_there_is_no_older_for_it(go: Go) -> None:
    page = go("workflows", page_size=2)
    expect(rows_of(page, "Workflows")).to_have_count(2)
    problem = '{"status": 503, "code": "MS102", "detail": "the database does not answer"}'
    following = re.compile("page_token=")
    page.route(
        following,
        lambda route: route.fulfill(status=503, content_type="application/problem+json", body=problem),
    )
    page.get_by_role("button", name="More workflows").click()
    expect(state(page, "broken-off")).to_contain_text("The workflows after these could not be read")
    expect(page.locator("[data-state=stale], [data-state=failed]")).to_have_count(0)
    expect(rows_of(page, "Workflows")).to_have_count(2)
    page.unroute(following)
    page.get_by_role("button", name="Try again").click()
    expect(rows_of(page, "Workflows")).to_have_count(4)


def test_tabs_of_one_browser_share_a_stream_and_miss_nothing_when_the_one_that_holds_it_goes(
    browser: Browser, fixtures: Any
) -> None:
    fixtures.mode("ok")
    with windows_of(browser, fixtures.base, 3) as pages:
        for page in pages:
            page.goto(fixtures.base + "/runs", wait_until="domcontentloaded")
            expect(page.locator(".pill[data-state=live]")).to_be_visible()
            expect(page.get_by_role("table", name="Runs")).to_be_visible()
        assert fixtures.mode("ok")["streams"] == 1
        fixtures.tell("/dev/run", {})
        for page in pages:
            expect(page.get_by_role("button", name="1 new")).to_be_visible()
        fixtures.mode("held")  # so that runs are told while nobody listens
        holder, *others = pages
        holder.close()
        expect(others[0].locator(".pill[data-state=connecting]")).to_be_visible()
        expect(others[1].locator(".pill[data-state=connecting]")).to_be_visible()
        fixtures.tell("/dev/run", {})
        fixtures.tell("/dev/run", {})
        assert fixtures.mode("ok")["streams"] == 1
        for page in others:
            expect(page.get_by_role("button", name="3 new")).to_be_visible()
            expect(page.locator(".pill[data-state=live]")).to_be_visible()
        assert fixtures.mode("ok")["streams"] == 1


def test_a_tab_that_was_paused_reads_again_what_it_missed(browser: Browser, fixtures: Any) -> None:
    fixtures.mode("ok")
    with windows_of(browser, fixtures.base, 2) as [first, second]:
        for page in (first, second):
            page.goto(fixtures.base + "/runs", wait_until="domcontentloaded")
            expect(page.locator(".pill[data-state=live]")).to_be_visible()
            expect(page.get_by_role("table", name="Runs")).to_be_visible()
        second.locator(".pill").first.click()
        expect(second.locator(".pill[data-state=paused]")).to_be_visible()
        newest = fixtures.tell("/dev/run", {})["newest"]
        expect(first.get_by_role("button", name="1 new")).to_be_visible()
        expect(second.get_by_role("button", name="1 new")).to_have_count(0)
        second.locator(".pill[data-state=paused]").click()
        expect(second.locator(f"tbody tr >> a[href$='{newest}']")).to_be_visible()


def test_a_key_is_made_shown_once_and_revoked(go: Go) -> None:
    page = go("keys")
    page.get_by_role("button", name="New key…").click()
    page.get_by_label("Name").fill("night shift")
    page.get_by_label("Role").select_option("operator")
    page.get_by_role("button", name="Make the key").click()
    shown = page.get_by_label("The new key")
    expect(shown).to_have_text(re.compile(r"^ms_\w{8}_\w{38}$"))
    key = shown.inner_text()
    page.keyboard.press("Escape")
    page.mouse.click(5, 5)
    expect(shown).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the key").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == key
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert key not in page.content()
    made = rows_of(page, "API keys").filter(has_text="night shift")
    expect(made).to_contain_text("operator")
    made.get_by_role("button", name="Revoke…").click()
    page.get_by_role("button", name="Revoke the key").click()
    expect(made.locator("[data-status=cancelled]")).to_contain_text("revoked")
    expect(made.get_by_role("button", name="Revoke…")).to_have_count(0)


def test_the_trail_is_filtered_and_its_filter_is_in_the_address(go: Go) -> None:
    page = go("audit")
    page.get_by_label("Action").fill("keys.create")
    page.get_by_label("Action").press("Enter")
    expect(page).to_have_url(re.compile("action=keys.create"))
    expect(rows_of(page, "Audit trail")).to_have_count(22)
    page.get_by_label("Target").fill("nothing of that name")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(state(page, "filtered")).to_contain_text("No change is like this")
    page.get_by_role("button", name="Show all changes").click()
    expect(rows_of(page, "Audit trail")).to_have_count(50)


def test_a_migration_is_picked_and_shows_what_its_rehearsal_locked(go: Go) -> None:
    page = go("migrations")
    page.get_by_role("button", name="0043_split_address").click()
    expect(page).to_have_url(re.compile("name=0043_split_address"))
    expect(rows_of(page, "Rehearsal")).to_contain_text("public.patient")
    expect(rows_of(page, "Locked until the commit")).to_contain_text("2.21 s")


def test_what_is_copied_is_shown_where_the_browser_keeps_its_clipboard(go: Go) -> None:
    page = go("keys")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Copy as").click()
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_label("Text to copy")).to_have_value(
        f"curl {page.url.split('/system')[0]}/api/v1/keys"
    )

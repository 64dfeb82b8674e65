"""Stories that a person sees in the console, over the real server, real workers and a real database."""

from __future__ import annotations

import re
from contextlib import ExitStack, suppress
from pathlib import Path

from pages import PAGES, page_of
from playwright.sync_api import Browser, Locator, Page, expect
from real import console_of, impatient_console, workers, working_console

from conditions import ON_ONE_SERVER
from conftest import Database
from consolidations import living
from mainstem import Mainstem, RunFailed
from servers import shut

pytest_plugins = ["browsing"]
pytestmark = ON_ONE_SERVER

SOON = 10_000
"""Milliseconds within which a page shows what happened: some ask every five seconds."""


def row(page: Page, table: str, text: str) -> Locator:
    """The row of a table that has this in it."""
    return page.get_by_role("table", name=table, exact=True).locator("tbody tr", has_text=text)


def step(page: Page, number: int, name: str, status: str) -> Locator:
    """A lane of the timeline."""
    return page.get_by_role("button", name=re.compile(rf"^Step {number} {name}, {status},"))


def status(page: Page, name: str) -> Locator:
    """What a run's page says beside its title."""
    return page.locator(f".title [data-status={name}]")


def test_runs_that_a_client_starts_appear_by_themselves_and_a_page_draws_their_steps(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with working_console(browser, database, tmp_path) as console:
        page = console.open("/runs")
        expect(page.locator("[data-state=empty]")).to_contain_text("No runs yet")
        expect(page.locator(".pill[data-state=live]")).to_be_visible()
        run_id = console.start("letters", clerk="ann")
        page.get_by_role("button", name="1 new").click()
        expect(row(page, "Runs", "letters").locator("[data-status=running]")).to_be_visible()
        page.get_by_role("link", name="letters").click()
        expect(page).to_have_url(f"{console.base}/runs/{run_id}")
        expect(step(page, 1, "read_letter", "completed")).to_be_visible()
        expect(step(page, 2, "await_clerk", "running")).to_be_visible()
        expect(page.get_by_label("Summary")).to_contain_text("Step 2, await_clerk, is under way.")
        console.let_in("ann")
        expect(step(page, 2, "await_clerk", "completed")).to_be_visible()
        expect(step(page, 3, "send_answer", "completed")).to_be_visible()
        expect(status(page, "completed")).to_be_visible()
        expect(page.get_by_label("Summary")).to_contain_text("It completed 3 steps")


def test_a_worker_that_is_killed_is_gone_on_the_page_and_another_takes_its_run(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with (
        workers(database, tmp_path, 2) as running,
        console_of(browser, database.url, tmp_path) as console,
    ):
        page = console.open("/system")
        for process in running:
            expect(row(page, "workers", f"pid {process.pid}").locator("[data-status=alive]")).to_be_visible()
        run_id = console.start("letters", clerk="ann")
        owner = page.get_by_role("table", name="workers").locator("tbody tr", has=cell(page, "1"))
        expect(owner).to_have_count(1, timeout=SOON)
        [killed] = [process for process in running if f"pid {process.pid}" in owner.inner_text()]
        [other] = [process for process in running if process is not killed]
        killed.kill()
        expect(row(page, "workers", f"pid {killed.pid}").locator("[data-status=gone]")).to_be_visible(
            timeout=SOON
        )
        expect(row(page, "workers", f"pid {other.pid}").filter(has=cell(page, "1"))).to_be_visible(
            timeout=SOON
        )
        page = console.open(f"/runs/{run_id}")
        console.let_in("ann")
        expect(status(page, "completed")).to_be_visible()
        page.get_by_role("tab", name="Output").click()
        expect(page.get_by_label("Inspector")).to_contain_text(f"signed by {other.pid}")
        page.get_by_role("tab", name=re.compile("^Steps")).click()
        expect(row(page, "Steps", "read_letter")).to_have_count(1)
    assert (tmp_path / "readings").read_text() == "7.pdf\n"


def cell(page: Page, text: str) -> Locator:
    return page.get_by_role("cell", name=text, exact=True)


def test_a_failed_run_is_understood_and_retried_and_completes(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with working_console(browser, database, tmp_path) as console:
        run_id = console.end("claims", portal="blue")
        page = console.open("/runs?q=status:failed")
        expect(row(page, "Runs", "claims")).to_contain_text("the portal blue refuses the password")
        page.get_by_role("link", name="claims").click()
        told = page.get_by_label("Summary")
        expect(told).to_contain_text("Step 2, file_claim, failed. The 1 step before it is kept")
        expect(told).to_contain_text("the portal blue refuses the password")
        step(page, 2, "file_claim", "failed").click()
        expect(page.get_by_label("Inspector")).to_contain_text("ConnectionError")
        console.let_in("blue")
        page.get_by_role("button", name="Retry…").click()
        expect(page.get_by_role("dialog")).to_contain_text("1 recorded step is kept and not run again")
        expect(page.get_by_role("dialog")).to_contain_text("step 2, file_claim")
        page.get_by_role("button", name="Retry", exact=True).click()
        expect(status(page, "completed")).to_be_visible()
        expect(step(page, 2, "file_claim", "completed")).to_be_visible()
        expect(page).to_have_url(re.compile(str(run_id)))
    assert (tmp_path / "readings").read_text() == "8.pdf\n"


def test_a_good_and_a_bad_run_are_compared(browser: Browser, database: Database, tmp_path: Path) -> None:
    with working_console(browser, database, tmp_path) as console:
        console.let_in("green")
        good, bad = console.end("claims", portal="green"), console.end("claims", portal="blue")
        page = console.open(f"/runs/{bad}")
        page.get_by_role("link", name="Compare…").click()
        page.get_by_role("table", name="Runs for side A").get_by_role("button").click()
        expect(page).to_have_url(re.compile(str(good)))
        expect(page.get_by_text("They part at file_claim.")).to_be_visible()
        expect(row(page, "Steps, aligned", "read_letter")).to_contain_text("the same")
        parted = row(page, "Steps, aligned", "file_claim")
        expect(parted.locator("[data-status=completed]")).to_be_visible()
        expect(parted.locator("[data-status=failed]")).to_be_visible()
        parted.click()
        told = page.get_by_role("region", name="file_claim, A to B")
        expect(told).to_contain_text("filed in green")
        expect(told).to_contain_text("the portal blue refuses the password")
        expect(page.get_by_role("region", name="Values")).to_contain_text("portal")


def test_a_consolidation_turns_green_and_its_gate_opens(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with living(database) as life, console_of(browser, database.url, tmp_path) as console:
        page = console.open("/consolidations")
        gate = page.get_by_label("Drop gate")
        expect(page.get_by_text("Nothing is copied yet")).to_be_visible()
        expect(gate).to_contain_text("The drop gate is closed")
        life.copy()
        life.verify()
        parity = page.get_by_role("table", name="Parity")
        expect(parity.locator("tbody [data-status=ok]").first).to_be_visible(timeout=SOON)
        expect(parity.locator("tbody [data-status=error], .parity-no")).to_have_count(0)
        expect(gate).to_contain_text("cut over comes next")
        life.cut_over()
        expect(gate).to_contain_text("The drop gate is open", timeout=SOON)
        expect(gate).to_contain_text("mainstem consolidate finish rcm")
        expect(page.get_by_text("Back without loss")).to_be_visible()


def test_a_database_that_goes_away_is_told_by_every_page_and_none_says_that_there_is_nothing(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with workers(database, tmp_path, 1), Mainstem(database.url) as client, suppress(RunFailed):
        failed = client.start("claims", portal="blue").wait().run_id
        client.result(failed).wait()
    workflow = database.value("select workflow_id from mainstem.user_workflow where name = 'claims'")
    with impatient_console(browser, database.url) as (base, known), ExitStack() as windows:
        known.goto(f"{base}/runs", wait_until="domcontentloaded")
        expect(row(known, "Runs", "claims")).to_be_visible()
        expect(known.locator(".pill[data-state=live]")).to_be_visible()
        pages = {path: windows.enter_context(page_of(browser, base)) for path in PAGES.values()}
        with shut(database.url):
            for path, page in pages.items():  # each its own window, so that they wait at once
                page.goto(base + path.format(failed=failed, workflow=workflow), wait_until="commit")
            for page in pages.values():
                expect(page.locator("[data-state=failed]").first).to_contain_text("MS101", timeout=2 * SOON)
                expect(page.locator("[data-state=loading]")).to_have_count(0, timeout=SOON)
                expect(page.locator("[data-state=empty], [data-state=filtered]")).to_have_count(0)
            expect(known.locator("[data-state=stale]").first).to_be_visible(timeout=SOON)
            expect(known.locator(".pill[data-state=reconnecting]")).to_be_visible()
            expect(row(known, "Runs", "claims")).to_be_visible()
        expect(known.locator("[data-state=stale]")).to_have_count(0, timeout=2 * SOON)

"""What a person does with runs in the console: decide, mend, schedule, draw, stop; over a real server and a real worker."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pages import page_of
from playwright.sync_api import Browser, Locator, Page, expect
from real import Console, until

from conditions import ON_ONE_SERVER
from conftest import Database
from listening import COMMAND
from live_server import running as served
from mainstem import Mainstem
from typed import write_program

pytest_plugins = ["browsing"]
pytestmark = ON_ONE_SERVER

PROGRAM = """
from pathlib import Path

from pydantic import BaseModel, Field

from mainstem import ONCE, approval, days, report_usage, step, workflow


class Verdict(BaseModel):
    approved: bool
    amount: int = Field(ge=0, le=1000)


@step
async def read_letter(letter: str) -> dict[str, str]:
    report_usage(model="small-2", tokens_in=1200, tokens_out=34, cost=0.0021)
    return {"letter": letter}


@step(retry=ONCE)
async def file_claim(portal: str) -> str:
    if not Path(portal).exists():
        raise ConnectionError(f"the portal {portal} refuses the password")
    return f"filed in {portal}"


@workflow("verdicts")
async def verdicts(claim: str) -> str:
    verdict = await approval("supervisor", form=Verdict, timeout=days(3), assignee="ann")
    return f"paid {verdict.amount}" if verdict.approved else "refused"


@workflow("claims")
async def claims(portal: str) -> str:
    await read_letter("8.pdf")
    return await file_claim(portal)
"""
"""Portals are files: a claim fails while its portal is not."""

GRAPH = """
name: intake
nodes:
  received: {type: entry}
  size: {type: decision}
  approve: {kind: approval}
  paid: {type: outcome}
edges:
  - {from: received, to: size}
  - {from: size, to: approve, condition: "input.amount > `1000`", label: large}
  - {from: size, to: paid, label: small}
  - {from: approve, to: paid}
"""

KNOWN = "select count(*) from mainstem.user_workflow where name in ('verdicts', 'claims')"


@contextmanager
def console_of(browser: Browser, database: Database, directory: Path) -> Iterator[Console]:
    """A server in this process, and a worker that knows the program and published graphs."""
    words = [str(COMMAND), "--url", database.url, "worker", write_program(directory, PROGRAM), "--graphs"]
    with (directory / "worker.log").open("wb") as log:
        worker = subprocess.Popen(words, cwd=directory, stderr=log)
    try:
        with (
            Mainstem(database.url) as client,
            served(database.url) as server,
            page_of(browser, f"http://{server.base}") as page,
        ):
            until(lambda: database.value(KNOWN) == 2)
            yield Console(f"http://{server.base}", page, client, directory)
    finally:
        worker.kill()
        worker.wait()


def row(page: Page, table: str, text: str) -> Locator:
    """The row of a table that has this in it."""
    return page.get_by_role("table", name=table, exact=True).locator("tbody tr", has_text=text)


def status(page: Page, name: str) -> Locator:
    """What a run's page says beside its title."""
    return page.locator(f".title [data-status={name}]")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_an_approval_is_asked_for_refused_where_it_does_not_fit_and_given(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with console_of(browser, database, tmp_path) as console:
        page = console.open("/approvals")
        expect(page.locator("[data-state=empty]")).to_contain_text("Nothing waits for a person")
        expect(page.locator(".pill[data-state=live]")).to_be_visible()
        first, second = (console.start("verdicts", claim=claim) for claim in ("claim-7", "claim-8"))
        expect(row(page, "Approvals", "supervisor")).to_have_count(2)
        page.locator(f'a[href$="{first}"]').first.click()
        expect(page.get_by_label("Summary")).to_contain_text("waits for a person")
        page.get_by_label("amount").fill("70")
        page.get_by_label("Note").fill("looked at the bill")
        press(page, "Approve")
        expect(status(page, "completed")).to_be_visible()
        page.get_by_role("tab", name="Output").click()
        expect(page.get_by_label("Inspector")).to_contain_text("paid 70")
        page = console.open("/approvals?assignee=ann")
        page.get_by_label("amount").fill("5")
        press(page, "Reject")
        expect(page.locator("[data-state=filtered]")).to_contain_text("Nothing waits for ann")
        console.client.result(second).wait()
    notes = database.rows(
        "select details ->> 'note' as note from mainstem.user_workflow_audit where action = 'approvals.answer' order by at"
    )
    assert [line["note"] for line in notes] == ["looked at the bill", None]


def test_a_failed_step_is_patched_and_the_run_forked_from_a_step_with_another_input(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with console_of(browser, database, tmp_path) as console:
        run_id = console.end("claims", portal="blue")
        page = console.open(f"/runs/{run_id}?step=2")
        press(page, "Patch…")
        page.get_by_label("Output, as JSON").fill("filed by hand")
        press(page, "Patch")
        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("The output is not JSON")
        page.get_by_label("Output, as JSON").fill('"filed by hand"')
        page.get_by_label("Reason").fill("the portal was down")
        press(page, "Patch")
        expect(status(page, "completed")).to_be_visible()
        expect(page.get_by_label("Inspector")).to_contain_text("filed by hand")
        press(page, "Fork here…")
        expect(page.get_by_role("dialog")).to_contain_text("1 step before it is copied as recorded")
        console.let_in("green")
        page.get_by_label("Input, as JSON").fill('{"portal": "green"}')
        press(page, "Begin the fork")
        expect(page).not_to_have_url(re.compile(str(run_id)))
        expect(status(page, "completed")).to_be_visible()
        page.get_by_role("tab", name="Output").click()
        expect(page.get_by_label("Inspector")).to_contain_text("filed in green")


def test_runs_that_a_filter_finds_are_looked_at_first_and_retried_together(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with console_of(browser, database, tmp_path) as console:
        for _ in range(3):
            console.end("claims", portal="blue")
        page = console.open("/runs?q=status:failed")
        press(page, "Ask all…")
        press(page, "Look first")
        expect(page.get_by_role("dialog")).to_contain_text("3 runs match.")
        expect(row(page, "Runs that match", "claims")).to_have_count(3)
        console.let_in("blue")
        press(page, "Retry 3 runs")
        expect(page.get_by_role("dialog")).to_contain_text("Done: 3 of 3 asked.")
        press(page, "Close")
        page = console.open("/runs?q=status:completed")
        expect(row(page, "Runs", "claims")).to_have_count(3)


def test_a_schedule_is_made_paused_and_made_up_for_after_its_times_are_counted(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with console_of(browser, database, tmp_path) as console:
        page = console.open("/schedules")
        expect(page.locator("[data-state=empty]")).to_contain_text("Nothing starts by itself yet")
        press(page, "New schedule…")
        page.get_by_label("Name").fill("nightly claims")
        page.get_by_label("Workflow").fill("claims")
        page.get_by_label("When").fill("61 6 * * *")
        page.get_by_label("Input, as JSON").fill('{"portal": "blue"}')
        press(page, "Make the schedule")
        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("61")
        page.get_by_label("When").fill("0 6 * * *")
        press(page, "Make the schedule")
        expect(row(page, "Schedules", "nightly claims").locator("[data-status=active]")).to_be_visible()
        expect(page.locator(".times li")).to_have_count(5)
        press(page, "Pause…")
        press(page, "Pause")
        expect(row(page, "Schedules", "nightly claims").locator("[data-status=paused]")).to_be_visible()
        press(page, "Make up for…")
        press(page, "Count them")
        expect(page.get_by_role("dialog")).to_contain_text("7 times have no run")
        press(page, "Begin 7 runs")
        expect(row(page, "Firings", "started")).to_have_count(7)
    assert database.value("select count(*) from mainstem.user_workflow_run") == 7


def test_a_run_stops_at_a_breakpoint_shows_what_it_is_about_to_do_and_goes_on(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with console_of(browser, database, tmp_path) as console:
        console.let_in("green")
        page = console.open("/system?tab=breakpoints")
        press(page, "Set a breakpoint…")
        page.get_by_label("Workflow").fill("claims")
        page.get_by_label("Step or node").fill("file_claim")
        page.get_by_label("Condition").fill('input.portal = "green"')
        press(page, "Set it")
        expect(row(page, "Breakpoints", "file_claim")).to_contain_text("input.portal")
        run_id = console.start("claims", portal="green")
        page = console.open(f"/runs/{run_id}")
        stopped = page.get_by_role("region", name="Stopped before step 2, file_claim")
        expect(stopped).to_contain_text("green")
        expect(page.locator(".figures")).to_contain_text("Tokens1 234")
        stopped.get_by_role("button", name="Continue").click()
        expect(status(page, "completed")).to_be_visible()
        page = console.open("/system?tab=breakpoints")
        press(page, "Delete… before file_claim of claims")
        press(page, "Delete it")
        expect(page.locator("[data-state=empty]")).to_contain_text("No breakpoint is set")


def test_a_queue_is_paused_and_limited_and_test_runs_are_told_apart(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with console_of(browser, database, tmp_path) as console:
        page = console.open("/system?tab=queue")
        press(page, "Pause a queue…")
        page.get_by_role("textbox", name="Queue").fill("default")
        press(page, "Pause")
        expect(row(page, "Limits of queues", "default").locator("[data-status=paused]")).to_be_visible()
        press(page, "Change… default")
        page.get_by_label("Runs at once").fill("3")
        press(page, "Set these limits")
        expect(row(page, "Limits of queues", "default")).to_contain_text("3")
        for is_test in (True, False):
            console.tell("/runs", {"workflow": "claims", "input": {"portal": "x"}, "is_test": is_test})
        page = console.open("/runs")
        expect(row(page, "Runs", "claims")).to_have_count(2)
        page.get_by_role("region", name="Test runs").get_by_role("button", name="only these").click()
        expect(row(page, "Runs", "claims")).to_have_count(1)
        expect(row(page, "Runs", "claims").locator(".tag", has_text="test")).to_be_visible()


def test_a_workflow_is_drawn_checked_and_published_and_a_second_writer_is_shown_both_texts(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    with console_of(browser, database, tmp_path) as console:
        page = console.open("/workflows")
        press(page, "Draw a workflow…")
        page.get_by_label("Name").fill("intake")
        press(page, "Begin")
        text = page.get_by_label("Graph, as YAML or JSON")
        text.fill(GRAPH.replace("to: size}", "to: nowhere}"))
        press(page, "Check")
        expect(page.get_by_role("list", name="Faults")).to_contain_text("nowhere")
        text.fill(GRAPH)
        press(page, "Publish")
        expect(page.get_by_text("Version 1 is published")).to_be_visible()
        workflow_id = page.url.split("/workflows/")[1].split("?")[0]
        draft = console.ask(f"/workflows/{workflow_id}/draft")
        theirs = {**draft["graph_config"], "description": "theirs"}
        console.tell(f"/workflows/{workflow_id}/draft", {"graph_config": theirs}, "PUT", draft["revision"])
        text.fill(GRAPH.replace("label: small", "label: little"))
        press(page, "Save the draft")
        both = page.get_by_role("alert", name="Two texts")
        expect(both.get_by_label("Theirs")).to_have_value(re.compile('"description": "theirs"'))
        expect(both.get_by_label("Yours")).to_have_value(re.compile("little"))
        both.get_by_role("button", name="Keep mine").click()
        press(page, "Publish")
        expect(page.get_by_text("Version 2 is published")).to_be_visible()
        page.get_by_role("tab", name="Versions").click()
        page.get_by_role("button", name="version 1", exact=False).first.click()
        expect(page.get_by_role("region", name="Ways")).to_contain_text("size to paid little")
        press(page, "Roll back…")
        press(page, "Roll back")
        expect(row(page, "Versions", "version 1").locator("[data-status=active]")).to_be_visible()


def test_a_graph_is_drawn_while_its_run_goes_with_the_reason_of_each_way(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "intake.yaml").write_text(GRAPH)
    with console_of(browser, database, tmp_path) as console:
        words = [str(COMMAND), "--url", database.url, "workflows", "publish", str(tmp_path / "intake.yaml")]
        subprocess.run(words, check=True, capture_output=True)
        run_id = console.tell("/runs", {"workflow": "intake", "input": {"amount": 2000}})["run_id"]
        page = console.open(f"/runs/{run_id}?view=graph")
        expect(page.get_by_role("button", name="approve, waiting")).to_be_visible()
        expect(page.get_by_role("button", name="paid, not reached")).to_be_visible()
        expect(row(page, "Ways", "large")).to_contain_text("its condition holds")
        expect(row(page, "Ways", "small")).to_contain_text("approve was taken")
        press(page, "Approve")
        expect(page.get_by_role("button", name="paid, completed")).to_be_visible()
        expect(status(page, "completed")).to_be_visible()

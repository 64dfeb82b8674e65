"""Approvals over HTTP and on the command line: found, answered once, refused with the place of each fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import Mainstem, Worker, approval, child, days, wait_for_signal, workflow
from serving import serving
from typed import Terminal

pytestmark = ON_ONE_SERVER

APPROVALS = "/api/v1/approvals"


class Verdict(BaseModel):
    approved: bool
    amount: int = Field(ge=0, le=1000)


@workflow("claim")
async def claim(assignee: str) -> int:
    verdict = await approval("supervisor", form=Verdict, timeout=days(3), assignee=assignee)
    return verdict.amount


@workflow("claims")
async def claims() -> int:
    return await child(claim, "ann")


@workflow("paid")
async def paid() -> Any:
    return await wait_for_signal("paid")


@pytest.fixture
async def asked(ms: Mainstem) -> list[str]:
    """Approvals that wait, the first for ann and the second for bob; no worker is there any more."""
    async with Worker(ms, [claim]):
        for name in ("ann", "bob"):
            await ms.start(claim, name)

        async def both() -> list[Any]:
            found = (await ms.approvals()).approvals
            return found if len(found) == 2 else []

        found = await until(both)
    return [str(one.step_id) for one in sorted(found, key=lambda one: one.assignee)]


async def test_an_approval_is_listed_and_answered_once(database: Database, asked: list[str]) -> None:
    async with serving(database.url) as client:
        page = (await client.get(APPROVALS, params={"assignee": "bob"})).json()
        [bobs] = page["approvals"]
        assert (bobs["step_id"], bobs["name"], page["next"]) == (asked[1], "supervisor", None)
        assert bobs["form"]["properties"]["amount"]["maximum"] == 1000
        given = {"answer": {"approved": True, "amount": 7}, "answered_by": "bob"}
        first = await client.post(f"{APPROVALS}/{asked[1]}", json=given)
        second = await client.post(f"{APPROVALS}/{asked[1]}", json=given)
        assert (first.status_code, first.json()["answered_by"]) == (201, "bob")
        assert (second.status_code, second.json()["code"]) == (409, "MS005")
        assert len((await client.get(APPROVALS)).json()["approvals"]) == 1
    [line] = database.rows("select action, target, details from mainstem.user_workflow_audit")
    assert (line["action"], line["target"]) == ("approvals.answer", asked[1])
    assert line["details"]["answered_by"] == "bob"


async def test_pages_of_approvals_neither_skip_nor_repeat(database: Database, asked: list[str]) -> None:
    async with serving(database.url) as client:
        first = await client.get(APPROVALS, params={"page_size": 1})
        assert 'rel="next"' in first.headers["link"]
        second = await client.get(APPROVALS, params={"page_size": 1, "page_token": first.json()["next"]})
        found = [one["step_id"] for page in (first, second) for one in page.json()["approvals"]]
        assert (sorted(found), second.json()["next"]) == (sorted(asked), None)
        other = await client.get(APPROVALS, params={"assignee": "ann", "page_token": first.json()["next"]})
        assert (other.status_code, other.json()["code"]) == (422, "MS010")


async def test_an_answer_that_does_not_fit_is_a_problem_that_names_the_place(
    database: Database, asked: list[str]
) -> None:
    async with serving(database.url) as client:
        refused = await client.post(f"{APPROVALS}/{asked[0]}", json={"answer": {"approved": 1, "amount": -1}})
        assert (refused.status_code, refused.json()["code"]) == (422, "MS322")
        assert "$.amount" in refused.json()["detail"]
        assert "$.approved" in refused.json()["detail"]
    assert database.rows("select 1 from mainstem.user_workflow_audit") == []


async def test_a_signal_by_key_says_how_many_it_reached(database: Database, ms: Mainstem) -> None:
    async with Worker(ms, [paid]):
        run = await ms.start(paid, external_id="claim-7")
        async with serving(database.url) as client:
            signal = {"workflow": "paid", "key": "claim-7", "name": "paid", "payload": 3}
            told = await client.post("/api/v1/signals", json=signal)
            nobody = await client.post("/api/v1/signals", json={**signal, "key": "claim-8"})
        assert (told.status_code, told.json()) == (201, {"runs": 1})
        assert (nobody.status_code, nobody.json()["code"]) == (404, "MS001")
        assert await run.result() == 3


def test_an_approval_is_answered_on_the_command_line(
    database: Database, asked: list[str], tmp_path: Path
) -> None:
    terminal = Terminal(database.url)
    [anns] = terminal.lines("approvals", "list", "--assignee", "ann")
    assert (anns["step_id"], anns["form"]["required"]) == (asked[0], ["approved", "amount"])
    assert "mainstem approvals answer" in terminal.type("runs", "show", anns["run_id"]).stdout
    assert terminal.error("approvals", "answer", asked[0], '{"approved": true}')[:2] == (2, "MS322")
    given = tmp_path / "answer.json"
    given.write_text('{"approved": true, "amount": 7}')
    [told] = terminal.lines("approvals", "answer", asked[0], f"@{given}", "--by", "ann")
    assert told["step_id"] == asked[0]
    assert terminal.error("approvals", "answer", asked[0], '{"approved": true, "amount": 8}')[:2] == (
        4,
        "MS005",
    )
    [payload] = database.rows("select payload from mainstem.user_workflow_signal")
    assert payload["payload"] == {"answer": {"approved": True, "amount": 7}, "by": "ann"}

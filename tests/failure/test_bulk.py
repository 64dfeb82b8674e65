"""Many runs at once, by a filter: first how many and which, then batch after batch, an audit entry each."""

from __future__ import annotations

from typing import Any

import pytest

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem import Mainstem, workflow
from mainstem.ledger import amending, bulk
from typed import Terminal

pytestmark = ON_ONE_SERVER


@workflow("waiting-room")
async def waiting_room(n: int) -> int:
    return n


async def begun(ms: Mainstem, count: int) -> list[Any]:
    return [(await ms.start(waiting_room, n, tags=["odd"] if n % 2 else [])).run_id for n in range(count)]


async def test_a_dry_run_says_how_many_and_which_first_and_changes_nothing(
    ms: Mainstem, database: Database
) -> None:
    run_ids = await begun(ms, 25)
    plan = await ms.plan_for_all("workflow:waiting-room tag:odd")
    assert (plan.matched.value, plan.matched.relation) == (12, "eq")
    assert [run.run_id for run in plan.first] == sorted(run_ids[1::2], reverse=True)[:10]
    assert database.value("select count(*) from mainstem.user_workflow_run where status = 'pending'") == 25


async def test_all_are_asked_in_batches_and_what_is_refused_is_told(
    ms: Mainstem, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 10)
    await begun(ms, 35)
    odd = await ms.ask_of_all("cancel", "tag:odd", reason="no more")
    assert [len(batch.asked) for batch in odd] == [10, 7]
    told = await ms.ask_of_all("cancel", "workflow:waiting-room")
    assert sum(batch.done for batch in told) == 18
    refused = [one for batch in told for one in batch.refused]
    assert {one.code for one in refused} == {"MS003"}
    assert len(refused) == 17
    assert (
        database.value("select count(*) from mainstem.user_workflow_run where error_message = 'no more'")
        == 17
    )


async def test_the_command_line_asks_all_with_an_audit_entry_each(ms: Mainstem, database: Database) -> None:
    await begun(ms, 4)
    terminal = Terminal(database.url)
    planned = terminal.lines("runs", "cancel", "--where", "tag:odd", "--dry-run")
    assert len(planned) == 2
    assert database.value("select count(*) from mainstem.user_workflow_audit") == 0
    [told] = terminal.lines("runs", "cancel", "--where", "tag:odd", "--reason", "twice")
    assert told == {"action": "cancel", "done": 2, "refused": 0}
    trail = database.rows("select action, target, details from mainstem.user_workflow_audit")
    assert [(entry["action"], entry["details"]["filter"]) for entry in trail] == [
        ("runs.cancel", "tag:odd")
    ] * 2
    cancelled = database.rows(
        "select run_id::text as id from mainstem.user_workflow_run where status = 'cancelled'"
    )
    assert {entry["target"] for entry in trail} == {row["id"] for row in cancelled}


@pytest.mark.parametrize("words", [(), ("--dry-run",), ("RUN", "--where", "tag:odd"), ("RUN", "--dry-run")])
async def test_a_run_or_a_filter_is_given_and_not_both(database: Database, words: tuple[str, ...]) -> None:
    run = "01a1f118-f356-7588-91f7-88e91e000000"
    typed = [run if word == "RUN" else word for word in words]
    assert Terminal(database.url).error("runs", "retry", *typed)[:2] == (2, "MS010")


async def test_runs_of_other_tenants_are_refused_as_if_they_were_not_there(
    ms: Mainstem, database: Database
) -> None:
    [run_id] = await begun(ms, 1)
    conn = database.connect(org_id=None)
    conn.execute("select set_config('app.current_org_id', gen_random_uuid()::text, false)")
    rows = conn.execute("select code from mainstem.ask_of_workflow_runs('cancel', %s)", [[run_id]]).fetchall()
    assert [row["code"] for row in rows] == ["MS001"]
    assert amending.ACTIONS == ("retry", "cancel", "resume")

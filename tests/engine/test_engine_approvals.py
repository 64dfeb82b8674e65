"""Approvals: a run asks a person, who answers once, within a form and a time."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from counted import fresh_counts
from pydantic import BaseModel, Field

import mainstem
from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database
from mainstem import AnswerRefused, ApprovalTimedOut, Mainstem, Worker, approval, days, workflow
from mainstem.errors import BadArgument, NotFound, StepIsOver

pytestmark = ON_ONE_SERVER

__all__ = ["fresh_counts"]


class Verdict(BaseModel):
    approved: bool
    amount: int = Field(ge=0, le=1000)
    why: str | None = None


@workflow("claim")
async def claim(assignee: str | None = None) -> str:
    try:
        verdict = await approval("supervisor", form=Verdict, timeout=days(3), assignee=assignee)
    except ApprovalTimedOut as late:
        return late.message
    assert isinstance(verdict, Verdict)
    return f"{verdict.approved} {verdict.amount}"


@workflow("any-answer")
async def any_answer() -> Any:
    return await approval("anybody")


@workflow("two-questions")
async def two_questions() -> list[Any]:
    schema = {"type": "integer", "minimum": 1}
    return await mainstem.gather(approval("first", form=schema), approval("second", form=schema))


@workflow("bad-form")
async def bad_form() -> Any:
    return await approval("nobody", form={"type": "no type"})


async def asked(ms: Mainstem, count: int = 1) -> list[Any]:
    async def found() -> list[Any]:
        page = await ms.approvals()
        return page.approvals if len(page.approvals) == count else []

    return list(await until(found))


async def test_an_approval_is_found_with_its_form_and_deadline_and_its_answer_is_given_to_the_run(
    ms: Mainstem, clock: Clock
) -> None:
    async with Worker(ms, [claim]):
        run = await ms.start(claim, "ann", external_id="claim-7")
        [one] = await asked(ms)
        assert (one.run_id, one.workflow, one.external_id, one.name, one.assignee) == (
            run.run_id,
            "claim",
            "claim-7",
            "supervisor",
            "ann",
        )
        assert one.form["required"] == ["approved", "amount"]
        assert (one.due_at - one.asked_at).days == 3
        await ms.answer(one.step_id, {"approved": True, "amount": 7}, by="bob")
        assert await asyncio.wait_for(run.result(), 10) == "True 7"
    [recorded] = (await ms.get_run(run.run_id)).steps
    assert (recorded.node_key, recorded.status) == ("approval:supervisor", "completed")
    assert (recorded.output_data, recorded.metadata["answered_by"]) == (
        {"approved": True, "amount": 7},
        "bob",
    )
    assert recorded.input_data["assignee"] == "ann"
    assert (await ms.approvals()).approvals == []


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ({"approved": True}, "amount"),
        ({"approved": "perhaps", "amount": 1}, r"\$\.approved"),
        ({"approved": True, "amount": 1001}, r"\$\.amount"),
        ("yes", r"\$:"),
        (None, r"\$:"),
    ],
)
async def test_an_answer_that_does_not_fit_the_form_is_refused_with_its_place(
    ms: Mainstem, answer: Any, place: str
) -> None:
    async with Worker(ms, [claim]):
        run = await ms.start(claim)
        [one] = await asked(ms)
        with pytest.raises(AnswerRefused, match=place):
            await ms.answer(one.step_id, answer)
        await ms.answer(one.step_id, {"approved": False, "amount": 0})
        assert await asyncio.wait_for(run.result(), 10) == "False 0"


async def test_a_second_answer_is_a_conflict_whether_the_first_was_taken_or_not(ms: Mainstem) -> None:
    async with Worker(ms, [any_answer]):
        run = await ms.start(any_answer)
        [one] = await asked(ms)
    await ms.answer(one.step_id, "first")  # no worker: nobody takes it yet
    with pytest.raises(StepIsOver):
        await ms.answer(one.step_id, "second")
    assert (await ms.approvals()).approvals == []
    async with Worker(ms, [any_answer]):
        assert await asyncio.wait_for(run.result(), 10) == "first"
    with pytest.raises(StepIsOver):
        await ms.answer(one.step_id, "third")


async def test_of_answers_at_the_same_moment_one_is_taken(ms: Mainstem) -> None:
    async with Worker(ms, [any_answer]):
        run = await ms.start(any_answer)
        [one] = await asked(ms)
        said = await asyncio.gather(*(ms.answer(one.step_id, n) for n in range(12)), return_exceptions=True)
        [taken] = [n for n, told in enumerate(said) if isinstance(told, UUID)]
        assert all(isinstance(told, UUID | StepIsOver) for told in said)
        assert await asyncio.wait_for(run.result(), 10) == taken


async def test_nobody_answers_in_time(ms: Mainstem, database: Database, clock: Clock) -> None:
    async with Worker(ms, [claim]):
        run = await ms.start(claim)
        [one] = await asked(ms)
        clock.advance(days=2.9)
        assert len((await ms.approvals()).approvals) == 1
        clock.advance(days=0.2)
        assert "supervisor" in await asyncio.wait_for(run.result(), 10)
    with pytest.raises(StepIsOver):
        await ms.answer(one.step_id, {"approved": True, "amount": 7})


async def test_an_answer_after_the_deadline_is_refused_before_anybody_has_noticed_it(
    ms: Mainstem, clock: Clock
) -> None:
    async with Worker(ms, [claim]):
        await ms.start(claim)
        [one] = await asked(ms)
    clock.advance(days=3.1)
    with pytest.raises(StepIsOver):
        await ms.answer(one.step_id, {"approved": True, "amount": 7})
    assert (await ms.approvals()).approvals == []


async def test_each_branch_asks_its_own_question(ms: Mainstem) -> None:
    async with Worker(ms, [two_questions]):
        run = await ms.start(two_questions)
        by_name = {one.name: one.step_id for one in await asked(ms, 2)}
        await ms.answer(by_name["second"], 2)
        await ms.answer(by_name["first"], 1)
        assert await asyncio.wait_for(run.result(), 10) == [1, 2]


async def test_a_list_of_approvals_is_paged_and_asked_by_assignee(ms: Mainstem) -> None:
    async with Worker(ms, [claim]):
        for name in ("ann", "bob", "ann", "ann", "bob"):
            await ms.start(claim, name)
        found = await asked(ms, 5)
        pages, after = [], None
        while True:
            page = await ms.approvals(assignee="ann", limit=2, after=after)
            pages.append([one.step_id for one in page.approvals])
            if (after := page.next) is None:
                break
    assert pages == [
        [one.step_id for one in found if one.assignee == "ann"][:2],
        [one.step_id for one in found if one.assignee == "ann"][2:],
    ]


async def test_what_is_no_approval_is_not_found_and_a_signal_does_not_answer_one(ms: Mainstem) -> None:
    with pytest.raises(NotFound):
        await ms.answer(uuid4(), 1)
    async with Worker(ms, [any_answer]):
        run = await ms.start(any_answer)
        await asked(ms)
        with pytest.raises(BadArgument, match="mainstem:"):
            await ms.signal(run.run_id, "mainstem:approval:1", {"answer": 1})
        with pytest.raises(BadArgument, match="mainstem:"):
            await ms.signal_key("any-answer", "x", "mainstem:approval:1", {"answer": 1})


async def test_a_form_that_is_no_schema_fails_the_run_and_says_so(ms: Mainstem) -> None:
    async with Worker(ms, [bad_form]):
        with pytest.raises(mainstem.RunFailed, match="no JSON schema"):
            await asyncio.wait_for((await ms.start(bad_form)).result(), 10)

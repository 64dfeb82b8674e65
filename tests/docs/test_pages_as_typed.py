"""The pages of docs/ with programs in them: each block is run, in order, with what a reader would have beside it."""

from __future__ import annotations

import asyncio
import re
import runpy
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from documented import DOCS, blocks_of
from stage import Hook, Stage, perform
from typist import Forker, Typist

import mainstem
from conditions import one_server, until
from conftest import Database
from mainstem import ONCE, Mainstem, Test, Worker, step, wait_for_signal, workflow
from mainstem.cli.init import APP
from mainstem.client.schedules import Schedules
from mainstem.model import RunStatus

__all__ = ["one_server"]

MOST_EXCERPTS = 3
"""Blocks that nothing runs, on all of these pages together."""


@step(retry=ONCE)
async def read(amount: int) -> int:
    if amount < 0:
        raise ValueError("a claim has an amount")
    return amount


@step
async def pay(amount: int) -> str:
    return f"{amount} paid"


@workflow("intake")
async def intake(amount: int = 7) -> str:
    return await pay(await read(amount))


@step
async def check_fraud(claim: str) -> bool:
    return bool(claim)


@workflow("review")
async def review(claim_id: int) -> str:
    return f"claim {claim_id} is fine"


@workflow("archive")
async def archive(claim_id: int) -> None:
    await read(claim_id)


@workflow("claim-intake")
async def claim_intake() -> None:
    await wait_for_signal("never")


async def paused_before_it_pays(stage: Stage) -> None:
    await stage.work(intake)
    failed = await stage.ms.start(intake, -1)
    await until(lambda: over(stage, failed.run_id))
    run = await stage.ms.start(intake, 2000)

    async def is_paused() -> bool:
        return (await stage.ms.get_run(run.run_id)).status == RunStatus.PAUSED

    await until(is_paused)
    stage.typist.ids["RUN_ID"] = str(run.run_id)


async def over(stage: Stage, run_id: Any) -> bool:
    return (await stage.ms.get_run(run_id)).status.is_over


async def register(stage: Stage, name: str) -> None:
    await stage.ms.register(stage.names.get(name) or globals()[name])


async def report_is_known(stage: Stage) -> None:
    await stage.work(stage.names["report"])


async def the_report_is_there_again(stage: Stage) -> None:
    await stage.ms.schedules.create(
        "morning report", stage.names["report"], cron="0 6 * * mon-fri", zone="Europe/Berlin"
    )


async def rates_were_fetched(stage: Stage) -> None:
    @workflow("rates")
    async def rates() -> Any:
        return await stage.names["fetch_rates"]("EUR")

    await stage.work(rates)


async def somebody_is_asked(stage: Stage) -> None:
    claim = stage.names["claim"]
    await stage.work(claim)
    await stage.ms.start(claim, 7, external_id="claim-7")

    async def asked() -> Any:
        return (await stage.ms.approvals(assignee="ann")).approvals

    [one] = await until(asked)
    stage.typist.ids["STEP_ID"] = str(one.step_id)


async def another_claim(stage: Stage) -> None:
    await stage.ms.start(stage.names["claim"], 8, external_id="claim-7")


async def an_account(stage: Stage) -> None:
    import psycopg

    async with await psycopg.AsyncConnection.connect(stage.typist.url, autocommit=True) as conn:
        await conn.execute(
            "create table public.account (id int, cents int); insert into public.account values (7, 1);"
            "grant select, update on public.account to mainstem_worker"
        )


async def children_are_known(stage: Stage) -> None:
    stage.names |= {"review": review, "archive": archive, "claim_id": 7}


async def names_of_a_claim(stage: Stage) -> None:
    stage.names |= {"check_fraud": check_fraud, "pay": pay, "claim": "claim 7"}


async def pages_can_be_read(stage: Stage) -> None:
    stage.names |= {"Page": str, "read_page": check_fraud}


async def what_executors_take(stage: Stage) -> None:
    from typing import Protocol

    stage.names |= {"Protocol": Protocol, "intake": intake}


async def the_test_passes(stage: Stage) -> None:
    """And leaves a run to replay."""
    tested = await asyncio.to_thread(runpy.run_path, str(stage.typist.place / "test_app.py"))
    await tested["test_nobody_decides_for_three_days"]()
    approval = tested["approval"]
    async with Worker(stage.ms, [approval]):
        run = await stage.ms.start(approval, "ann", test=Test(outputs={"eligibility": "active"}))
        await stage.ms.signal(run.run_id, "supervisor", "yes")
        assert await run.result() == "yes"


async def a_program_is_there(stage: Stage) -> None:
    (stage.typist.place / "app.py").write_text(APP)


AROUND: dict[str, dict[str, Hook]] = {
    "after-failure": {
        "breakpoints set": partial(register, name="intake"),
        "runs show RUN_ID": paused_before_it_pays,
    },
    "caching": {"cache list": rates_were_fetched},
    "durable-functions": {
        "mainstem.map": pages_can_be_read,
        "await child(": children_are_known,
        "approvals answer": somebody_is_asked,
        "signal_key": another_claim,
        "await book(": an_account,
        "await patched(": names_of_a_claim,
    },
    "executors": {"executors = {": what_executors_take},
    "graphs": {},
    "queues": {"queues pause": partial(register, name="claim_intake")},
    "schedules": {"schedules create": report_is_known, "schedules backfill": the_report_is_there_again},
    "several-hosts": {"worker app": a_program_is_there},
    "testing": {"runs export": the_test_passes},
}


@pytest.fixture(scope="module")
def forker() -> Iterator[Forker]:
    starting = Forker()
    yield starting
    starting.close()


class Members(BaseHTTPRequestHandler):
    """Whoever asks is a member."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"active": true}')

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def members() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Members) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("name", AROUND)
def test_what_a_page_shows_can_be_done(
    name: str,
    forker: Forker,
    database: Database,
    members: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (place := tmp_path / "here").mkdir()
    monkeypatch.chdir(place)
    monkeypatch.syspath_prepend(place)
    elsewhere = {"https://members.example": members, "Mainstem()": f"Mainstem({database.url!r})"}
    typist = Typist(place, database.url, forker, elsewhere=elsewhere)
    with Stage(typist, Mainstem(database.url)) as stage:
        perform(blocks_of(DOCS / f"{name}.md"), stage, AROUND[name])


def test_few_blocks_are_excerpts() -> None:
    blocks = [block for name in AROUND for block in blocks_of(DOCS / f"{name}.md")]
    marked = [block for block in blocks if block.mark == "excerpt"]
    assert len(marked) <= MOST_EXCERPTS
    assert {block.mark for block in blocks} <= {"", "excerpt", "workflow"}


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.stem)
def test_what_a_page_calls_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    missing = [name for name in re.findall(r"\bms\.(\w+)\(", text) if not hasattr(Mainstem, name)]
    missing += [
        name for name in re.findall(r"\bms\.schedules\.(\w+)\(", text) if not hasattr(Schedules, name)
    ]
    missing += [
        name
        for name in re.findall(r"\bmainstem\.(gather|map|graph_workflow)\b", text)
        if not hasattr(mainstem, name)
    ]
    assert missing == []

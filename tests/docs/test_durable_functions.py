"""docs/durable-functions.md: its programs do what the page says."""

from __future__ import annotations

import ast
import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

import mainstem
from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import Mainstem, Worker, workflow

pytestmark = ON_ONE_SERVER

PAGE = (Path(__file__).parent.parent.parent / "docs/durable-functions.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PRELUDE = """
from psycopg import AsyncConnection
from pydantic import BaseModel, Field
import mainstem
from mainstem import *
"""


def program(word: str) -> dict[str, Any]:
    """The names of the block in which this stands; what it does outside of functions is left out."""
    [block] = [block for block in BLOCKS if word in block]
    tree = ast.parse(PRELUDE + block)
    kinds = (ast.ImportFrom, ast.Import, ast.ClassDef, ast.AsyncFunctionDef)
    tree.body = [node for node in tree.body if isinstance(node, kinds)]
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(tree, "docs/durable-functions.md", "exec"), names)
    return names


@pytest.mark.parametrize("block", BLOCKS)
def test_every_program_of_the_page_is_python(server_url: str, block: str) -> None:
    compile(block, "docs/durable-functions.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_name_that_the_page_takes_from_mainstem_is_there(server_url: str, block: str) -> None:
    named = set(re.findall(r"\bmainstem\.(\w+)", block)) | {
        name.strip() for line in re.findall(r"from mainstem import (.*)", block) for name in line.split(",")
    }
    assert named <= set(mainstem.__all__)


async def test_the_draw_is_drawn(ms: Mainstem) -> None:
    draw = program("async def draw")["draw"]
    async with Worker(ms, [draw]):
        assert " at " in await asyncio.wait_for((await ms.start(draw)).result(), 10)


async def test_the_claim_is_answered(ms: Mainstem) -> None:
    claim = program("async def claim")["claim"]
    async with Worker(ms, [claim]):
        run = await ms.start(claim, 7)

        async def asked() -> list[Any]:
            return (await ms.approvals(assignee="ann")).approvals

        [one] = await until(asked)
        await ms.answer(one.step_id, {"approved": True, "amount": 7}, by="ann")
        assert await asyncio.wait_for(run.result(), 10) == "paid"


async def test_the_booking_is_booked_once(ms: Mainstem, database: Database) -> None:
    database.connect(role=None, org_id=None).execute(
        "create table public.account (id int, cents int); insert into public.account values (7, 1);"
        "grant select, update on public.account to mainstem_worker"
    )
    book = program("async def book")["book"]

    @workflow("booking")
    async def booking() -> int:
        booked: int = await book(7, 100)
        return booked

    async with Worker(ms, [booking]):
        assert await asyncio.wait_for((await ms.start(booking)).result(), 10) == 101

"""A workflow that pays, by a transactional step or by an ordinary one, and is killed where it is asked to be killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection

from mainstem import step, step_info, workflow

FOLDER, URL = "MAINSTEM_PAYING", "MAINSTEM_PAYING_URL"
INSERT = "insert into public.payment (run_id, moment) values (%s, %s)"


@step(transactional=True)
async def pay(conn: AsyncConnection[Any], moment: str) -> str:
    await conn.execute(INSERT, [step_info().run_id, moment])
    _die_once("in its code", moment)
    return moment


@step
def pay_apart(moment: str) -> str:
    """As one writes it without a transactional step: a connection of its own."""
    with psycopg.connect(os.environ[URL]) as conn:
        conn.execute(INSERT, [step_info().run_id, moment])
    _die_once("in its code", moment)
    return moment


@workflow("paying")
async def paying(moment: str) -> str:
    return await pay(moment)


@workflow("paying-apart")
async def paying_apart(moment: str) -> str:
    return await pay_apart(moment)


def _die_once(here: str, moment: str) -> None:
    place = Path(os.environ[FOLDER]) / "died"
    if here == moment and not place.exists():
        place.touch()
        os.kill(os.getpid(), signal.SIGKILL)

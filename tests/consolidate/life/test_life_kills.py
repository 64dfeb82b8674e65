"""Whoever takes a step may be killed at any moment: the step is taken again, and nothing was lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from conftest import Database
from consolidations import Life, differences, living
from mainstem.consolidate.life.plan import holding, renew
from mainstem.consolidate.presets.rcm.sample.statements import NEVER_WORKED
from mainstem.consolidate.presets.rcm.sample.writer import writing
from mainstem.errors import PhaseRefused

SEED = int(os.environ.get("MAINSTEM_TEST_SEED", "20240101"))
AFTER = {
    "copy": "copied",
    "verify": "verified",
    "cut_over": "cut_over",
    "roll_back": "copied",
    "finish": "finished",
}
LIFE = ("copy", "verify", "cut_over", "roll_back", "copy", "verify", "cut_over", "finish")
LONGEST = {"copy": 1.6, "verify": 0.5, "cut_over": 0.5, "roll_back": 0.7, "finish": 0.15}
"""Seconds within which a step is killed: about as long as it takes."""


@dataclass
class Steps:
    """The other process."""

    url: str
    process: subprocess.Popen[str]
    killed: list[str] = field(default_factory=list)

    def _say(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def take(self, step: str, *, killed_after: float | None = None) -> int:
        """The exit status of the step's process, negative when it was killed."""
        assert self.process.stdout
        self._say(f"{self.url} {step}")
        child = int(self.process.stdout.readline())
        if killed_after is not None:
            time.sleep(killed_after)  # the moment itself is what is tried
            os.kill(child, signal.SIGKILL)
        self._say("")
        status = int(self.process.stdout.readline())
        if status < 0:
            self.killed.append(step)
        return status


@contextmanager
def steps(url: str) -> Iterator[Steps]:
    script = Path(__file__).with_name("step_process.py")
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Steps(url, process)
        process.stdin and process.stdin.close()


def take_with_kills(life: Life, other: Steps, step: str, kills: int, moments: random.Random) -> None:
    """Killed so many times, then again and again until it is through."""
    begun = life.plan.phase
    for kill in range(kills):
        # Half of them come early, the first very early: so each step is met on a quick machine too, and not through before.
        share = 1 if kill >= kills / 2 else 0.2 if kill else 0.1
        other.take(step, killed_after=moments.uniform(0, share * LONGEST[step]))
        if life.plan.phase == AFTER[step] != begun:
            return
    until = time.monotonic() + 30
    while other.take(step) and not (life.plan.phase == AFTER[step] != begun):
        assert time.monotonic() < until, f"{step} stays {life.plan.phase}"
        if life.plan.phase == "copied" and step == "verify":
            other.take("copy")
        time.sleep(0.05)


def killed_life(database: Database, *, kills: int, seed: int) -> list[str]:
    with living(database) as life, steps(database.url) as other, writing(database.url, rate=60) as [writer]:
        moments = random.Random(seed)
        for step in LIFE:
            take_with_kills(life, other, step, kills, moments)
        tally = writer.stop()
        assert (tally.failures, set(tally.errors) - NEVER_WORKED) == ([], set())
        assert differences(database.url, writer) == []
        assert life.plan.phase == "finished"
    return other.killed


def test_killed_in_every_phase_it_goes_on_and_nothing_is_lost(database: Database) -> None:
    killed = killed_life(database, kills=2, seed=SEED)
    assert len(killed) >= 6, killed


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_killed_at_many_moments_it_goes_on_and_nothing_is_lost(database: Database, seed: int) -> None:
    assert len(killed_life(database, kills=6, seed=seed)) >= 18


def test_two_at_once_are_refused_and_a_lease_that_ran_out_is_taken_over(database: Database) -> None:
    with living(database) as life, psycopg.connect(database.url, autocommit=True) as other:
        with holding(other, "rcm", "planned") as token:
            with pytest.raises(PhaseRefused, match="somebody else is at rcm"):
                life.copy()
            life.conn.execute(
                "update mainstem_consolidation.plan set lease_until = clock_timestamp() - interval '1 ms'"
            )
            life.copy()
            with pytest.raises(PhaseRefused, match="taken over"), other.transaction():
                renew(other, "rcm", token)
        assert life.verify().holds


def test_a_lease_whose_holder_is_gone_does_not_have_to_run_out(database: Database) -> None:
    with living(database) as life:
        with psycopg.connect(database.url, autocommit=True) as other:
            held = holding(other, "rcm", "planned")
            held.__enter__()
            [(pid,)] = other.execute("select pg_backend_pid()").fetchall()
        until = time.monotonic() + 10
        while life.conn.execute("select from pg_stat_activity where pid = %s", [pid]).fetchall():
            assert time.monotonic() < until
        life.copy()
        assert life.plan.phase == "copied"


def test_a_step_that_is_not_next_is_refused_and_says_what_is(database: Database) -> None:
    with living(database) as life:
        for step in (life.verify, life.cut_over, life.finish, life.roll_back):
            with pytest.raises(PhaseRefused) as refused:
                step()
            assert "copy" in (refused.value.hint or "")
        life.forward()
        for done in (life.copy, life.verify, life.abandon):
            with pytest.raises(PhaseRefused) as refused:
                done()
            assert "finish" in (refused.value.hint or "")

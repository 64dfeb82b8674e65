"""The server over a past of ninety days: lists, filters, searches, a run's page, statistics, the live feed, a browser's first paint.

    SCALE=0.02 python bench/server.py       # 20,000 runs; 1 is a million runs, 200,000 of them with ten steps

`mainstem serve` is a process of its own and asks for a key; who asks keeps the connection. Each question is asked by one client
alone and by four at once, each time with other values where it has any. A claim on pages is of one client: four share two cores
with the database and the server.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from urllib.parse import quote, urlencode

from playwright.sync_api import sync_playwright

import live
from asking import Answers, Asker, Question
from database import SETTINGS, bench_server, ledger_database
from loop import run
from machine import machine
from mainstem.ledger import keys
from mainstem.ledger.call import perform
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import connect
from mainstem.server import ServerConfig
from mainstem.server.routes.asking import SEARCHED
from meter import Meter, percentile
from quarter import DAYS, NOTE, WORKFLOWS, make_past, stepped_runs
from report import Claim, Sides, conclude, print_settings, print_table

RUNS = 1_000_000
"""At scale 1."""
CLIENTS = (1, 4)
PAGE_SIZE = 50
DEEP = range(50, 60)
"""Pages that are asked for by their cursors."""
CHROMIUM = "/usr/bin/chromium"
PAINTS = 5
BUDGET = ServerConfig(url="").budget
SEARCH = BUDGET * SEARCHED
OVER_BUDGET = 0.1
"""Seconds that an answer may come after its time."""

LISTS, PAGES, SEARCHES, BESIDE = "list", "run page", "search", "beside"
"""Kinds of questions: each has its floor, but the last."""


@dataclass
class Bench:
    """The server, and what was found."""

    asker: Asker
    seconds: float
    tries: int
    sides: Sides = field(default_factory=Sides)
    kinds: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[Answers]] = field(default_factory=dict)

    def ask(self, kind: str, name: str, question: Question) -> None:
        """By each number of clients. A window that others disturbed is taken again."""
        self.kinds[name] = kind
        for clients in CLIENTS:
            for _ in range(self.tries):
                window, answers = self.asker.window(question, clients=clients, seconds=self.seconds)
                self.sides.add(_side(name, clients), window)
                self.answers.setdefault(name, []).append(answers)
                if not window.is_disturbed:
                    break

    def latencies(self, name: str, clients: int) -> list[float]:
        return [one for window in self.sides.counting(_side(name, clients)) for one in window.latencies]

    def slowest(self, kind: str, percent: int, *clients: int) -> float:
        """Of all questions of this kind, in milliseconds."""
        names = [name for name, of_kind in self.kinds.items() if of_kind == kind]
        return max(percentile(self.latencies(name, many), percent) for name in names for many in clients)

    @property
    def faults(self) -> list[str]:
        """Why these figures do not count."""
        found = []
        if disturbed := self.sides.faults:
            found.append(
                f"{len(disturbed)} of {len(self.sides.windows)} have disturbed windows only: {disturbed[0]}"
            )
        for name, several in self.answers.items():
            refused = [failure for answers in several for failure in answers.failures]
            found += [f"{name}: {len(refused)} refused, {refused[0]}"] if refused else []
        return found

    def print(self) -> None:
        columns = (
            "",
            "p50 ms",
            "p99 ms",
            "most",
            "answers",
            "4 at once: p50",
            "p99",
            "runs found",
            "cut short",
            "PostgreSQL ms",
        )
        print_table(columns, [self._row(name) for name in self.kinds])

    def _row(self, name: str) -> tuple[str, ...]:
        alone, together = (self.latencies(name, clients) for clients in CLIENTS)
        answers = self.answers[name]
        asked = sum(len(one.latencies) for one in answers) or 1
        server = median(window.server for window in self.sides.counting(_side(name, 1))) / 1000
        return (
            f"{self.kinds[name]}: {name}",
            *(f"{percentile(alone, percent):.1f}" for percent in (50, 99, 100)),
            str(len(alone)),
            *(f"{percentile(together, percent):.1f}" for percent in (50, 99)),
            f"{sum(one.runs for one in answers) / asked:.1f}",
            f"{sum(one.searched_back for one in answers) / asked:.0%}",
            f"{server:.1f}",
        )


def _side(name: str, clients: int) -> str:
    return f"{name}, {clients} client{'s' * (clients > 1)}"


def listed(q: str = "", **parameters: object) -> str:
    return f"/runs?{urlencode({'q': q, 'page_size': PAGE_SIZE, **parameters})}"


def deep_pages(asker: Asker, q: str = "", **parameters: object) -> list[str]:
    """Pages far down, each by the `next` of the one before; [the last one] when there are fewer."""
    found, path = [], listed(q, **parameters)
    for number in range(1, DEEP.stop):
        following = asker.document(path)["next"]
        if following is None:
            break
        path = listed(q, page_token=following, **parameters)
        if number + 1 >= DEEP.start:
            found.append(path)
    return found or [path]


def a_workflow() -> str:
    return f'workflow:"{random.choice(WORKFLOWS)}"'


def a_day() -> str:
    return f"{datetime.now(UTC) - timedelta(days=random.randrange(1, DAYS)):%Y-%m-%d}"


def a_channel() -> str:
    return f"channel:{random.choice(('web', 'voice', 'efax'))}"


def lists(asker: Asker, runs: int) -> dict[str, Question]:
    """What an index answers."""
    deep, deep_failed = deep_pages(asker), deep_pages(asker, "status:failed")
    return {
        "first page": listed,
        "page 50 and on": lambda: random.choice(deep),
        "longest first": lambda: listed(sort="-duration"),
        "last started first": lambda: listed(sort="-started"),
        "status": lambda: listed(f"status:{random.choice(('failed', 'timeout', 'cancelled', 'paused'))}"),
        "status, page 50 and on": lambda: random.choice(deep_failed),
        "open": lambda: listed("is:open"),
        "channel": lambda: listed(a_channel()),
        "workflow": lambda: listed(a_workflow()),
        "a day": lambda: listed(f"created:{a_day()}"),
        "status, channel, a day": lambda: listed(f"status:failed {a_channel()} started:{a_day()}"),
        "workflow, status": lambda: listed(f"{a_workflow()} status:failed"),
        "external id": lambda: listed(f"ext:c-2026-{random.randrange(runs)}"),
    }


def searches(asker: Asker, runs: int) -> dict[str, Question]:
    """What is looked for among documents and words, of the sealed leaves by an index and of the others one by one."""
    deep = deep_pages(asker, "authorization")

    def patient() -> int:
        return random.randrange(50_021)

    return {
        "a word of most": lambda: listed(random.choice(NOTE)),
        "a word, page 50 and on": lambda: random.choice(deep),
        "a seldom word": lambda: listed("zymurgy"),
        "a word that none has": lambda: listed(f"nobody{random.randrange(10**6)}"),
        "a claim's number as a word": lambda: listed(f'"c-2026-{random.randrange(runs)}"'),
        "a phrase": lambda: listed('"prior authorization"'),
        "the beginning of a word": lambda: listed("zymur*"),
        "a patient in context": lambda: listed(f"ctx.patient.id:{patient()}"),
        "a patient in input": lambda: listed(f"in.patient.id:{patient()}"),
        "a code in a list": lambda: listed(f"in.codes:A{random.randrange(100)}"),
        "an amount from": lambda: listed(f"in.amount:>{random.randrange(9900, 9970)}"),
        "decision, workflow": lambda: listed(f"out.decision:denied {a_workflow()}"),
        "part of an error": lambda: listed('err:"member has"'),
        "a node, failed": lambda: listed("node:node_10 status:failed"),
        "retried, a day": lambda: listed(f"retries:>0 created:{a_day()}"),
    }


def pages(run_ids: Sequence[str]) -> dict[str, Question]:
    return {"a run with ten steps": lambda: f"/runs/{random.choice(run_ids)}"}


def beside(run_ids: Sequence[str]) -> dict[str, Question]:
    """What else the console asks for."""
    return {
        "timeline of a run": lambda: f"/runs/{random.choice(run_ids)}/timeline",
        "workflows, 7 days": lambda: "/workflows?days=7",
        "workflows, 30 days": lambda: "/workflows?days=30",
        "home": lambda: "/home",
        "count": lambda: f"/runs/count?q={quote(a_channel())}",
        "facets": lambda: "/runs/facets",
        "histogram": lambda: "/runs/histogram",
    }


@contextmanager
def serving(url: str) -> Iterator[tuple[int, int]]:
    """`mainstem serve` as its users run it: its port and its process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [str(Path(sys.executable).with_name("mainstem")), "serve", "--port", str(port)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(words, env={**os.environ, "MAINSTEM_URL": url}, stderr=log)
        try:
            _wait_until_ready(process, port)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
        except OSError as refused:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the server does not answer: {refused}") from refused
            time.sleep(0.1)
        else:
            return


def resident(pid: int) -> tuple[float, float]:
    """MiB of a process now, and the most it ever had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = dict(line.split(":", 1) for line in lines)
    now, most = (int(sizes[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, most


def paints(port: int, key: str) -> list[tuple[float, float]]:
    """Milliseconds to the first contentful paint of the list and to its first row, each in a browser that has cached nothing."""
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for _ in range(PAINTS):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            context.add_init_script(f"sessionStorage.setItem('mainstem.key', '{key}')")
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}/runs")
            page.wait_for_selector("tbody tr a")
            rows = page.evaluate("performance.now()")
            paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            found.append((paint, rows))
            context.close()
        browser.close()
    return found


def new_key(url: str) -> str:
    minted = keys.mint()
    with connect(url, role="mainstem_app", application_name="bench") as conn:
        perform(conn, keys.create_key(minted, name="bench", role="viewer"), org_id=DEFAULT_ORG)
    return minted.text


def claims(bench: Bench, feed: live.Trial, painted: list[tuple[float, float]]) -> list[Claim]:
    over = OVER_BUDGET * 1000
    searched = bench.slowest(SEARCHES, 100, *CLIENTS)
    return [
        Claim("slowest list page", bench.slowest(LISTS, 99, 1), 50, 25, "ms p99", at_most=True),
        Claim("run page", bench.slowest(PAGES, 99, 1), 20, 10, "ms p99", at_most=True),
        Claim("slowest search", searched, BUDGET * 1000 + over, SEARCH * 1000 + over, "ms", at_most=True),
        Claim("delay of the feed", percentile(feed.delays, 99), 1000, 250, "ms p99", at_most=True),
        Claim("first paint, slowest", max(paint for paint, _ in painted), 1000, 500, "ms", at_most=True),
    ]


def measure(url: str, postmaster: int, chosen: argparse.Namespace) -> int:
    key, run_ids, runs = new_key(url), stepped_runs(url), round(RUNS * chosen.scale)
    with serving(url) as (port, pid):
        idle, _ = resident(pid)
        asker = Asker(port, key, Meter(url, postmaster), (pid, os.getpid()))
        bench = Bench(asker, chosen.seconds, chosen.tries)
        asked = {
            LISTS: lists(asker, runs),
            PAGES: pages(run_ids),
            SEARCHES: searches(asker, runs),
            BESIDE: beside(run_ids),
        }
        for kind, questions in asked.items():
            for name, question in questions.items():
                bench.ask(kind, name, question)
        painted = paints(port, key)
        now, most = resident(pid)
    bench.print()
    print(
        f"memory of the server: {idle:.0f} MiB at rest, {now:.0f} MiB after all this, {most:.0f} MiB at most"
    )
    first, rows = zip(*painted, strict=True)
    print(
        f"/runs in Chromium, {PAINTS} times, nothing cached: first paint {median(first):.0f} ms, {max(first):.0f} at most;"
        f" first row {median(rows):.0f} ms, {max(rows):.0f} at most"
    )
    feed = run(live.trial(url, seconds=chosen.live_seconds))
    print(feed)
    return conclude(claims(bench, feed, painted), bench.faults)


def main() -> int:
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument(
        "--scale", type=float, default=float(os.environ.get("SCALE", "0.1")), help="of a million runs"
    )
    given.add_argument("--seconds", type=float, default=3, help="of one window")
    given.add_argument("--tries", type=int, default=3, help="windows of each, while others disturb them")
    given.add_argument("--live-seconds", type=float, default=10, help="of the live feed's load")
    chosen = given.parse_args()
    if not Path(CHROMIUM).exists():
        raise SystemExit(f"there is no {CHROMIUM} to paint with")
    print(machine())
    print_settings(SETTINGS)
    with bench_server() as server, ledger_database(server) as url:
        began = time.perf_counter()
        told = make_past(url, round(RUNS * chosen.scale))
        print(f"{told}; made in {time.perf_counter() - began:.0f} s", flush=True)
        return measure(url, server.pid or 0, chosen)


if __name__ == "__main__":
    sys.exit(main())

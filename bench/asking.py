"""Requests to a server on connections that are kept: what each took, and what came of it."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from meter import Meter, Window

Question = Callable[[], str]
"""A path with its query, another one each time where it can be."""

WARM_UP = 3
"""Requests of each connection before any is counted."""


@dataclass
class Answers:
    """What came in one window."""

    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    searched_back: int = 0
    """Answers that tell how far they searched, as their time was over."""
    runs: int = 0
    """Found, in all of them."""


@dataclass(frozen=True)
class Asker:
    """Whom to ask, with which key, and the processes whose work it is."""

    port: int
    key: str
    meter: Meter
    processes: tuple[int, ...]

    def window(
        self, question: Question, *, clients: int, seconds: float, least: int = 5
    ) -> tuple[Window, Answers]:
        """Each client asks one thing after the other, for so long and so often at least."""
        answers = [Answers() for _ in range(clients)]
        ready = threading.Barrier(clients + 1, timeout=300)
        threads = [
            threading.Thread(target=self._ask, args=(question, one, ready), kwargs={"seconds": seconds, "least": least})
            for one in answers
        ]  # fmt: skip
        for thread in threads:
            thread.start()
        ready.wait()
        began = self.meter.read(self.processes)
        for thread in threads:
            thread.join()
        merged = _merged(answers)
        window = self.meter.window(began, len(merged.latencies), merged.latencies, self.processes)
        return window, merged

    def _ask(
        self, question: Question, answers: Answers, ready: threading.Barrier, *, seconds: float, least: int
    ) -> None:
        with self.connection() as connection:
            for _ in range(WARM_UP):
                self.get(connection, question())
            ready.wait()
            end = time.perf_counter() + seconds
            while (began := time.perf_counter()) < end or len(answers.latencies) < least:
                status, body = self.get(connection, asked := question())
                answers.latencies.append(time.perf_counter() - began)
                _judge(answers, asked, status, body)

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            yield connection
        finally:
            connection.close()

    def get(self, connection: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
        connection.request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {self.key}"})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def document(self, path: str) -> dict[str, Any]:
        """One answer. Raises SystemExit when it is a refusal."""
        with self.connection() as connection:
            status, body = self.get(connection, path)
        if status != 200:
            raise SystemExit(f"GET {path}: {status} {body[:500]!r}")
        told: dict[str, Any] = json.loads(body)
        return told


def _judge(answers: Answers, asked: str, status: int, body: bytes) -> None:
    if status != 200:
        answers.failures.append(f"GET {asked}: {status} {body[:200].decode(errors='replace')}")
        return
    document = json.loads(body)
    answers.searched_back += document.get("searched_back_to") is not None
    answers.runs += len(document.get("runs", ()))


def _merged(several: list[Answers]) -> Answers:
    return Answers(
        [latency for one in several for latency in one.latencies],
        [failure for one in several for failure in one.failures],
        sum(one.searched_back for one in several),
        sum(one.runs for one in several),
    )

"""Eligibility: who is covered for what, on which day. A small service of its own, and the question put to it.

    GET /alder/members/ALD-100101?on=2025-02-14

answers 200 with an `Eligibility`, 404 for a number that nobody has, and now and then 503: the service is as slow
and as moody as such services are, though equally so each time. It writes nothing. Alone on a port:

    python -m mainstem.demo.eligibility --port 8642
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import date
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit
from zlib import crc32

from pydantic import TypeAdapter

from mainstem.demo.model import Eligibility, Standing
from mainstem.demo.reading import DOCUMENTS

if TYPE_CHECKING:
    from types import TracebackType

HOST = "127.0.0.1"
PORT = 8642
ADDRESS = "MAINSTEM_DEMO_ELIGIBILITY"
"""The environment variable that names the service's address, when it is not the usual port of this machine."""

ELIGIBILITY = TypeAdapter(Eligibility)


class EligibilityUnavailable(OSError):
    """The service answered, but not the question. Ask again a little later."""


def ask(org: str, member_id: str, on: date) -> Eligibility:
    """What the service says. Raises EligibilityUnavailable, and another OSError when nobody is there."""
    url = urlsplit(url_of(org, member_id, on))
    with closing(HTTPConnection(url.netloc, timeout=5)) as connection:
        connection.request("GET", f"{url.path}?{url.query}")
        response = connection.getresponse()
        body = response.read()
    match response.status:
        case HTTPStatus.OK:
            return ELIGIBILITY.validate_json(body)
        case HTTPStatus.NOT_FOUND:
            return Eligibility(Standing.UNKNOWN, kinds=[])
        case status:
            raise EligibilityUnavailable(f"the eligibility service answered {status} for {member_id}")


def url_of(org: str, member_id: str, on: date) -> str:
    return f"{address()}/{org}/members/{member_id}?on={on}"


def address() -> str:
    return os.environ.get(ADDRESS, f"http://{HOST}:{PORT}")


class EligibilityServer(ThreadingHTTPServer):
    """The service, in threads of this process: `with EligibilityServer() as server:`, and `server.url` is its address."""

    request_queue_size = 128
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__((HOST, port), Desk)
        self.members = json.loads((DOCUMENTS / "members.json").read_text(encoding="utf-8"))["organizations"]
        self.times_asked: Counter[str] = Counter()
        self.counting = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}"

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.05,), name="eligibility", daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over callers who hung up: a worker that is killed in the middle of a question does."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def count_question(self, member_id: str) -> int:
        """How often this member has been asked for, this time included."""
        with self.counting:
            self.times_asked[member_id] += 1
            return self.times_asked[member_id]


class Desk(BaseHTTPRequestHandler):
    """One question at the service's desk."""

    server: EligibilityServer

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        match url.path.split("/"):
            case ["", org, "members", member_id]:
                self.look_up(org, member_id, dict(parse_qsl(url.query)).get("on", ""))
            case _:
                self.answer(HTTPStatus.NOT_FOUND, {"error": "no such page"})

    def look_up(self, org: str, member_id: str, day: str) -> None:
        try:
            on = date.fromisoformat(day)
        except ValueError as error:
            self.answer(HTTPStatus.BAD_REQUEST, {"error": f"on which day? {error}"})
        else:
            self.tell(org, member_id, on)

    def tell(self, org: str, member_id: str, on: date) -> None:
        member = self.server.members.get(org, {}).get(member_id)
        time.sleep(delay(member_id))
        if member is None:
            self.answer(HTTPStatus.NOT_FOUND, {"error": f"{org} has no member {member_id}"})
        elif member.get("out_of_service") or self.server.count_question(member_id) <= failures_first(
            member_id
        ):
            self.answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "try again"})
        else:
            self.answer(HTTPStatus.OK, coverage(member, on))

    def answer(self, status: HTTPStatus, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name http.server passes
        """Say nothing: the ledger is where the demo's calls are written down."""


def delay(member_id: str) -> float:
    """Seconds until this member's answer: 0.1 to 0.3, always the same."""
    return 0.1 + crc32(member_id.encode()) % 201 / 1000


def failures_first(member_id: str) -> int:
    """How many times the service fails before it answers for this member: mostly 0, at most 2."""
    return max(0, crc32(member_id[::-1].encode()) % 6 - 3)


def coverage(member: dict[str, Any], on: date) -> dict[str, Any]:
    """A member's eligibility on a day, as the service tells it."""
    covered = member["covered_from"] <= str(on) <= (member["covered_to"] or date.max.isoformat())
    standing = Standing.COVERED if covered else Standing.NOT_COVERED
    return {"standing": standing, "kinds": member["kinds"], "plan": member["plan"]}


def main() -> None:
    """Answer questions about eligibility until interrupted."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=PORT, help="0 takes a free one (%(default)s)")
    with EligibilityServer(parser.parse_args().port) as server:
        sys.stdout.write(f"{server.url} answers\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()

"""The eligibility service, asked over real HTTP."""

import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from http.client import HTTPConnection

import pytest

from mainstem.demo.eligibility import (
    ADDRESS,
    EligibilityServer,
    EligibilityUnavailable,
    ask,
    delay,
    failures_first,
)
from mainstem.demo.model import Care, Eligibility, Standing

DAY = date(2025, 2, 14)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EligibilityServer]:
    with EligibilityServer() as server:
        monkeypatch.setenv(ADDRESS, server.url)
        yield server


def ask_until_answered(org: str, member_id: str) -> tuple[Eligibility, int]:
    attempts = 1
    while True:
        try:
            return ask(org, member_id, DAY), attempts
        except EligibilityUnavailable:
            attempts += 1


def test_a_covered_member_is_covered_for_what_the_plan_says(server: EligibilityServer) -> None:
    assert ask("alder", "ALD-100103", DAY) == Eligibility(
        Standing.COVERED, [Care.MEDICAL, Care.PHARMACY], "Sapling"
    )


@pytest.mark.parametrize(
    ("member_id", "day", "standing"),
    [
        ("ALD-100105", date(2024, 12, 31), Standing.COVERED),
        ("ALD-100105", date(2025, 1, 1), Standing.NOT_COVERED),
        ("ALD-100110", date(2025, 1, 31), Standing.NOT_COVERED),
        ("ALD-100110", date(2025, 2, 1), Standing.COVERED),
    ],
)
def test_coverage_begins_and_ends_with_a_day(
    server: EligibilityServer, member_id: str, day: date, standing: Standing
) -> None:
    assert ask("alder", member_id, day).standing is standing


def test_one_organizations_member_is_a_stranger_to_the_other(server: EligibilityServer) -> None:
    assert ask("birch", "ALD-100101", DAY).standing is Standing.UNKNOWN


def test_a_failing_answer_is_followed_by_a_good_one(server: EligibilityServer) -> None:
    assert failures_first("BIR-200202") == 2
    eligibility, attempts = ask_until_answered("birch", "BIR-200202")
    assert (eligibility.standing, attempts) == (Standing.COVERED, 3)


def test_every_member_but_one_is_answered_within_three_attempts(server: EligibilityServer) -> None:
    members = server.members["alder"] | server.members["birch"]
    assert [number for number, member in members.items() if "out_of_service" in member] == ["ALD-100107"]
    assert {failures_first(number) for number in members} == {0, 1, 2}


def test_a_member_out_of_service_is_never_answered(server: EligibilityServer) -> None:
    for _ in range(3):
        with pytest.raises(EligibilityUnavailable, match="503"):
            ask("alder", "ALD-100107", DAY)


def test_an_answer_takes_its_time(server: EligibilityServer) -> None:
    began = time.monotonic()
    ask("alder", "ALD-100101", DAY)
    assert time.monotonic() - began >= delay("ALD-100101") >= 0.1


def test_a_service_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with EligibilityServer() as gone:
        monkeypatch.setenv(ADDRESS, gone.url)
    with pytest.raises(OSError, match="refused"):
        ask("alder", "ALD-100101", DAY)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 404), ("/alder/members/ALD-100101", 400), ("/alder/members/ALD-100101?on=2025-02-31", 400)],
)
def test_a_question_that_is_none_is_refused(server: EligibilityServer, path: str, status: int) -> None:
    connection = HTTPConnection(server.server_name, server.server_port, timeout=5)
    connection.request("GET", path)
    assert connection.getresponse().status == status
    connection.close()


def test_a_caller_who_hangs_up_is_passed_over(
    server: EligibilityServer, capfd: pytest.CaptureFixture[str]
) -> None:
    connection = HTTPConnection(server.server_name, server.server_port, timeout=5)
    connection.request("GET", f"/birch/members/BIR-200208?on={DAY}")
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    assert delay("BIR-200208") < delay("BIR-200204")
    assert ask("birch", "BIR-200204", DAY).standing is Standing.COVERED
    assert capfd.readouterr().err == ""


def test_the_service_runs_alone_on_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-m", "mainstem.demo.eligibility", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as alone:
        assert alone.stdout is not None
        url, _, _ = alone.stdout.readline().partition(" answers")
        monkeypatch.setenv(ADDRESS, url)
        answered = ask("alder", "ALD-100101", DAY)
        alone.terminate()
    assert answered.standing is Standing.COVERED

"""`mainstem up` and `mainstem serve`: processes that listen, and how they end."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from conditions import ON_ONE_SERVER
from conftest import Database
from listening import ended, started
from mainstem.ledger.keys import create_key, mint
from servers import open_directory
from typed import Terminal, write_program

get = partial(httpx.get, timeout=30)
"""Of a server that has just begun, on cores that others use too."""


def test_up_brings_its_own_database_and_leaves_nothing_running(tmp_path: Path) -> None:
    with (
        open_directory() as data,
        started("--data", str(data), "up", "--port", "0", directory=tmp_path) as (process, told),
    ):
        assert (told["embedded"], told["open_to_all"]) == (True, True)
        assert get(f"{told['url']}/readyz").json() == {"status": "ok"}
        assert get(f"{told['url']}/api/v1/runs").json()["runs"] == []
        assert get(f"{told['url']}/api/v1/runs", headers={"host": "evil.example"}).status_code == 403
        assert ended(process) == (0, "")
        assert not list(data.rglob("postmaster.pid"))


@ON_ONE_SERVER
def test_up_runs_workflows_in_a_process_of_its_own(database: Database, tmp_path: Path) -> None:
    module = write_program(tmp_path)
    words = ("up", "--port", "0", "--workers", module)
    with started(*words, directory=tmp_path, url=database.url) as (process, told):
        wait_until(
            lambda: database.value("select count(*) from mainstem.user_workflow where name = 'greeting'")
        )
        terminal = Terminal(database.url)
        terminal.type("run", "greeting", "--input", '{"name": "Ann"}', "--wait")
        assert get(f"{told['url']}/api/v1/runs").json()["runs"][0]["status"] == "completed"
        code, _errors = ended(process)
    assert code == 0
    assert database.value("select count(*) from mainstem.user_workflow_worker where reaped_at is null") == 0


@ON_ONE_SERVER
def test_up_runs_published_graphs_too(database: Database, tmp_path: Path) -> None:
    ends = {"start": {"type": "entry"}, "done": {"type": "outcome", "data_bindings": {"said": {"value": 7}}}}
    drawn = tmp_path / "drawn.json"
    drawn.write_text(json.dumps({"name": "drawn", "nodes": ends, "edges": [{"from": "start", "to": "done"}]}))
    terminal = Terminal(database.url)
    terminal.type("workflows", "publish", str(drawn))
    words = ("up", "--port", "0", "--graphs", "--database", "claims=postgresql://reader@db/claims")
    with started(*words, directory=tmp_path, url=database.url) as (process, _told):
        assert '"said": 7' in terminal.type("run", "drawn", "--wait").stdout
        assert ended(process)[0] == 0
    assert "'claims' is no NAME=URL" in terminal.type("up", "--database", "claims").stderr


@ON_ONE_SERVER
def test_a_killed_up_takes_its_worker_with_it(database: Database, tmp_path: Path) -> None:
    alive = "select count(*) from mainstem.user_workflow_worker where reaped_at is null"
    words = ("up", "--port", "0", "--workers", write_program(tmp_path))
    with started(*words, directory=tmp_path, url=database.url) as (process, _told):
        wait_until(lambda: database.value(alive))
        process.kill()
        process.wait(10)
        wait_until(lambda: not database.value(alive))


def wait_until(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@ON_ONE_SERVER
def test_serve_asks_for_keys_logs_each_request_and_ends_what_is_in_flight(
    database: Database, tmp_path: Path
) -> None:
    minted = mint()
    database.perform(create_key(minted, name="import", role="viewer"))
    answers: list[int] = []
    with started("serve", "--port", "0", directory=tmp_path, url=database.url, told="stderr") as (
        process,
        told,
    ):
        assert get(f"{told['url']}/api/v1/runs").status_code == 401
        key = {"Authorization": f"Bearer {minted.text}"}

        def ask() -> None:
            answers.append(get(f"{told['url']}/api/v1/runs", headers=key).status_code)

        with psycopg.connect(database.url) as holder:
            holder.execute("lock table mainstem.user_workflow_run in access exclusive mode")
            asking = threading.Thread(target=ask)
            asking.start()
            wait_until(lambda: database.value("select count(*) from pg_locks where not granted"))
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: refuses(told["url"]))
            assert answers == []
            holder.rollback()
        asking.join()
        process.wait(30)
        errors = process.errors.read_text()  # type: ignore[attr-defined]
    assert (process.returncode, answers) == (0, [200])
    lines = [json.loads(line) for line in errors.splitlines()]
    requests = [line for line in lines if line.get("logger") == "mainstem.server.requests"]
    assert [(line["route"], line["status"], line["key"]) for line in requests] == [
        ("/api/v1/runs", 401, None),
        ("/api/v1/runs", 200, minted.prefix),
    ]
    assert minted.text not in errors


def refuses(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as trying:
        return trying.connect_ex((host, int(port))) != 0


@ON_ONE_SERVER
@pytest.mark.parametrize("words", [("up", "--no-auth"), ("serve", "--no-auth")])
def test_a_server_without_keys_does_not_listen_elsewhere(database: Database, words: tuple[str, ...]) -> None:
    code, error, hint = Terminal(database.url).error(*words, "--host", "0.0.0.0", "--port", "0")
    assert (code, error) == (2, "MS605")
    assert "127.0.0.1" in hint


@ON_ONE_SERVER
@pytest.mark.parametrize("verb", ["up", "serve"])
def test_a_port_that_is_taken_is_named_with_the_remedy(database: Database, verb: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, error, hint = Terminal(database.url).error(verb, "--port", port)
    assert (code, error) == (5, "MS606")
    assert "--port 0" in hint


def test_up_names_the_command_when_the_given_database_has_no_schema(empty_database: Database) -> None:
    code, error, hint = Terminal(empty_database.url).error("up", "--port", "0")
    assert (code, error) == (5, "MS105")
    assert "mainstem db upgrade" in hint


def test_a_login_that_may_only_be_mainstem_app_serves_and_makes_keys(
    database: Database, tmp_path: Path
) -> None:
    login = f"server_{uuid4().hex[:8]}"
    database.connect(None, None).execute(f"create role {login} login in role mainstem_app")
    url = make_conninfo(database.url, user=login)
    try:
        [made] = Terminal(url).lines("keys", "create", "first admin", "--role", "admin")
        with started("serve", "--port", "0", directory=tmp_path, url=url, told="stderr") as (process, told):
            key = {"Authorization": f"Bearer {made['key']}"}
            for path in ("/readyz", "/metrics", "/api/v1/audit"):
                assert get(told["url"] + path, headers=key).status_code == 200
            assert ended(process)[0] == 0
    finally:
        database.connect(None, None).execute(f"drop role {login}")


def test_a_query_ends_when_its_caller_has_gone(database: Database, tmp_path: Path) -> None:
    waiting = "select count(*) from pg_stat_activity where application_name = 'mainstem server' and wait_event_type = 'Lock'"
    words = ("serve", "--no-auth", "--port", "0", "--budget", "60")
    with (
        started(*words, directory=tmp_path, url=database.url, told="stderr") as (process, told),
        psycopg.connect(database.url) as holder,
    ):
        holder.execute("lock table mainstem.user_workflow_run in access exclusive mode")
        with httpx.Client() as client, pytest.raises(httpx.ReadTimeout):
            client.get(f"{told['url']}/api/v1/runs", timeout=1)
        wait_until(lambda: not database.value(waiting), seconds=5)
        holder.rollback()
        _, errors = ended(process)
    assert '"status": 499' in errors

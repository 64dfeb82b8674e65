"""Another PostgreSQL's consolidation, typed: the same verbs as for tables of the ledger's database, under a writer, there and back and to the end."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem.consolidate.mapping import preset
from mainstem.consolidate.presets.rcm.sample import install
from mainstem.consolidate.presets.rcm.sample.writer import Writer, writing
from mainstem.consolidate.sources.address import address_of
from servers import in_database
from typed import Terminal

LANDING = "mainstem_landing_rcm"
SECRET = "not%20for%20everybody"


@pytest.fixture
def terminal(database: Database) -> Terminal:
    return Terminal(database.url)


@pytest.fixture
def old(empty_database: Database) -> Database:
    """The old application's database, which knows nothing of ours."""
    with psycopg.connect(empty_database.url, autocommit=True) as conn:
        install(conn, second_shape=True)
    return empty_database


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    place = tmp_path / "rcm.yaml"
    place.write_text(
        preset("rcm").replace("source: {kind: postgres", "source: {kind: remote"), encoding="utf-8"
    )
    return str(place)


@pytest.fixture
def url(old: Database) -> str:
    """With a password that nobody asks for on a socket that trusts."""
    return f"{old.url}&password={SECRET}"


def go_on(writer: Writer, more: int = 20) -> None:
    wanted, deadline = writer.tally.done.total() + more, time.monotonic() + 30
    while writer.tally.done.total() < wanted:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def shown(database: Database, schema: str) -> list[Any]:
    return database.rows(f"select t::text from {schema}.workflow_trace t order by 1")


def ours_in(database: Database) -> list[Any]:
    return database.rows("select tgname from pg_trigger where tgname ~ '^mainstem' union all select nspname from pg_namespace where nspname ~ '^mainstem'")  # fmt: skip


def test_another_server_goes_there_and_back_and_to_its_end_by_the_same_verbs(
    terminal: Terminal, database: Database, old: Database, url: str, mapping: str, tmp_path: Path
) -> None:
    named = ("--source-url", url)
    with writing(old.url, writers=1, rate=80) as [writer]:
        go_on(writer)
        terminal.lines("consolidate", "adopt", mapping, *named)
        [backup] = terminal.lines("consolidate", "backup", "--to", str(tmp_path / "backup"), *named)
        assert backup["rows"] >= 454
        for verb in ("copy", "verify"):
            go_on(writer)
            terminal.lines("consolidate", verb, *named)
        terminal.lines("consolidate", "cutover", "--patience", "20", *named)
    assert {failure.sqlstate for failure in writer.tally.failures} <= {"25006"}
    assert all(
        "moved to schema mainstem_landing_rcm of" in failure.message for failure in writer.tally.failures
    )
    with psycopg.connect(database.url, autocommit=True, options=f"-c search_path={LANDING}") as moved:
        assert writer.memory.differences(moved) == []
    assert shown(database, LANDING) == shown(old, "public")
    database.rows(
        f"update {LANDING}.workflow_trace set status = 'cancelled' where trace_id = 1001 returning 1"
    )
    terminal.lines("consolidate", "rollback", "--yes", *named)
    assert old.value("select status from workflow_trace where trace_id = 1001") == "cancelled"
    with writing(old.url, writers=1, rate=80) as [writer]:
        go_on(writer)
        for verb in ("copy", "verify"):
            terminal.lines("consolidate", verb, *named)
        terminal.lines("consolidate", "cutover", *named)
    terminal.lines("consolidate", "finish", "--typed", "rcm", *named)
    assert "mainstem_following_" not in str(ours_in(old))
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction, match="has moved to"):
        old.rows("delete from workflow_node returning 1")
    with psycopg.connect(database.url, autocommit=True, options=f"-c search_path={LANDING}") as moved:
        assert writer.memory.differences(moved) == []
    [again] = terminal.lines("consolidate", "finish", "--typed", "rcm", *named)
    assert again["dropped"] == []


@ON_ONE_SERVER
def test_the_plan_remembers_where_the_source_is_and_nothing_keeps_or_shows_its_password(
    terminal: Terminal,
    database: Database,
    url: str,
    old: Database,
    mapping: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, error, hint = terminal.error("consolidate", "adopt", mapping)
    assert (code, error) == (2, "MS010")
    assert "--source-url" in hint
    monkeypatch.setenv("MAINSTEM_SOURCE_URL", url)
    terminal.lines("consolidate", "adopt", mapping)
    monkeypatch.delenv("MAINSTEM_SOURCE_URL")
    [status] = terminal.lines("consolidate", "status")
    [report] = terminal.lines("consolidate", "report")
    assert status["source"] == report["source"] == address_of(old.url)
    assert old.url.split("/")[-1].split("?")[0] in status["source"]
    terminal.lines("consolidate", "copy", "--without-backup", "a sample")  # by the remembered address
    kept = database.rows("select p::text from mainstem_consolidation.plan p union all select j::text from mainstem_consolidation.journal j")  # fmt: skip
    for told in (
        json.dumps(kept),
        json.dumps(status),
        json.dumps(report),
        terminal.type("consolidate", "status").stdout,
    ):
        assert SECRET not in told
        assert "not for everybody" not in told
    terminal.lines("consolidate", "rollback", "--to", "planned", "--yes")
    assert ours_in(old) == []
    assert terminal.error("consolidate", "copy")[:2] == (2, "MS010")


@ON_ONE_SERVER
def test_another_server_than_the_one_that_was_landed_is_refused(
    terminal: Terminal, database: Database, url: str, old: Database, mapping: str
) -> None:
    terminal.lines("consolidate", "adopt", mapping, "--source-url", url)
    other = in_database(old.url, "postgres")
    for verb in (("copy", "--without-backup", "a sample"), ("adopt", mapping)):
        assert terminal.error("consolidate", *verb, "--source-url", other)[:2] == (4, "MS433")
    terminal.lines("consolidate", "copy", "--without-backup", "a sample")
    for one in ("verify", "cutover"):
        terminal.lines("consolidate", one)
    assert terminal.error("consolidate", "rollback", "--yes", "--source-url", other)[:2] == (4, "MS433")
    assert database.value("select phase from mainstem_consolidation.plan") == "cut_over"


@ON_ONE_SERVER
def test_a_way_back_that_was_killed_between_the_two_databases_is_carried_on(
    terminal: Terminal, old: Database, url: str, mapping: str
) -> None:
    from mainstem.consolidate.life import compiled, migrator, read_plan, roll_back

    terminal.lines("consolidate", "adopt", mapping, "--source-url", url)
    terminal.lines("consolidate", "copy", "--without-backup", "a sample")
    for verb in ("verify", "cutover"):
        terminal.lines("consolidate", verb)
    with migrator(terminal.url, "rcm") as conn:
        roll_back(conn, compiled(conn, read_plan(conn, "rcm")), read_plan(conn, "rcm"))
    terminal.lines("consolidate", "rollback", "--yes")
    old.rows("update workflow_node set description = 'open again' returning 1")
    assert terminal.error("consolidate", "rollback", "--yes")[:2] == (4, "MS403")


@ON_ONE_SERVER
def test_looking_drafting_and_linting_take_the_other_server_by_its_url(
    terminal: Terminal, old: Database, url: str, tmp_path: Path
) -> None:
    found = terminal.lines("consolidate", "inspect", "--source-url", url)
    assert "workflow_trace" in json.dumps(found)
    place = tmp_path / "drafted.yaml"
    terminal.lines("consolidate", "plan", "--source-url", url, "--preset", "rcm", "--output", str(place))
    (tmp_path / "next.sql").write_text("drop table workflow_trace;\n")
    linted = terminal.type("--json", "consolidate", "lint", str(tmp_path / "next.sql"), "--url", url)
    assert linted.exit_code == 1
    told = json.dumps(found) + place.read_text() + linted.stdout
    assert "not for everybody" not in told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://ann:s%40cret@db.example:5433/app?sslmode=require", "postgresql://ann@db.example:5433/app?sslmode=require"),
        ("host=db.example dbname=app password=secret", "postgresql://db.example/app"),
        ("postgresql://ann@/app?host=/run/pg&password=secret&pooler=session", "postgresql://ann@/app?host=%2Frun%2Fpg"),
        ("postgresql://[::1]/app?sslpassword=secret", "postgresql:///app?host=%3A%3A1"),
    ],
)  # fmt: skip
def test_an_address_is_a_url_without_its_secrets(url: str, address: str) -> None:
    assert address_of(url) == address
    assert address_of(address) == address

"""Old code looked through for what the old names cannot do as views: files of every kind, and what a server was seen to run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from conditions import ON_ONE_SERVER
from conftest import QUICK, Database
from mainstem.consolidate.life import migrator
from mainstem.consolidate.life.old_code import limits_of, statements_remembered
from mainstem.consolidate.mapping import preset, read_mapping
from mainstem.errors import RightsMissing, StatisticsMissing
from servers import POSTGRES_15, as_login, in_database, postgres_15
from typed import Terminal

MAPPING = read_mapping(preset("rcm"))

PYTHON = '''
"""truncate workflow_trace: a docstring runs nothing."""
from sqlalchemy import MetaData, Table


def purge(conn, table):
    # truncate workflow_steps
    conn.execute("TRUNCATE workflow_events")
    conn.execute(
        "insert into workflow_trace_context (trace_id, key) "
        "values (%s, %s) on conflict (trace_id, key) do nothing"
    )
    conn.execute(f"""
        -- a comment: truncate workflow_trace
        select ctid
          from workflow_steps where step_id = {table}""")
    conn.execute("select 1; " + "alter table workflow_trace add x int")
    return Table("workflow_trace", MetaData(), autoload_with=conn)
'''
SQL = """
/* truncate workflow_trace;
   truncate workflow_steps; */
select '-- not a comment'; truncate workflow_trace; -- truncate workflow_steps
create index on public.workflow_steps (status);
"""


def found(text: str, place: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.limit.name, one.table) for one in limits_of(text, MAPPING, place=place)]


def test_python_is_asked_for_its_strings_and_sql_for_what_is_no_comment() -> None:
    assert found(PYTHON, "old.py") == [
        (8, "truncate", "workflow_events"),
        (10, "on conflict with columns", "workflow_trace_context"),
        (15, "ctid", "workflow_steps"),
        (17, "alter table", "workflow_trace"),
        (18, "reflection", ""),
    ]
    assert found(SQL, "old.sql") == [(4, "truncate", "workflow_trace"), (5, "create index", "workflow_steps")]
    assert found("psql -c 'truncate workflow_trace'\n", "purge.sh") == [(1, "truncate", "workflow_trace")]
    assert found("conn.execute('truncate workflow_trace'\nprint 1", "of_python_2.py") == [
        (1, "truncate", "workflow_trace")
    ]


@pytest.fixture
def code(tmp_path: Path) -> Path:
    place = tmp_path / "src"
    (place / "inner").mkdir(parents=True)
    (place / "node_modules").mkdir()
    (place / "inner" / "old.py").write_text(PYTHON)
    (place / "old.sql").write_text(SQL)
    (place / "node_modules" / "theirs.sql").write_text(SQL)
    (place / "picture.png").write_bytes(b"\x89PNG\x00\xff truncate workflow_trace")
    (tmp_path / "rcm.yaml").write_text(preset("rcm"), encoding="utf-8")
    return place


def test_files_are_looked_through_without_a_database_and_each_finding_has_its_place_and_remedy(
    code: Path,
) -> None:
    terminal, mapping = Terminal("postgresql://nowhere.invalid/none"), str(code.parent / "rcm.yaml")
    result = terminal.type("--json", "consolidate", "limits", mapping, str(code))
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, len(lines)) == (1, 7)
    assert {line["place"].removeprefix(f"{code}/") for line in lines} == {"inner/old.py", "old.sql"}
    [truncate] = [line for line in lines if line["place"].endswith(".sql") and line["limit"] == "truncate"]
    assert (truncate["line"], truncate["table"], truncate["instead"]) == (4, "workflow_trace", "DELETE.")
    people = terminal.type("consolidate", "limits", mapping, str(code))
    assert f"{code}/old.sql:4" in people.stdout
    assert "looked through 2 files; 1 are no text" in people.stderr
    (code / "fine.sql").write_text("select 1;")
    clean = terminal.type("consolidate", "limits", mapping, str(code / "fine.sql"))
    assert (clean.exit_code, clean.stdout) == (0, "nothing found\n")
    for words in (
        (mapping,),
        (mapping, str(code / "picture.png")),
        ("none.yaml", str(code)),
        (mapping, "nowhere"),
    ):
        refused = terminal.type("--json", "consolidate", "limits", *words)
        assert refused.exit_code == 2, words


@ON_ONE_SERVER
def test_a_server_that_counts_no_statements_says_what_it_lacks(database: Database, code: Path) -> None:
    terminal, mapping = Terminal(database.url), str(code.parent / "rcm.yaml")
    exit_code, error, hint = terminal.error("consolidate", "limits", mapping, "--statistics")
    assert (exit_code, error) == (5, "MS408")
    assert "shared_preload_libraries" in hint
    with migrator(database.url, "rcm") as conn:
        conn.execute("create table public.seen (queryid bigint, query text, calls bigint, dbid oid)")
        conn.execute(
            "insert into public.seen select 7, 'TRUNCATE workflow_trace', 3, oid from pg_database where datname = current_database()"
            " union all select 8, 'truncate workflow_steps', 3, 1"
        )
        [one], statements = statements_remembered(conn, MAPPING, relation=("public", "seen"))
        assert (one.place, one.table, one.text, statements) == ("pg_stat_statements:7", "workflow_trace", "TRUNCATE workflow_trace (3 calls)", 1)  # fmt: skip


@pytest.mark.skipif(not POSTGRES_15.exists(), reason="the embedded server has no pg_stat_statements")
def test_what_a_server_was_seen_to_run_is_looked_through(code: Path) -> None:
    mapping = str(code.parent / "rcm.yaml")
    with postgres_15({**QUICK, "shared_preload_libraries": "pg_stat_statements"}) as server:
        url = in_database(server.url, "postgres")
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("create schema watched")
            conn.execute("create extension pg_stat_statements schema watched")
            conn.execute("create table workflow_steps (step_id bigint)")
            conn.execute("create role reader login in role pg_read_all_settings")
            conn.execute("select xmin, step_id from workflow_steps where step_id = 1")
        result = Terminal(url).type("--json", "consolidate", "limits", mapping, "--statistics")
        [line] = [json.loads(line) for line in result.stdout.splitlines()]
        assert (result.exit_code, line["limit"], line["table"]) == (1, "xmin", "workflow_steps")
        assert line["place"].startswith("pg_stat_statements:")
        assert "(1 calls)" in line["text"]
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("grant usage on schema watched to reader")
        with (
            psycopg.connect(as_login(url, "reader")) as conn,
            pytest.raises(RightsMissing, match="hidden from reader"),
        ):
            statements_remembered(conn, MAPPING)


@pytest.mark.skipif(not POSTGRES_15.exists(), reason="the embedded server has no pg_stat_statements")
def test_an_extension_whose_library_is_not_loaded_counts_nothing(
    started_servers: Callable[[str], str],
) -> None:
    with psycopg.connect(in_database(started_servers("15"), "postgres")) as conn:
        conn.execute("create extension pg_stat_statements")
        with pytest.raises(StatisticsMissing, match="does not count"):
            statements_remembered(conn, MAPPING)
        conn.rollback()

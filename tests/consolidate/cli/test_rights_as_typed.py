"""The smallest role that consolidates: the whole life with it, and what is told when a right of it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem.model import DEFAULT_ORG
from servers import as_login
from typed import Terminal

TEXT = f"""
mapping: 1
system: small
source: {{kind: KIND, schema: old}}
tables:
  job:
    becomes: run
    key: id
    time: [made]
    columns: {{name: external_id, status: status, made: created_at}}
    constants: {{workflow_id: {{workflow: "'jobs'"}}, driver: recorded, channel: web, org_id: {{sql: "'{DEFAULT_ORG}'::uuid"}}}}
"""
LEDGER = {
    "GRANT mainstem_owner TO {login}": "REVOKE mainstem_owner FROM {login}",
    "ALTER ROLE {login} BYPASSRLS": "ALTER ROLE {login} NOBYPASSRLS",
    "GRANT CREATE ON DATABASE {database} TO {login}": "REVOKE CREATE ON DATABASE {database} FROM {login}",
    "GRANT SET ON PARAMETER session_replication_role TO {login}": "REVOKE SET ON PARAMETER session_replication_role FROM {login}",
}
SOURCE = {said: undo for said, undo in LEDGER.items() if "DATABASE" in said or "PARAMETER" in said}


def grant(database: Database, login: str, *statements: str) -> None:
    name = str(conninfo_to_dict(database.url)["dbname"])
    with psycopg.connect(database.url, autocommit=True) as conn:
        for said in statements:
            conn.execute(said.format(login=login, database=name).encode())


def old_tables(database: Database, login: str) -> None:
    grant(
        database, login,
        "create schema old authorization {login}",
        "create table old.job (id bigserial primary key, name text not null, status text, made timestamptz not null default now())",
        "insert into old.job (name, status) select 'j' || n, 'completed' from generate_series(1, 50) n",
        "alter table old.job owner to {login}",
    )  # fmt: skip


@pytest.fixture
def login(server_url: str, database: Database, empty_database: Database) -> Iterator[str]:
    """A role that may nothing yet; gone afterwards with all that it owned in the two databases."""
    name = f"mover_{uuid4().hex[:8]}"
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(SQL("create role {} login").format(Identifier(name)))
        yield name
        for place in (database, empty_database):
            grant(place, name, "reassign owned by {login} to postgres", "drop owned by {login}")
        conn.execute(SQL("drop role {}").format(Identifier(name)))


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    place = tmp_path / "small.yaml"
    place.write_text(TEXT.replace("KIND", "postgres"))
    return place


def there_and_back_and_to_the_end(terminal: Terminal, database: Database, schema: str) -> None:
    terminal.lines("consolidate", "copy", "--without-backup", "a sample")
    for verb in ("verify", "cutover", "status"):
        terminal.lines("consolidate", verb)
    database.rows(f"update {schema}.job set status = 'failed' where id = 1 returning 1")
    terminal.lines("consolidate", "rollback", "--yes")
    for verb in ("copy", "verify", "cutover", "report"):
        terminal.lines("consolidate", verb)
    terminal.lines("consolidate", "finish", "--typed", "small")
    assert database.value(f"select status from {schema}.job where id = 1") == "failed"


def test_the_smallest_role_goes_the_whole_way(database: Database, login: str, mapping: Path) -> None:
    old_tables(database, login)
    grant(database, login, *LEDGER)
    terminal = Terminal(as_login(database.url, login))
    terminal.lines("consolidate", "adopt", str(mapping))
    there_and_back_and_to_the_end(terminal, database, "old")


def test_the_smallest_roles_of_two_databases_go_the_whole_way(
    database: Database, empty_database: Database, login: str, mapping: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping.write_text(TEXT.replace("KIND", "remote"))
    old_tables(empty_database, login)
    grant(empty_database, login, *SOURCE)
    grant(database, login, *LEDGER)
    terminal = Terminal(as_login(database.url, login))
    monkeypatch.setenv("MAINSTEM_SOURCE_URL", as_login(empty_database.url, login))
    terminal.lines("consolidate", "adopt", str(mapping))
    there_and_back_and_to_the_end(terminal, database, "mainstem_landing_small")


@ON_ONE_SERVER
def test_each_right_that_is_missing_is_told_as_a_grant_before_anything_is_done(
    database: Database, login: str, mapping: Path
) -> None:
    old_tables(database, login)
    grant(database, login, *LEDGER)
    terminal = Terminal(as_login(database.url, login))
    name = str(conninfo_to_dict(database.url)["dbname"])
    not_its_own = {
        "ALTER TABLE old.job OWNER TO {login}": "ALTER TABLE old.job OWNER TO postgres",
        "GRANT CREATE ON SCHEMA old TO {login}": "ALTER SCHEMA old OWNER TO postgres",
    }
    for said, undo in {**LEDGER, **not_its_own}.items():
        grant(database, login, undo, "grant usage on schema old to {login}, mainstem_owner")
        code, error, hint = terminal.error("consolidate", "adopt", str(mapping))
        assert (code, error) == (5, "MS103"), said
        assert said.format(login=login, database=name) in hint.replace('"', "")
        assert database.rows("select 1 from pg_namespace where nspname = 'mainstem_consolidation'") == []
        grant(database, login, said)
    terminal.lines("consolidate", "adopt", str(mapping))
    grant(database, login, "ALTER ROLE {login} NOBYPASSRLS")
    assert terminal.error("consolidate", "copy", "--without-backup", "a sample")[:2] == (5, "MS103")
    assert database.rows("select 1 from pg_namespace where nspname = 'consolidation_small'") == []

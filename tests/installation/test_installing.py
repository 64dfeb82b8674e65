"""Installing and upgrading: every way ends in the same schema, or changes nothing and says what to do."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from time import monotonic
from typing import Any

import psycopg
import pytest
from pictures import installed_numbers, picture
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

from conftest import QUICK, Database
from mainstem.errors import RightsMissing, SchemaNewer, SchemaNotOurs, UpgradeBlocked
from mainstem.ledger import install
from mainstem.ledger.catalog import CODE, refuse_misfit
from mainstem.ledger.install import installation_script, upgrade, upgrade_from_nothing_by_migrations
from mainstem.postgres import wheel
from servers import as_login, embedded_server, postgres_15
from servers import database as fresh_database


def psql() -> Path:
    found = shutil.which("psql")
    return Path(found) if found else wheel.installation() / "bin" / "psql"


@contextmanager
def opened(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True, row_factory=tuple_row) as conn:
        yield conn


@pytest.fixture(scope="module")
def upgraded(server_url: str) -> Iterator[dict[str, str]]:
    """The picture of an empty database after `upgrade`."""
    with fresh_database(server_url) as url, opened(url) as conn:
        assert upgrade(conn) is None
        refuse_misfit(conn)
        yield picture(conn)


@pytest.fixture(scope="module")
def cluster_without_roles(server_url: str) -> Iterator[str]:
    """The superuser's URL of a new server of the same version, which has none of our roles."""
    with opened(server_url) as conn:
        is_15 = conn.info.server_version < 160000
    with postgres_15(QUICK) if is_15 else embedded_server(QUICK) as server:
        yield server.url


@pytest.fixture
def outsider(empty_database: Database) -> Iterator[str]:
    """A login that may connect and nothing more."""
    login = "outsider"
    with opened(empty_database.url) as conn:
        conn.execute(SQL("create role {} login").format(Identifier(login)))
        yield login
        conn.execute(SQL("drop owned by {0} cascade").format(Identifier(login)))
        conn.execute(SQL("drop role {0}").format(Identifier(login)))


def test_psql_installs_the_printed_script_as_upgrade_does(
    empty_database: Database, upgraded: dict[str, str], tmp_path: Path
) -> None:
    script = tmp_path / "mainstem.sql"
    script.write_text(installation_script(), encoding="utf-8")
    ran = subprocess.run(
        [psql(), "--no-psqlrc", "--quiet", "--dbname", empty_database.url, "--file", script],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    with opened(empty_database.url) as conn:
        refuse_misfit(conn)
        assert picture(conn) == upgraded


def test_the_script_stops_at_its_first_error_and_leaves_nothing(
    empty_database: Database, tmp_path: Path
) -> None:
    script = tmp_path / "mainstem.sql"
    script.write_text(
        installation_script().replace("insert into mainstem.schema_info", "insert into mainstem.nothing")
    )
    ran = subprocess.run(
        [psql(), "-Xq", "-d", empty_database.url, "-f", script], capture_output=True, check=False
    )
    assert ran.returncode == 3
    assert empty_database.value("select to_regnamespace('mainstem')") is None


def test_all_migrations_together_end_where_the_tables_are_now(
    empty_database: Database, upgraded: dict[str, str]
) -> None:
    with opened(empty_database.url) as conn:
        upgrade_from_nothing_by_migrations(conn)
        refuse_misfit(conn)
        assert picture(conn) == upgraded


def test_a_second_upgrade_changes_nothing(empty_database: Database, upgraded: dict[str, str]) -> None:
    with opened(empty_database.url) as conn:
        assert upgrade(conn) is None
        before = installed_numbers(conn)
        assert upgrade(conn) == CODE
        assert picture(conn) == upgraded
        assert installed_numbers(conn) == before
        refuse_misfit(conn)


def test_two_upgrades_of_one_empty_database_at_once_both_succeed(
    empty_database: Database, upgraded: dict[str, str]
) -> None:
    assert sorted(map(str, all_at_once([empty_database.url] * 2))) == ["1", "None"]
    with opened(empty_database.url) as conn:
        assert picture(conn) == upgraded


def test_who_may_create_roles_and_schemas_installs_without_being_a_superuser(
    cluster_without_roles: str, upgraded: dict[str, str]
) -> None:
    with fresh_database(cluster_without_roles) as url:
        with opened(url) as conn:
            conn.execute("create role installer login createrole")
            conn.execute(SQL("grant create on database {} to installer").format(Identifier(conn.info.dbname)))
        with opened(as_login(url, "installer")) as conn:
            assert upgrade(conn) is None
            assert upgrade(conn) == CODE
            assert picture(conn) == upgraded
            conn.execute("set role mainstem_app")
        with fresh_database(cluster_without_roles) as second:
            with opened(second) as conn:
                conn.execute(
                    SQL("grant create on database {} to installer").format(Identifier(conn.info.dbname))
                )
            with opened(as_login(second, "installer")) as conn:
                assert upgrade(conn) is None


def test_two_databases_of_a_server_without_our_roles_are_installed_at_once(
    cluster_without_roles: str,
) -> None:
    with fresh_database(cluster_without_roles) as one, fresh_database(cluster_without_roles) as other:
        assert all_at_once([one, other]) == [None, None]


def all_at_once(urls: list[str]) -> list[int | None]:
    together = Barrier(len(urls))

    def run(url: str) -> int | None:
        with opened(url) as conn:
            together.wait()
            return upgrade(conn)

    with ThreadPoolExecutor(len(urls)) as threads:
        return list(threads.map(run, urls))


@pytest.mark.parametrize(
    ("table", "lock"),
    [
        ("user_workflow_run", "access share"),  # an open transaction that has only read
        ("alembic_version", "access exclusive"),  # met by Alembic
        ("schema_info", "share"),  # met at the very end
    ],
)
def test_an_upgrade_that_meets_somebodys_lock_gives_up_within_seconds_and_changes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, table: str, lock: str
) -> None:
    monkeypatch.setattr(install, "LOCK_TIMEOUT", "200ms")
    with opened(database.url) as user, opened(database.url) as conn:
        conn.execute("alter view mainstem.v_failed_steps_analysis reset (security_invoker)")
        before = picture(conn), installed_numbers(conn)
        user.execute("begin")
        user.execute(f"lock table mainstem.{table} in {lock} mode")
        began = monotonic()
        with pytest.raises(UpgradeBlocked, match="lock timeout") as refused:
            upgrade(conn)
        assert monotonic() - began < 5
        assert "run it again" in str(refused.value)
        assert (picture(conn), installed_numbers(conn)) == before
        user.execute("rollback")
        upgrade(conn)


def test_a_schema_of_our_name_that_is_not_ours_is_left_alone(empty_database: Database) -> None:
    with opened(empty_database.url) as conn:
        conn.execute("create schema mainstem create table treasure (id integer)")
        for ask in (upgrade, refuse_misfit):
            with pytest.raises(SchemaNotOurs, match="alter schema mainstem rename"):
                ask(conn)
        assert conn.execute(
            "select count(*) from pg_class where relnamespace = 'mainstem'::regnamespace"
        ).fetchone() == (1,)


def test_a_login_without_rights_is_told_which_it_lacks(empty_database: Database, outsider: str) -> None:
    with opened(as_login(empty_database.url, outsider)) as conn:
        with pytest.raises(
            RightsMissing, match=f"alter role {outsider} createrole; grant create on database"
        ):
            upgrade(conn)
        assert conn.execute("select to_regnamespace('mainstem')").fetchone() == (None,)


def test_a_login_without_rights_is_told_so_where_the_schema_is_too(
    empty_database: Database, outsider: str
) -> None:
    with opened(empty_database.url) as conn:
        upgrade(conn)
    with opened(as_login(empty_database.url, outsider)) as conn, pytest.raises(RightsMissing, match=outsider):
        upgrade(conn)


def test_a_member_of_our_owner_upgrades(
    empty_database: Database, outsider: str, upgraded: dict[str, str]
) -> None:
    with opened(empty_database.url) as conn:
        upgrade(conn)
        conn.execute(SQL("grant mainstem_owner to {}").format(Identifier(outsider)))
    with opened(as_login(empty_database.url, outsider)) as conn:
        assert upgrade(conn) == CODE
        assert picture(conn) == upgraded


def test_a_newer_codes_schema_is_not_taken_back(database: Database) -> None:
    with opened(database.url) as conn:
        conn.execute(
            "update mainstem.schema_info set installed_code = installed_code + 1, max_code = max_code + 1"
        )
        before = picture(conn)
        with pytest.raises(SchemaNewer, match="pip install --upgrade mainstem"):
            upgrade(conn)
        assert picture(conn) == before


def test_a_signature_of_an_older_release_goes_and_a_function_of_ones_own_stays(database: Database) -> None:
    with opened(database.url) as conn:
        conn.execute(
            "create function mainstem.start_workflow_step(run_id uuid) returns uuid language sql as 'select run_id'"
        )
        conn.execute(
            "create function mainstem.mine(run_id uuid) returns uuid language sql as 'select run_id'"
        )
        upgrade(conn)
        left = conn.execute(
            "select oid::regprocedure::text from pg_proc where proname in ('start_workflow_step', 'mine') order by 1"
        ).fetchall()
        assert left == [("mainstem.mine(uuid)",), ("mainstem.start_workflow_step(uuid,uuid,integer,jsonb)",)]

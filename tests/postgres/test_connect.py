"""The way in: a role taken and checked on connect, on both ends of the versions, and every refusal with its remedy."""

import asyncio
import select
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from mainstem.errors import BadArgument, MainstemError, RightsMissing, ServerTooOld, Unreachable
from mainstem.postgres import Limits, Role, Session, aconnect, aset_up, check_server, connect, set_up
from mainstem.postgres.processes import wait_until
from pooler import transaction_pooler
from servers import POSTGRES_15, as_login, embedded_server, postgres_15

ROLES = """
create role mainstem_owner nologin; create role mainstem_app nologin; create role mainstem_worker nologin;
create role mainstem_reader nologin; create role mainstem_search nologin; create role mainstem_tenant nologin;
create role clerk login;     grant mainstem_app to clerk;
create role engine login;    grant mainstem_worker to engine;
create role stranger login; create role climber login;
create role greedy login;    grant mainstem_app, mainstem_owner to greedy;
create role godlike login bypassrls; grant mainstem_app to godlike;
create role secret login password 'opensesame'; grant mainstem_app to secret;
"""


needs_15 = pytest.mark.skipif(not POSTGRES_15.exists(), reason="PostgreSQL 15 is not installed")


@pytest.fixture(scope="module", params=[18, pytest.param(15, marks=needs_15)])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    opened = embedded_server() if request.param == 18 else postgres_15()
    with opened as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(ROLES)
        yield server.url


Ask: TypeAlias = Callable[..., Any]


def _ask(
    url: str, question: str = "select 1", *, role: str | None = Role.APP, limits: Limits | None = None
) -> Any:
    with connect(url, role=role, application_name="test", limits=limits) as connection:
        return connection.execute(question).fetchone()


def _aask(
    url: str, question: str = "select 1", *, role: str | None = Role.APP, limits: Limits | None = None
) -> Any:
    async def ask() -> Any:
        async with await aconnect(url, role=role, application_name="test", limits=limits) as connection:
            return await (await connection.execute(question)).fetchone()

    return asyncio.run(ask())


@pytest.fixture(params=[_ask, _aask], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    chosen: Ask = request.param
    return chosen


def test_the_superuser_becomes_the_role_and_is_a_superuser_no_more(url: str, ask: Ask) -> None:
    question = (
        "select current_user::text, current_setting('is_superuser'), current_setting('application_name')"
    )
    assert ask(url, question) == ("mainstem_app", "off", "test")


def test_a_login_becomes_the_role_it_was_granted(url: str, ask: Ask) -> None:
    assert ask(as_login(url, "clerk"), "select session_user::text, current_user::text") == (
        "clerk",
        "mainstem_app",
    )


def test_without_a_role_the_login_stays_what_it_is(url: str, ask: Ask) -> None:
    assert ask(url, "select current_user::text", role=None) == ("postgres",)


def test_what_is_set_outlives_a_rollback(url: str) -> None:
    with connect(url, role=Role.WORKER, application_name="test") as connection:
        with connection.transaction(force_rollback=True):
            connection.execute("select 1")
        assert connection.execute("select current_user::text").fetchone() == ("mainstem_worker",)


def test_a_worker_does_not_hang_in_a_transaction(url: str, ask: Ask) -> None:
    question = """select current_setting('idle_in_transaction_session_timeout'),
                         current_setting('transaction_timeout', true)"""
    known = "10s" if ask(url, "show server_version_num") >= ("170000",) else None
    assert ask(url, question, role=Role.WORKER) == ("10s", known)
    assert ask(url, question, role=Role.APP)[0] == "0"


def test_limits_are_chosen_and_end_a_session_that_hangs(url: str) -> None:
    with connect(
        url, role=Role.APP, application_name="test", limits=Limits(idle_in_transaction=0.02)
    ) as connection:
        connection.execute("begin")
        readable, _, _ = select.select([connection.pgconn.socket], [], [], 10)
        assert readable
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            connection.execute("select 1")


def test_a_dead_peer_is_noticed_within_a_lease_unless_the_url_says_otherwise(url: str) -> None:
    with connect(url, role=Role.WORKER, application_name="test") as connection:
        assert connection.info.get_parameters()["keepalives_idle"] == "5"
    with connect(f"{url}&keepalives_idle=77", role=Role.WORKER, application_name="test") as connection:
        assert connection.info.get_parameters()["keepalives_idle"] == "77"
        assert connection.autocommit


@pytest.mark.parametrize("pooler", ["", "&pooler=transaction"])
def test_a_login_without_the_role_is_told_which_grant_to_run(url: str, ask: Ask, pooler: str) -> None:
    with pytest.raises(RightsMissing, match='GRANT mainstem_worker TO "stranger"'):
        ask(as_login(url, "stranger") + pooler, role=Role.WORKER)


def test_a_role_that_is_not_there_yet_is_told_with_the_upgrade(url: str, ask: Ask) -> None:
    with pytest.raises(RightsMissing, match=r'"mainstem_nobody" does not exist.*mainstem db upgrade'):
        ask(url, role="mainstem_nobody")


@pytest.mark.parametrize("power", ["superuser", "bypassrls"])
def test_a_role_above_row_level_security_does_not_serve(url: str, ask: Ask, power: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"alter role mainstem_reader {power}")
        try:
            with pytest.raises(
                RightsMissing, match=r"ALTER ROLE \"mainstem_reader\" NOSUPERUSER NOBYPASSRLS"
            ):
                ask(url, role=Role.READER)
        finally:
            connection.execute(f"alter role mainstem_reader no{power}")


def test_a_role_that_was_granted_a_stronger_one_does_not_serve(url: str, ask: Ask) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("grant mainstem_owner to mainstem_app")
        try:
            with pytest.raises(RightsMissing, match='REVOKE mainstem_owner FROM "mainstem_app"'):
                ask(url, role=Role.APP)
        finally:
            connection.execute("revoke mainstem_owner from mainstem_app")


def test_behind_a_transaction_pooler_the_login_itself_is_judged(url: str, ask: Ask) -> None:
    pooled = "&pooler=transaction"
    question = "select current_user::text, current_setting('idle_in_transaction_session_timeout')"
    assert ask(as_login(url, "clerk") + pooled, question) == ("clerk", "0")
    assert ask(as_login(url, "engine") + pooled, question, role=Role.WORKER) == ("engine", "0")
    with pytest.raises(RightsMissing, match='REVOKE mainstem_owner FROM "greedy"'):
        ask(as_login(url, "greedy") + pooled)
    for login in ("postgres", "godlike"):
        with pytest.raises(RightsMissing, match=f'ALTER ROLE "{login}" NOSUPERUSER NOBYPASSRLS'):
            ask(as_login(url, login) + pooled)


def test_a_pooler_of_an_unknown_mode_is_an_error(url: str, ask: Ask) -> None:
    with pytest.raises(BadArgument, match="pooler=statement"):
        ask(f"{url}&pooler=statement")


def test_the_pooler_is_taken_out_of_the_url_and_nothing_else_changes() -> None:
    for given, left in [
        (
            "postgresql:///x?host=/a%20b&pooler=transaction&options=-c%20a%3Db+c",
            "host='/a b' options='-c a=b+c'",
        ),
        (
            "postgresql://u:p%3Fpooler%3Dsession@h/x?pooler=transaction",
            "user=u password='p?pooler=session' host=h",
        ),
    ]:
        session = Session.at(given, role=Role.APP, application_name="test")
        assert session.pooler == "transaction"
        assert conninfo_to_dict(left).items() <= conninfo_to_dict(session.conninfo).items()
    assert Session.at("host=h dbname=x", role=None, application_name="test").pooler is None
    assert (
        Session.at("postgresql://h/x?pooler=session", role=None, application_name="test").pooler == "session"
    )


def test_a_login_that_could_make_itself_a_stronger_role_does_not_serve(url: str, ask: Ask) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("grant mainstem_app to climber")
        connection.execute("alter role climber noinherit")
        connection.execute("grant mainstem_owner to climber")
        connection.execute("set role climber")
        assert connection.execute("select pg_has_role('mainstem_owner', 'usage')").fetchone() == (False,)
    # Before 16 who inherits no role inherits not even this one.
    with pytest.raises(RightsMissing, match=r'(REVOKE mainstem_owner FROM|GRANT mainstem_app TO) "climber"'):
        ask(as_login(url, "climber") + "&pooler=transaction")


def test_a_pooler_that_nobody_mentioned_is_found_out(url: str, ask: Ask) -> None:
    with transaction_pooler(as_login(url, "clerk")) as pooler:
        with psycopg.connect(
            pooler.url, autocommit=True
        ) as unaware:  # SET ROLE holds for one transaction in two
            unaware.execute("set role mainstem_app")
            held = {unaware.execute("select current_user::text").fetchone() for _ in range(2)}
        assert held == {("clerk",), ("mainstem_app",)}
        with pytest.raises(RightsMissing, match=r"pooler=transaction or pooler=session"):
            ask(pooler.url)


def test_behind_a_transaction_pooler_the_role_holds_in_every_transaction(url: str) -> None:
    with transaction_pooler(as_login(url, "clerk")) as pooler:
        with connect(
            f"{pooler.url}&pooler=transaction", role=Role.APP, application_name="test"
        ) as connection:
            question = "select pg_backend_pid(), pg_has_role(current_user, 'mainstem_app', 'usage'), %s::int"
            seen = [connection.execute(question, [n]).fetchone() for n in range(20)]
        assert len({row[0] for row in seen if row}) == 2
        assert {row[1] for row in seen if row} == {True}


def test_a_session_serves_a_pool(url: str) -> None:
    session = Session.at(url, role=Role.APP, application_name="test")
    with (
        ConnectionPool(
            session.conninfo,
            kwargs=session.options,
            configure=partial(set_up, session),
            min_size=1,
            open=True,
        ) as pool,
        pool.connection() as connection,
    ):
        assert connection.execute("select current_user::text").fetchone() == ("mainstem_app",)


async def test_a_session_serves_an_asynchronous_pool(url: str) -> None:
    session = Session.at(url, role=Role.APP, application_name="test")
    async with (
        AsyncConnectionPool(
            session.conninfo,
            kwargs=session.options,
            configure=partial(aset_up, session),
            min_size=1,
            open=False,
        ) as pool,
        pool.connection() as connection,
    ):
        cursor = await connection.execute("select current_user::text")
        assert await cursor.fetchone() == ("mainstem_app",)


def test_a_refused_session_leaves_no_connection_open(url: str, ask: Ask) -> None:
    with pytest.raises(RightsMissing):
        ask(as_login(url, "stranger"))
    with psycopg.connect(url, autocommit=True) as connection:
        count = "select count(*) from pg_stat_activity where usename = 'stranger'"
        assert wait_until(lambda: connection.execute(count).fetchone() == (0,), seconds=10)


def test_an_older_server_is_refused(url: str, ask: Ask) -> None:
    with transaction_pooler(url, server_version="14.9") as old:
        with pytest.raises(ServerTooOld, match=r"PostgreSQL 14.*15 or newer.*upgrade"):
            ask(old.url)
        with psycopg.connect(old.url) as connection, pytest.raises(ServerTooOld):
            check_server(connection)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql://a:opensesame@127.0.0.1:{port}/x", r"127\.0\.0\.1, port {port}.*refused.*MAINSTEM_URL"),
        ("postgresql://a:opensesame@no-such-host.invalid/x", r"no-such-host\.invalid.*MAINSTEM_URL"),
        ("postgresql://a:opensesame@/x?host=/nowhere", r"/nowhere.*MAINSTEM_URL"),
        ("host=/nowhere password=opensesame", r"/nowhere.*MAINSTEM_URL"),
        ("postgresql://a:opensesame@h:port/x", r"libpq"),
        ("postgresql://a:opensesame/1@h/x", r"%-escapes in the password"),
        ("opensesame", r"%-escapes in the password"),
    ],
)
def test_a_server_that_is_not_there_is_told_without_the_password(ask: Ask, address: str, told: str) -> None:
    port = unused_port()
    with pytest.raises(Unreachable, match=told.format(port=port)) as refusal:
        ask(address.format(port=port))
    assert str(refusal.value).isprintable()
    assert "opensesame" not in _everything_said(refusal.value)


def _everything_said(error: BaseException | None) -> str:
    said = ""
    while error is not None:
        said += f"{error} {vars(error) if isinstance(error, MainstemError) else ''}"
        error = (
            None
            if error.__suppress_context__ and error.__cause__ is None
            else error.__cause__ or error.__context__
        )
    return said


def test_a_database_that_is_not_there_is_told_with_the_statement_that_makes_it(url: str, ask: Ask) -> None:
    with pytest.raises(Unreachable, match=r"CREATE DATABASE ledger"):
        ask(url.replace("/postgres?", "/ledger?"))


def test_a_login_that_is_not_there_is_a_matter_of_rights(url: str, ask: Ask) -> None:
    with pytest.raises(RightsMissing, match=r'role "ghost" does not exist.*MAINSTEM_URL'):
        ask(as_login(url, "ghost"))


@pytest.fixture(scope="module")
def guarded(url: str) -> str:
    """The server, asking one login for a password and letting another not in at all."""
    rules = Path(str(conninfo_to_dict(url)["host"])) / "pg_hba.conf"
    rules.write_text(f"local all secret scram-sha-256\nlocal all stranger reject\n{rules.read_text()}")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select pg_reload_conf()")
    assert wait_until(lambda: not _opens(as_login(url, "secret")), seconds=10)
    return url


def _opens(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.parametrize(
    ("login", "told"),
    [
        ("secret:wrong", "password authentication failed"),
        ("secret", "no password"),
        ("stranger", "pg_hba.conf"),
    ],
)
def test_a_login_that_is_not_let_in_is_a_matter_of_rights(
    guarded: str, ask: Ask, login: str, told: str
) -> None:
    with pytest.raises(RightsMissing, match=rf"{told}.*MAINSTEM_URL") as refusal:
        ask(as_login(guarded, login))
    assert "wrong" not in str(refusal.value)
    assert ask(as_login(guarded, "secret:opensesame")) == (1,)

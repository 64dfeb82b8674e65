"""The way in: connections that have taken their role, and refusals that say what to do.

The synchronous and the asynchronous way perform the same `Session`; nothing is decided here twice.
"""

import re
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow, class_row

from mainstem.errors import DatabaseError, RightsMissing, ServerTooOld, Unreachable
from mainstem.postgres.session import SET, STANDING, Limits, Session, Standing, grant
from mainstem.postgres.times import read_every_time

Connection: TypeAlias = psycopg.Connection[TupleRow]
AsyncConnection: TypeAlias = psycopg.AsyncConnection[TupleRow]

OLDEST_SERVER = 150000
_DENIED = re.compile(
    r'authentication failed|no password supplied|role "[^"]*" does not exist'
    r"|not permitted to log in|pg_hba\.conf|permission denied"
)


def connect(url: str, *, role: str | None, application_name: str, limits: Limits | None = None) -> Connection:
    """An autocommitting connection in this role.

    Without a role it stays the login, superuser or not: for upgrades. Without `limits` it has those of its role:
    a worker's session does not hang in a transaction for longer than ten seconds.
    """
    session = Session.at(url, role=role, application_name=application_name, limits=limits)
    with ExitStack() as undo:
        with _reported(session):
            connection = Connection.connect(session.conninfo, **session.options)
        undo.callback(connection.close)
        set_up(session, connection)
        undo.pop_all()
    return connection


async def aconnect(
    url: str, *, role: str | None, application_name: str, limits: Limits | None = None
) -> AsyncConnection:
    """`connect`, asynchronous."""
    session = Session.at(url, role=role, application_name=application_name, limits=limits)
    async with AsyncExitStack() as undo:
        with _reported(session):
            connection = await AsyncConnection.connect(session.conninfo, **session.options)
        undo.push_async_callback(connection.close)
        await aset_up(session, connection)
        undo.pop_all()
    return connection


def set_up(session: Session, connection: psycopg.Connection[Any]) -> None:
    """Make a new connection the session's. `partial(set_up, session)` is a pool's `configure`."""
    check_server(connection)
    read_every_time(connection)
    with _reported(session), connection.cursor(row_factory=class_row(Standing)) as cursor:
        cursor.execute(SET, session.settings(connection.info.server_version))
        cursor.execute(STANDING, {"ours": session.roles})
        [standing] = cursor.fetchall()
    session.judge(standing, backend_pid=connection.info.backend_pid)


async def aset_up(session: Session, connection: psycopg.AsyncConnection[Any]) -> None:
    """`set_up`, asynchronous."""
    check_server(connection)
    read_every_time(connection)
    with _reported(session):
        async with connection.cursor(row_factory=class_row(Standing)) as cursor:
            await cursor.execute(SET, session.settings(connection.info.server_version))
            await cursor.execute(STANDING, {"ours": session.roles})
            [standing] = await cursor.fetchall()
    session.judge(standing, backend_pid=connection.info.backend_pid)


def check_server(connection: psycopg.BaseConnection[Any]) -> None:
    version = connection.info.server_version
    if version < OLDEST_SERVER:
        raise ServerTooOld(
            f"The server is PostgreSQL {version // 10000}, and mainstem needs 15 or newer",
            hint="upgrade it, or unset MAINSTEM_URL to use the embedded server",
        )


@contextmanager
def _reported(session: Session) -> Iterator[None]:
    """Errors of psycopg as ours. Works around `await` too: it only looks at what is raised."""
    try:
        yield
    except (psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege) as error:
        raise _not_granted(session, error) from error
    except psycopg.OperationalError as error:
        raise _failure(session, error) from error


def _not_granted(session: Session, error: psycopg.Error) -> RightsMissing:
    login = conninfo_to_dict(session.conninfo).get("user") or "the login role"
    return RightsMissing(
        f"{login} cannot become {session.role}: {error.diag.message_primary}",
        hint=f"after `mainstem db upgrade`, run as an administrator: {grant(str(session.role), str(login))}",
    )


def _failure(session: Session, error: psycopg.OperationalError) -> DatabaseError:
    """For a refused connection libpq gives no SQLSTATE, only the server's words."""
    said = "; ".join(line for line in str(error).splitlines() if not line.startswith("\t"))
    given = conninfo_to_dict(session.conninfo)
    if _DENIED.search(said) or (error.pgconn is not None and error.pgconn.needs_password):
        return RightsMissing(
            f"The server refused the login: {said}", hint="correct the user and password in MAINSTEM_URL"
        )
    if re.search(r'database "[^"]*" does not exist', said):
        return Unreachable(said, hint=f"CREATE DATABASE {given.get('dbname')}, or correct MAINSTEM_URL")
    return Unreachable(
        f"No PostgreSQL serves {given.get('host', 'the default host')}, port {given.get('port', 5432)}: {said}",
        hint="start the server or correct MAINSTEM_URL; without MAINSTEM_URL the embedded server is used",
    )

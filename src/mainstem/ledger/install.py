"""Installation: one transaction for roles, tables, functions, views and the fingerprint of all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from typing import Any, LiteralString

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import Connection, errors
from psycopg.sql import SQL
from sqlalchemy import Connection as AlembicConnection
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from mainstem.errors import RightsMissing, SchemaNewer, UpgradeBlocked
from mainstem.ledger.catalog import (
    CODE,
    NOBODYS_PATH,
    OLDEST_CODE,
    drifts,
    installed_code,
    refuse_drift,
    sql_text,
)

LOCK_TIMEOUT = "3s"
"""How long an upgrade waits for a table that somebody uses before it gives up, with nothing changed."""

_ALEMBIC_TABLE: LiteralString = (
    "create table mainstem.alembic_version ("
    "version_num varchar(32) not null, constraint alembic_version_pkc primary key (version_num));\n"
)
_AS_OWNER: LiteralString = "set local role mainstem_owner;\nset local check_function_bodies = off;\n"
"""Functions call one another: their bodies are not looked at until all are there."""


STEPS = ("tables", "functions", "views, policies and rights", "fingerprint")
"""What an upgrade does, in order; `tell` hears each as it begins."""


def _silent(_step: str) -> None:
    """Nobody watches."""


def upgrade(conn: Connection[Any], *, tell: Callable[[str], object] = _silent) -> int | None:
    """Bring the database to this code's schema: install, migrate, or install functions and views anew.

    conn: of a login that may create roles, or that is a member of ours; it is left idle. Gives the number that was
    installed before, None for a database that had no schema. Called twice it changes nothing the second time.
    tell: called with each of STEPS as it begins.
    Raises SchemaNotOurs, SchemaNewer, RightsMissing, UpgradeBlocked when somebody holds a lock on our tables, and
    SchemaDrifted when one of them is not as installed: only `store_fingerprint` makes that the norm.
    """
    return _install(conn, tell, from_migrations=False)


def upgrade_from_nothing_by_migrations(conn: Connection[Any]) -> int | None:
    """As `upgrade`, with the oldest release's way: every migration in turn. Both ways end in the same catalog."""
    return _install(conn, _silent, from_migrations=True)


def _install(conn: Connection[Any], tell: Callable[[str], object], *, from_migrations: bool) -> int | None:
    tables, functions, rights, fingerprint = STEPS
    try:
        with _transaction(conn) as alembic:
            _alone(conn)
            tell(tables)
            before = installed_code(conn)
            if before is None and not from_migrations:
                conn.execute(fresh_sql())
            else:
                _refuse_what_it_cannot_mend(conn, before)
                conn.execute(roles_sql())
                _migrate(conn, alembic)
            tell(functions)
            conn.execute(functions_sql())
            _drop_outgrown_functions(conn)
            tell(rights)
            conn.execute(repeatable_sql())
            tell(fingerprint)
            store_fingerprint(conn)
    except errors.LockNotAvailable as blocked:
        raise UpgradeBlocked(
            f"somebody uses our tables: {blocked}",
            hint="run it again; `select * from pg_stat_activity` tells who",
        ) from blocked
    except errors.InsufficientPrivilege as refused:
        login, database = conn.info.user, conn.info.dbname
        raise RightsMissing(
            f"the login {login} may not install: {refused.diag.message_primary}",
            hint=f"as a superuser: alter role {login} createrole; grant create on database {database} to {login}; "
            f"where our roles exist already: grant mainstem_owner to {login}; "
            "or run `mainstem db upgrade` once with a superuser's MAINSTEM_URL",
        ) from refused
    return before


def store_fingerprint(conn: Connection[Any]) -> None:
    """Take what is there now for what was installed: what drifted before is the norm from here on."""
    conn.execute(_fingerprint_sql())


def installation_script() -> str:
    """The whole installation for an empty database as one text for `psql -f`."""
    parts = (
        "\\set ON_ERROR_STOP on\nbegin;\n",
        fresh_sql(),
        functions_sql(),
        repeatable_sql(),
        _fingerprint_sql(),
        "commit;\n",
    )
    return "".join(parts)


def roles_sql() -> LiteralString:
    """The roles of the house, where they are not there yet."""
    return sql_text("roles.sql")


def fresh_sql() -> LiteralString:
    """Roles, schema, foundation and tables for a database that has none, at the newest migration."""
    return "".join(
        (
            roles_sql(),
            *_texts("foundation")[:1],  # the schema itself, made by the login and owned by mainstem_owner
            _AS_OWNER,
            *_texts("foundation")[1:],
            *_texts("tables"),
            _ALEMBIC_TABLE,
            f"insert into mainstem.alembic_version values ('{_newest_migration()}');\n",
        )
    )


def functions_sql() -> LiteralString:
    """Every function: installed whole at each upgrade, those too on which tables stand."""
    return "".join((_AS_OWNER, *_texts("foundation")[1:], *_texts("functions")))


def repeatable_sql() -> LiteralString:
    """Views, policies, rights and the rows that are always there: as the functions before them, at each upgrade."""
    names = ("security.sql", "grants.sql", "defaults.sql")
    return "".join((*_texts("views"), *map(sql_text, names)))


@contextmanager
def _transaction(conn: Connection[Any]) -> Iterator[AlembicConnection]:
    """One transaction that Alembic and we share on one connection; it commits at the end."""
    conn.autocommit = False
    engine = create_engine("postgresql+psycopg://", creator=lambda: conn, poolclass=StaticPool)
    try:
        with engine.begin() as bound:
            yield bound
    finally:
        conn.autocommit = True


def _alone(conn: Connection[Any]) -> None:
    conn.execute("select pg_advisory_xact_lock(hashtext('mainstem.upgrade'))")
    conn.execute(SQL("set local lock_timeout = {}").format(LOCK_TIMEOUT))


def _refuse_what_it_cannot_mend(conn: Connection[Any], before: int | None) -> None:
    if before is not None and before > CODE:
        raise SchemaNewer(
            f"code {before} installed this schema, and this is code {CODE}: an upgrade would take it back",
            hint="run `pip install --upgrade mainstem`",
        )
    if before == CODE and _is_worded_as_today(conn):  # an older code's fingerprint may look at other things
        refuse_drift([drift for drift in drifts(conn) if not drift.is_reinstalled])


def _is_worded_as_today(conn: Connection[Any]) -> bool:
    """Another major version of PostgreSQL says the same in other words."""
    found = conn.execute(
        "select server_major = current_setting('server_version_num')::integer / 10000 from mainstem.schema_info"
    ).fetchone()
    return found == (True,)


def _migrate(conn: Connection[Any], alembic: AlembicConnection) -> None:
    if conn.execute("select to_regnamespace('mainstem') is null").fetchone() == (True,):
        conn.execute(_texts("foundation")[0])
    conn.execute(_AS_OWNER)
    with as_file(files("mainstem.ledger").joinpath("migrations")) as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = alembic
        try:
            command.upgrade(config, "head")
        except DBAPIError as wrapped:
            raise wrapped.orig or wrapped from wrapped


def _drop_outgrown_functions(conn: Connection[Any]) -> None:
    """A signature that this installation did not write is an older release's: two of one name would be ambiguous.

    Only before the rights are given again: a grant writes the rows of all functions, the outgrown ones too.
    """
    names = re.findall(r"create or replace function mainstem\.(\w+)\(", functions_sql())
    outgrown = conn.execute(
        "select oid::regprocedure::text from pg_proc where pronamespace = 'mainstem'::regnamespace"
        " and proname = any(%s) and xmin <> pg_current_xact_id()::xid",
        [names],
    ).fetchall()
    for (signature,) in outgrown:
        conn.execute(SQL(f"drop function {signature}"))  # quoted by regprocedure's own output


def _fingerprint_sql() -> LiteralString:
    """Store what is there now as what was installed."""
    return (
        NOBODYS_PATH + "delete from mainstem.schema_info;\n"
        "insert into mainstem.schema_info (installed_code, min_code, max_code, server_major, fingerprint)\n"
        f"select {CODE}, {OLDEST_CODE}, {CODE}, current_setting('server_version_num')::integer / 10000, "
        "jsonb_object_agg(object, coalesce(definition, '')) from (\n"
        + sql_text("fingerprint.sql")
        + ") found;\n"
    )


def _newest_migration() -> str:
    with as_file(files("mainstem.ledger").joinpath("migrations")) as folder:
        return ScriptDirectory(str(folder)).get_current_head() or ""


def _texts(folder: str) -> list[LiteralString]:
    found = files("mainstem.ledger").joinpath("sql", folder).iterdir()
    return [sql_text(f"{folder}/{name}") for name in sorted(file.name for file in found)]

"""Real servers for tests: the embedded PostgreSQL 18, a private 15, and a transaction pooler before either."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from mainstem.postgres import EmbeddedServer, embedded
from mainstem.postgres.account import account_for
from mainstem.postgres.cluster import Cluster

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
"""Bytes that are free there before a cluster is made: those of all processes of a test run take less than half."""


@contextmanager
def open_directory(place: Path | None = None) -> Iterator[Path]:
    """A temporary directory that the server's account may enter, which pytest's `tmp_path` is not for root."""
    path = Path(tempfile.mkdtemp(prefix="mainstem-test-", dir=place))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def place_for(settings: Mapping[str, str] | None) -> Path | None:
    """Memory, where the machine has it to spare, for a server that writes nothing through to its disk; else None.

    What can be lost with the machine has no need of a disk. The wheel's programs may be copied there, and must run.
    """
    if (settings or {}).get("fsync") != "off" or "TMPDIR" in os.environ or not MEMORY.is_dir():
        return None
    found = os.statvfs(MEMORY)
    fits = found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC
    return MEMORY if fits else None


def copy_of(data: Path, place: Path) -> Path:
    """Another data directory with the same cluster in it, quicker than making one."""
    account = account_for(data)
    shutil.copytree(data, place, symlinks=True, ignore=shutil.ignore_patterns(".s.PGSQL.*"))
    for path in (place, *place.rglob("*")):
        account.own(path)
    return place


@contextmanager
def embedded_server(settings: Mapping[str, str] | None = None) -> Iterator[EmbeddedServer]:
    """A new embedded server of its own, gone afterwards."""
    with (
        open_directory(place_for(settings)) as place,
        embedded(place / "data", settings=settings) as server,
    ):
        yield server


@contextmanager
def postgres_15(settings: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A private PostgreSQL 15 from the system's packages; its `url` is the superuser's, over the socket."""
    with open_directory(place_for(settings)) as place:
        account = account_for(place / "data")
        account.own(place)
        cluster = Cluster(place / "data", account, POSTGRES_15)
        made = account.run(
            POSTGRES_15 / "initdb", "--pgdata", cluster.directory, "--username=postgres", "--encoding=UTF8",
            "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync",
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        cluster.ensure_running(settings or {})
        try:
            yield cluster
        finally:
            cluster.stop("immediate")


@contextmanager
def shut(url: str) -> Iterator[None]:
    """Meanwhile nobody gets into this database, and who was in it is out."""
    name = str(conninfo_to_dict(url)["dbname"])
    let = SQL("alter database {} allow_connections {}")
    with psycopg.connect(in_database(url, "postgres"), autocommit=True) as conn:
        conn.execute(let.format(Identifier(name), SQL("false")))
        conn.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        try:
            yield
        finally:
            conn.execute(let.format(Identifier(name), SQL("true")))


@contextmanager
def database(url: str, template: str | None = None) -> Iterator[str]:
    """The URL of a new database on the server, a copy of `template` if given; dropped afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    copied = SQL(" template {} strategy file_copy").format(Identifier(template)) if template else SQL("")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SQL("create database {}").format(Identifier(name)) + copied)
    try:
        yield in_database(url, name)
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(SQL("drop database {} with (force)").format(Identifier(name)))


def in_database(url: str, name: str) -> str:
    """The same server and user, another database; a URL, so that SQLAlchemy takes it too."""
    given = conninfo_to_dict(url)
    user, host, port = given["user"], given["host"], given.get("port", "5432")
    password = f":{given['password']}" if given.get("password") else ""
    return f"postgresql://{user}{password}@/{name}?host={host}&port={port}"


def as_login(url: str, user: str) -> str:
    """The same database, over a socket that trusts, as another login."""
    return url.replace("//postgres@", f"//{user}@", 1)

"""The server that every figure is taken on: an embedded PostgreSQL 18 of the bench's own, default durability."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from mainstem.ledger.install import upgrade
from mainstem.postgres import EmbeddedServer, embedded

SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "max_connections": "200",
}
"""No checkpoint falls into a window; durability (fsync, synchronous_commit, full_page_writes) is as PostgreSQL has it."""


@contextmanager
def bench_server(kept: Path | None = None) -> Iterator[EmbeddedServer]:
    """A new server in a directory of its own, gone afterwards; or the one of this directory, which stays."""
    place = kept or Path(tempfile.mkdtemp(prefix="mainstem-bench-"))
    place.mkdir(exist_ok=True)
    place.chmod(0o755)
    try:
        with embedded(place / "data", settings=SETTINGS) as server:
            yield server
    finally:
        if kept is None:
            shutil.rmtree(place, ignore_errors=True)


def found_or_made(server: EmbeddedServer, name: str) -> tuple[str, bool]:
    """The superuser's URL of a database with the ledger in it, and whether it was made now. It is not dropped."""
    url = server.url.replace("/postgres?", f"/{name}?", 1)
    with psycopg.connect(server.url, autocommit=True) as conn:
        if conn.execute("select from pg_database where datname = %s", [name]).fetchone() is not None:
            return url, False
        conn.execute(f"create database {name}")
    with psycopg.connect(url, autocommit=True) as conn:
        upgrade(conn)
    return url, True


@contextmanager
def ledger_database(server: EmbeddedServer, template: str | None = None) -> Iterator[str]:
    """The superuser's URL of a new database with the ledger in it, or a copy of another; dropped afterwards."""
    name = f"bench_{secrets.token_hex(4)}"
    with database(server, name, template) as url:
        if template is None:
            with psycopg.connect(url, autocommit=True) as conn:
                upgrade(conn)
        yield url


@contextmanager
def database(server: EmbeddedServer, name: str, template: str | None = None) -> Iterator[str]:
    """The superuser's URL of a new database; dropped afterwards."""
    with psycopg.connect(server.url, autocommit=True) as conn:
        conn.execute(f"create database {name} template {template or 'template1'} strategy file_copy")
    try:
        yield server.url.replace("/postgres?", f"/{name}?", 1)
    finally:
        with psycopg.connect(server.url, autocommit=True) as conn:
            conn.execute(f"drop database {name} with (force)")

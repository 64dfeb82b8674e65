"""Backups of PostgreSQL: a dump and digests of one snapshot, proved by restoring into a scratch database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors
from psycopg.sql import SQL, Identifier, Literal

from mainstem.consolidate.backup import catalog, digests
from mainstem.consolidate.backup.catalog import Objects, Selection
from mainstem.consolidate.backup.digests import Digest
from mainstem.consolidate.backup.programs import KNOWS_TRANSACTION_TIMEOUT, Programs, programs_for
from mainstem.consolidate.backup.target import Postgres, pinned
from mainstem.errors import BackupFailed, ScratchRefused

FILE = "database.dump"
_ELSEWHERE = ("--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions")
"""What a scratch database does without: rights of its own, and anything that would speak to other servers."""
_MAJOR = 10_000


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds, as one snapshot sees it."""

    server: str
    digests: Mapping[str, Digest]
    sequences: Mapping[str, int]
    objects: Objects


def dump(target: Postgres, file: Path, selection: Selection) -> Contents:
    """Write the dump, and digest what it holds in the same snapshot."""
    with _reported("the dump"), pinned(target) as conn:
        programs = programs_for(major_of(conn))
        conn.execute("begin isolation level repeatable read, read only")
        [(snapshot,)] = conn.execute("select pg_export_snapshot()").fetchall()
        before = catalog.sequences(conn, selection)  # no snapshot holds them: writers are ahead afterwards
        chosen = [f"--schema={_pattern(name)}" for name in selection.schemas]
        chosen += [f"--table={'.'.join(map(_pattern, name.split('.', 1)))}" for name in selection.tables]
        programs.run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={file}", *chosen, target=target)  # fmt: skip
        found = replace(contents(conn, selection), sequences=before)
        conn.execute("rollback")
    return found


def contents(conn: psycopg.Connection[Any], selection: Selection) -> Contents:
    """Everything that is compared; on a pinned connection."""
    held = {
        f"{schema}.{table}": digests.of_postgres(conn, schema, table)
        for schema, table in catalog.tables(conn, selection)
    }
    return Contents(
        str(conn.info.server_version), held, catalog.sequences(conn, selection), catalog.objects(conn)
    )


def contents_of(target: Postgres, selection: Selection) -> Contents:
    """As `contents`, in a snapshot of its own."""
    with _reported("reading"), pinned(target) as conn:
        conn.execute("begin isolation level repeatable read, read only")
        return contents(conn, selection)


def restored(file: Path, selection: Selection, server: Postgres) -> Contents:
    """Restore into a scratch database of this server, read what it holds, and drop it."""
    with scratch(server, file) as elsewhere:
        restore_into(file, elsewhere, selection)
        return contents_of(elsewhere, selection)


def restore_into(file: Path, target: Postgres, selection: Selection) -> None:
    """Restore into an empty database, without the rights of its owners; it stops at the first error."""
    with _reported("the restore"), pinned(target) as conn:
        major = major_of(conn)
        programs = programs_for(major)
        _make_room(conn, programs.run("pg_restore", "--list", file), selection)
    options = ("--exit-on-error", *_ELSEWHERE)
    if not _says_too_much(programs, major):
        programs.run("pg_restore", *options, file, target=target)
        return
    with script(programs, file, major, *options) as text:
        programs.run("psql", "-X", "-q", "--set=ON_ERROR_STOP=1", f"--file={text}", target=target)


def put_back(file: Path, target: Postgres, first: Sequence[str]) -> None:
    """Put every table of the dump in the place of what is there now, in one transaction; `first` are statements before.

    From a script that is whole: what a pipe gives could end early, and psql would commit it.
    """
    with _reported("the restore"), pinned(target) as conn:
        major = major_of(conn)
    programs = programs_for(major)
    commands = [f"--command={statement}" for statement in ("set lock_timeout = '5s'", *first)]
    with script(programs, file, major, "--clean", "--if-exists") as text:
        programs.run(
            "psql", "-X", "-q", "--set=ON_ERROR_STOP=1", "--single-transaction", *commands, f"--file={text}",
            target=target,
        )  # fmt: skip


@contextmanager
def script(programs: Programs, file: Path, major: int, *options: str) -> Iterator[Path]:
    """The dump as SQL that a server of this major takes."""
    text = file.with_suffix(".sql")
    try:
        programs.run("pg_restore", *options, f"--file={text}", file)
        if _says_too_much(programs, major):
            _comment_out(text, b"SET transaction_timeout = 0;")
        yield text
    finally:
        text.unlink(missing_ok=True)


@contextmanager
def scratch(server: Postgres, file: Path) -> Iterator[Postgres]:
    """An empty database on the server, dropped afterwards; one that a killed process left for this file goes first.

    Raises ScratchRefused where the login may make none.
    """
    name = f"mainstem_scratch_{hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:16]}"
    drop = SQL("drop database if exists {} with (force)").format(Identifier(name))
    with pinned(server) as conn:
        try:
            conn.execute(drop)
            conn.execute(_creation(conn, name))
        except errors.InsufficientPrivilege as refused:
            raise ScratchRefused(
                f"{conn.info.user} may not make the database that the proof is restored into: {refused}",
                hint=f'alter role "{conn.info.user}" createdb; or name another server with --scratch URL',
            ) from refused
        try:
            yield server.database(name)
        finally:
            conn.execute(drop)


def major_of(conn: psycopg.Connection[Any]) -> int:
    return conn.info.server_version // _MAJOR


def _creation(conn: psycopg.Connection[Any], name: str) -> Any:
    """As the database that we stand in: sizes of characters and the order of texts are part of what is restored."""
    [(encoding, collate, ctype)] = conn.execute(
        "select pg_encoding_to_char(encoding), datcollate, datctype from pg_database where datname = current_database()"
    ).fetchall()
    return SQL("create database {} template template0 encoding {} lc_collate {} lc_ctype {}").format(
        Identifier(name), Literal(encoding), Literal(collate), Literal(ctype)
    )


def _make_room(conn: psycopg.Connection[Any], listing: str, selection: Selection) -> None:
    """Schemas that the dump makes must not be there; those of single tables, which it does not make, must."""
    if " SCHEMA - public " in listing:
        conn.execute("drop schema public")
    for schema in {name.split(".", 1)[0] for name in selection.tables} - {"public"}:
        if f" SCHEMA - {schema} " not in listing:
            conn.execute(SQL("create schema {}").format(Identifier(schema)))


def _says_too_much(programs: Programs, server_major: int) -> bool:
    return programs.major >= KNOWS_TRANSACTION_TIMEOUT > server_major


def _comment_out(text: Path, line: bytes) -> None:
    """The line stands near the top, before any data; its length stays, so that nothing has to be moved."""
    with text.open("r+b") as file:
        at = file.read(65536).find(b"\n" + line + b"\n")
        if at >= 0:
            file.seek(at + 1)
            file.write(b"--" + line[2:])


def _pattern(name: str) -> str:
    """A name as pg_dump's patterns take it literally."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _reported(what: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise BackupFailed(
            f"{what} broke off: {error}", hint="mend what it names, and run this again"
        ) from error

"""Lint: hazards in SQL, Alembic revisions and mappings, asked of the text and, where it is given, of the live data."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.lint.alembic import functions_of, has_autocommit, is_revision, statements_of
from mainstem.consolidate.lint.examine import (
    examine_database,
    examine_file,
    examine_mapping,
    examine_program,
    examine_scripts,
    examine_shell,
)
from mainstem.consolidate.lint.findings import RULES, UNDECIDABLE, Finding, Rule, Severity, Sight
from mainstem.consolidate.lint.live.postgres import PostgresLive, postgres_live
from mainstem.consolidate.lint.live.sqlite import SqliteLive, sqlite_live
from mainstem.consolidate.lint.rules.mapping import MappingFacts, TableFacts
from mainstem.consolidate.lint.script import Script
from mainstem.consolidate.lint.squawk import not_said_twice, squawk, squawked
from mainstem.consolidate.lint.statements import Statement, split
from mainstem.errors import UnreadableMigration

__all__ = [
    "RULES",
    "UNDECIDABLE",
    "Dialect",
    "Finding",
    "Live",
    "MappingFacts",
    "Rule",
    "Script",
    "Severity",
    "Sight",
    "TableFacts",
    "examine_mapping",
    "examine_scripts",
    "lint",
    "lint_text",
    "live_at",
    "squawk",
]
_SQLITE = re.compile(
    r"^\s*pragma\b|\bautoincrement\b|\binsert or (ignore|replace)\b|\bsqlite_\w+|\bwithout rowid\b",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Live:
    """The database that the migrations are meant for; neither, when none is given."""

    postgres: PostgresLive | None = None
    sqlite: SqliteLive | None = None
    pooled: bool = False


def lint(
    paths: Sequence[Path],
    *,
    url: str | None = None,
    dialect: Dialect | None = None,
    one_transaction: bool = False,
) -> list[Finding]:
    """Examine SQL files, Alembic revisions, Python and shell programs, together; the database too where a URL names it.

    url: postgresql://…, sqlite:///path or the path of a SQLite file. one_transaction: the runner puts one round each file.
    Raises UnreadableMigration, UnreadableDatabase, Unreachable, RightsMissing.
    """
    with live_at(url) as live:
        found = examine_database(live.postgres) if live.postgres is not None else []
        found += examine_file(live.sqlite) if live.sqlite is not None else []
        scripts = []
        for path in paths:
            text = _text(path)
            if path.suffix in (".sh", ".bash"):
                found += examine_shell(text, str(path))
            elif path.suffix == ".py":
                tree = _tree(text, path)
                found += examine_program(tree, str(path))
                scripts += _revision(tree, str(path), text, live, dialect)
            else:
                parts = split(text, name=str(path), dialect=_dialect(text, live, dialect))
                scripts.append(
                    _script(parts, str(path), text, live, dialect, one_transaction=one_transaction)
                )
        ours = examine_scripts([script for script in scripts if script.every])
        return found + ours + not_said_twice(ours, list(_theirs(scripts)))


def _revision(tree: ast.Module, name: str, text: str, live: Live, dialect: Dialect | None) -> list[Script]:
    """An Alembic revision's functions, each in a transaction; nothing of another program."""
    functions = functions_of(tree) if is_revision(tree) else []
    return [
        _script(
            statements_of(each, name), name, text, live, dialect, one_transaction=not has_autocommit(each)
        )
        for each in functions
    ]


def lint_text(
    text: str,
    *,
    name: str = "migration.sql",
    live: Live | None = None,
    dialect: Dialect | None = None,
    one_transaction: bool = False,
) -> list[Finding]:
    """Examine SQL that stands in no file."""
    script = _script(
        split(text, name=name, dialect=_dialect(text, live or Live(), dialect)),
        name,
        text,
        live or Live(),
        dialect,
        one_transaction=one_transaction,
    )
    return examine_scripts([script]) if script.every else []


def _script(
    statements: list[Statement],
    name: str,
    text: str,
    live: Live,
    dialect: Dialect | None,
    *,
    one_transaction: bool,
) -> Script:
    return Script(
        name,
        statements,
        _dialect(text, live, dialect),
        live.postgres,
        live.sqlite,
        one_transaction=one_transaction,
        pooled=live.pooled,
    )


def _dialect(text: str, live: Live, said: Dialect | None) -> Dialect:
    is_sqlite = live.sqlite is not None or (live.postgres is None and _SQLITE.search(text) is not None)
    return said or (Dialect.SQLITE if is_sqlite else Dialect.POSTGRES)


def _theirs(scripts: Sequence[Script]) -> Iterator[Finding]:
    executable = squawk()
    for script in scripts if executable is not None else ():
        path = Path(script.name)
        if script.dialect is Dialect.POSTGRES and path.suffix != ".py" and path.is_file():
            yield from squawked(executable or "", path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableMigration(f"{path}: {error}", hint="give files of UTF-8 text") from error


def _tree(text: str, path: Path) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise UnreadableMigration(
            f"{path}, line {error.lineno}: {error.msg}", hint="give Python that compiles"
        ) from error


@contextmanager
def live_at(url: str | None) -> Iterator[Live]:
    """The database that a URL names, opened to be read. Raises UnreadableDatabase, Unreachable, RightsMissing."""
    with ExitStack() as opened:
        if url is None:
            yield Live()
        elif re.match(r"postgres(ql)?://|.*\b(host|dbname)=", url):
            pooled = "pooler=transaction" in url
            yield Live(postgres=opened.enter_context(postgres_live(url)), pooled=pooled)
        else:
            path = Path(re.sub(r"^sqlite:(//)?/?(?=/)|^sqlite:///", "", url))
            yield Live(sqlite=opened.enter_context(sqlite_live(path)))

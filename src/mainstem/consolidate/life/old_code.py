"""Old code: files, and what a server remembers of its statements, looked through for what the old names cannot do as views."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from psycopg import errors
from psycopg.sql import SQL, Composable, Identifier

from mainstem.consolidate.life.limits import Found, find_limits
from mainstem.consolidate.life.session import Connection
from mainstem.consolidate.mapping import Context, Elements, Mapping
from mainstem.errors import BadArgument, RightsMissing, StatisticsMissing

PASSED_BY = frozenset(
    {".git", ".hg", ".svn", "__pycache__", "node_modules", ".venv", "venv", ".tox", ".mypy_cache"}
)
"""Directories in which nobody writes old code by hand."""
LARGEST = 5_000_000
"""Bytes of a file; a larger one is data."""
_SQL = re.compile(
    r"\b(insert\s+into|select|update|delete\s+from|truncate|create|alter|copy|references|for\s+(update|share))\b",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"(--[^\n]*|/\*.*?\*/)|'(?:[^']|'')*'|\"[^\"]*\"|\$(\w*)\$.*?\$\2\$", re.DOTALL)


@dataclass(frozen=True)
class Looked:
    """What was found, and in how much."""

    found: list[Found]
    files: int
    """That were read."""
    passed_by: list[str]
    """That are no text."""


def look_through(paths: Iterable[Path], mapping: Mapping) -> Looked:
    """Files, and those of directories. Raises BadArgument for a file that is named and is no text."""
    found, passed_by, files = [], [], 0
    for path, is_named in _files(paths):
        text = _text(path)
        if text is None and is_named:
            raise BadArgument(f"{path} is no text", hint="name a file of UTF-8 text, or a directory")
        if text is None:
            passed_by.append(str(path))
            continue
        files += 1
        found += limits_of(text, mapping, place=str(path))
    return Looked(found, files, passed_by)


def limits_of(text: str, mapping: Mapping, *, place: str) -> list[Found]:
    """Of one file, by its name: of Python the strings, of SQL what is no comment, of others everything."""
    tables, parts = [*mapping.moving], [*mapping.of_kind(Elements, Context)]
    if place.endswith(".py"):
        pieces = _python(text)
    else:
        pieces = [(1, _without_comments(text) if place.endswith(".sql") else text)]
    found = [
        replace(one, line=one.line + line - 1)
        for line, piece in pieces
        for one in find_limits(piece, tables, place=place, elements=parts)
    ]
    return sorted(dict.fromkeys(found), key=lambda one: (one.line, one.table, one.limit.name))


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Each with whether it was named itself."""
    for path in paths:
        if not path.is_dir():
            yield path, True
            continue
        for found in sorted(path.rglob("*")):
            inside = found.relative_to(path).parts
            if found.is_file() and not found.is_symlink() and PASSED_BY.isdisjoint(inside):
                yield found, False


def _text(path: Path) -> str | None:
    """None for what is no text."""
    try:
        if path.stat().st_size > LARGEST:
            return None
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
    except OSError as error:
        raise BadArgument(f"{path}: {error.strerror}", hint="name what this login may read") from error
    return None if "\0" in text else text


def _without_comments(text: str) -> str:
    """Comments are blank, each line where it was."""
    return _COMMENT.sub(lambda one: re.sub(r"[^\n]", " ", one[1]) if one[1] else one[0], text)


def _python(text: str) -> list[tuple[int, str]]:
    """Strings that look like SQL and calls that look for tables, each with its line; all of it where it is not Python of today."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return [(1, text)]
    pieces: list[tuple[int, str]] = []
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(id(node.value))  # a docstring
        if isinstance(node, ast.Call) and (looking := _reflection(node)):
            pieces.append((node.lineno, looking))
        if isinstance(node, ast.expr) and id(node) not in inside and (said := _string(node)) is not None:
            inside.update(map(id, ast.walk(node)))
            if _SQL.search(said):
                pieces.append((node.lineno, _without_comments(said)))
    return pieces


def _reflection(call: ast.Call) -> str:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    words = {keyword.arg for keyword in call.keywords}
    return "autoload_with" if "autoload_with" in words else "reflect()" if name == "reflect" else ""


def _string(node: ast.AST) -> str | None:
    """What a string says, with `{}` where something is put in; None for what is no string."""
    match node:
        case ast.Constant(value=str(said)):
            return said
        case ast.JoinedStr(values=parts):
            return "".join(_string(part) or "{}" for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = _string(left), _string(right)
            return None if one is None and other is None else f"{one or '{}'}{other or '{}'}"
    return None


def statements_remembered(
    conn: Connection, mapping: Mapping, *, relation: Sequence[str] | None = None
) -> tuple[list[Found], int]:
    """What this database's applications were seen to run (pg_stat_statements), and how many statements that were.

    relation: schema and name of a table of the same columns. Raises StatisticsMissing, RightsMissing.
    """
    place = SQL(".").join(map(Identifier, relation)) if relation else _extension(conn)
    rows = _remembered(conn, place)
    hidden = sum(query == "<insufficient privilege>" for _, query, _ in rows)
    if hidden:
        raise RightsMissing(
            f"{hidden} statements of other logins are hidden from {conn.info.user}",
            hint=f'GRANT pg_read_all_stats TO "{conn.info.user}"',
        )
    found = [
        replace(one, text=f"{one.text} ({calls:,} calls)")
        for queryid, query, calls in rows
        for one in limits_of(query, mapping, place=f"pg_stat_statements:{queryid}")
    ]
    return found, len(rows)


def _extension(conn: Connection) -> Composable:
    row = conn.execute(
        "select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'"
    ).fetchone()
    if row is None:
        raise StatisticsMissing(
            f"the database {conn.info.dbname} has no extension pg_stat_statements",
            hint="CREATE EXTENSION pg_stat_statements (its library must be in shared_preload_libraries, from a restart on), and let a week pass; or give the old code's files",
        )
    return Identifier(str(row[0]), "pg_stat_statements")


def _remembered(conn: Connection, place: Composable) -> list[tuple[int, str, int]]:
    text = SQL(
        "select s.queryid, s.query, sum(s.calls)::bigint from {} s join pg_database d on d.oid = s.dbid"
        " where d.datname = current_database() and s.query is not null group by 1, 2 order by 3 desc, 1"
    )
    try:
        return conn.execute(text.format(place)).fetchall()
    except errors.ObjectNotInPrerequisiteState as error:
        raise StatisticsMissing(
            f"the server does not count statements: {error.diag.message_primary}",
            hint="add pg_stat_statements to shared_preload_libraries and restart, and let a week pass; or give the old code's files",
        ) from error

"""Python and shell round a migration: Q01, Q02, Q07, Q08, Q10."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mainstem.consolidate.lint.findings import Hit, Severity, Sight, asks, rule

PROGRAMS = (Sight.SHELL, Sight.PYTHON)
Q01 = rule(
    "Q01",
    "A live SQLite file is copied as a file",
    why="In WAL mode the newest rows are in the -wal beside it: the copy lacks them, or has no tables at all.",
    remedy="sqlite3.Connection.backup(), or VACUUM INTO 'copy.db'.",
    looks_at=PROGRAMS,
    severity=Severity.ERROR,
    blind="Whether the file is in use; it goes by its name.",
)
Q02 = rule(
    "Q02",
    "A SQLite file is restored over a live one",
    why="A stale -wal beside it puts the newer pages back, silently; integrity_check says ok.",
    remedy="Connection.backup() into the live file; or close everybody, remove -wal and -shm, rename, and compare counts and digests.",
    looks_at=(*PROGRAMS, Sight.FILE),
    severity=Severity.ERROR,
    blind="Which of two files is the backup; it goes by its name.",
)
Q07 = rule(
    "Q07",
    "executescript() commits what was open",
    why="Python's executescript commits the open transaction first: what came before can no longer be rolled back.",
    remedy="BEGIN IMMEDIATE inside the script, each statement by execute(), PRAGMA user_version as the guard.",
    looks_at=(Sight.PYTHON,),
)
Q08 = rule(
    "Q08",
    "A backup in pages that never ends",
    why="With pages=n the backup begins anew each time another connection writes; on a busy file, for ever.",
    remedy="backup(target), all pages at once; or count the restarts and then do so.",
    looks_at=(Sight.PYTHON,),
)
Q10 = rule(
    "Q10",
    "Zero is taken for nothing",
    why="`x or -1` replaces hour 0, day 0, an empty text and False too.",
    remedy="-1 if x is None else x",
    looks_at=(Sight.PYTHON,),
    blind="Only where the fallback is a number or True; whether 0 can occur it does not know.",
)
_FILE = r"""(?:"[^"]*\.(?:db|sqlite3?)[^"\s]*"|'[^']*\.(?:db|sqlite3?)[^'\s]*'|[^\s"';|&]*\.(?:db|sqlite3?)[^\s"';|&]*|"?\$\{?\w*(?:DB|DATABASE|BACKUP)\w*\}?"?)"""
_COPY = re.compile(
    rf"^\s*(?:sudo\s+)?(?:cp|mv|rsync|install)\s+(?:-\S+\s+)*(?P<from>{_FILE})\s+(?P<to>\S+)", re.IGNORECASE
)
_BACKUP = re.compile(r"backup|bak|\bold\b|snapshot|saved|pre[-_]", re.IGNORECASE)
_COPIERS = frozenset({"copy", "copy2", "copyfile", "move", "replace", "rename"})


def _of_copy(source: str, target: str) -> tuple[bool, str]:
    """Whether a copy is a restore, by the names of both sides."""
    is_restore = bool(_BACKUP.search(source)) and not _BACKUP.search(target)
    return is_restore, f"{source} → {target}"


def _judged(source: str, target: str, line: int, *, restore: bool) -> Iterator[Hit]:
    is_restore, told = _of_copy(source, target)
    if is_restore == restore:
        yield Hit(told, line, target if restore else source)


@asks(Q01, Sight.SHELL)
def copied(text: str) -> Iterator[Hit]:
    yield from _copies(text, restore=False)


@asks(Q02, Sight.SHELL)
def restored(text: str) -> Iterator[Hit]:
    yield from _copies(text, restore=True)


def _copies(text: str, *, restore: bool) -> Iterator[Hit]:
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if found := _COPY.match(line):
            source, target = (found[side].strip("\"'") for side in ("from", "to"))
            is_log_gone = restore and any(re.search(r"\brm\b.*-wal", each) for each in lines[: number - 1])
            if not is_log_gone:
                yield from _judged(source, target, number, restore=restore)


@asks(Q01, Sight.PYTHON)
def copied_by_program(tree: ast.Module) -> Iterator[Hit]:
    yield from _program_copies(tree, restore=False)


@asks(Q02, Sight.PYTHON)
def restored_by_program(tree: ast.Module) -> Iterator[Hit]:
    yield from _program_copies(tree, restore=True)


def _program_copies(tree: ast.Module, *, restore: bool) -> Iterator[Hit]:
    for call in _calls(tree):
        if isinstance(call.func, ast.Attribute) and call.func.attr in _COPIERS and len(call.args) > 1:
            source, target = (ast.unparse(each) for each in call.args[:2])
            is_module = isinstance(call.func.value, ast.Name) and call.func.value.id in ("shutil", "os")
            if is_module and re.search(
                r"\.db|sqlite|\bdb_|_db\b|database", f"{source} {target}", re.IGNORECASE
            ):
                yield from _judged(source, target, call.lineno, restore=restore)


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


@asks(Q07, Sight.PYTHON)
def committed_first(tree: ast.Module) -> Iterator[Hit]:
    for call in _calls(tree):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "executescript":
            said = call.args[0] if call.args else None
            text = said.value if isinstance(said, ast.Constant) and isinstance(said.value, str) else ""
            if not re.match(r"\s*begin\b", text, re.IGNORECASE):
                yield Hit("executescript() commits the open transaction first", call.lineno)


@asks(Q08, Sight.PYTHON)
def endless_backup(tree: ast.Module) -> Iterator[Hit]:
    for call in _calls(tree):
        pages = next((each.value for each in call.keywords if each.arg == "pages"), None)
        is_backup = isinstance(call.func, ast.Attribute) and call.func.attr == "backup"
        if is_backup and isinstance(pages, ast.Constant) and isinstance(pages.value, int) and pages.value > 0:
            yield Hit(f"backup(pages={pages.value}) begins anew whenever somebody writes", call.lineno)


@asks(Q10, Sight.PYTHON)
def falsy_default(tree: ast.Module) -> Iterator[Hit]:
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and _is_number(node.values[-1]):
            read = node.values[-2]
            if isinstance(read, ast.Subscript | ast.Attribute | ast.Call | ast.Name):
                yield Hit(
                    f"{ast.unparse(node)}: 0 becomes {ast.unparse(node.values[-1])}",
                    node.lineno,
                    ast.unparse(read),
                )


def _is_number(node: ast.expr) -> bool:
    """A fallback that is not itself nothing."""
    value = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(value, ast.Constant) and isinstance(value.value, int | float) and bool(value.value)

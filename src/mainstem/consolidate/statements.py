"""SQL text as the statements it holds: where each begins, and the words, names and literals it is made of."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mainstem.errors import StatementUnreadable


class Dialect(StrEnum):
    """Whose SQL a text is: they quote, nest and comment differently."""

    POSTGRES = "postgres"
    SQLITE = "sqlite"


class Kind(StrEnum):
    """What a token is. WORD is a keyword or a bare name, NAME a quoted one, TEXT any literal string."""

    SPACE = "space"
    COMMENT = "comment"
    WORD = "word"
    NAME = "name"
    TEXT = "text"
    NUMBER = "number"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text, as it stands there; `start` counts characters from its beginning."""

    kind: Kind
    text: str
    start: int

    @property
    def word(self) -> str:
        """The keyword that it may be, in lower case; empty for whatever can be none."""
        return self.text.lower() if self.kind is Kind.WORD else ""

    @property
    def name(self) -> str:
        """The identifier as the catalog has it; empty for what names nothing."""
        match self.kind:
            case Kind.WORD:
                return self.text.lower()
            case Kind.NAME if self.text[0] == "[":
                return self.text[1:-1]
            case Kind.NAME:
                quote = self.text[-1]
                return self.text[self.text.index(quote) + 1 : -1].replace(quote * 2, quote)
            case _:
                return ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement without its semicolon. `line` is where its first word stands; `note` the comments before it."""

    text: str
    line: int
    note: str = ""
    dialect: Dialect = Dialect.POSTGRES

    @property
    def tokens(self) -> list[Token]:
        """What it says: no space, no comment."""
        return [token for token in tokens(self.text, self.dialect) if _speaks(token)]


def split(sql: str, dialect: Dialect = Dialect.POSTGRES) -> list[Statement]:
    """The statements of a script, in order; comments alone are none.

    Raises StatementUnreadable, with its line, for a literal or comment that does not end, and for commands of psql or
    the sqlite3 shell, which no server understands.
    """
    found: list[Statement] = []
    gathered: list[Token] = []
    nesting = _Nesting()
    for token in tokens(sql, dialect):
        gathered.append(token)
        nesting.follow(token)
        if token.text == ";" and token.kind is Kind.SYMBOL and _ends(sql, gathered, nesting, dialect):
            found += _statement(sql, gathered[:-1], dialect)
            gathered, nesting = [], _Nesting()
    return found + _statement(sql, gathered, dialect)


def tokens(sql: str, dialect: Dialect = Dialect.POSTGRES) -> Iterator[Token]:
    """Every piece of the text; together they are the text."""
    pattern = _PATTERNS[dialect]
    at = 0
    fresh_line = True
    while at < len(sql):
        found = pattern.match(sql, at)
        if found is None or found.lastgroup is None:
            raise _unreadable(sql, at, f"what begins with {sql[at : at + 20]!r} does not end")
        name, end = found.lastgroup, found.end()
        if name in _CLOSED_ELSEWHERE:
            end = _close(sql, at, found, dialect)
        token = Token(_KINDS[name], sql[at:end], at)
        if token.text in {"\\", "."} and fresh_line and (token.text == "\\" or dialect is Dialect.SQLITE):
            raise _unreadable(sql, at, "a command of psql or of the sqlite3 shell stands here")
        fresh_line = (fresh_line and not _speaks(token)) or "\n" in token.text
        yield token
        at = end


def line_of(sql: str, start: int) -> int:
    return sql.count("\n", 0, start) + 1


_SHARED = r"""
  (?P<space>\s+)
| (?P<line>--[^\n]*)
| (?P<block>/\*)
| (?P<string>(?:[nNbBxX]|[uU]&)?'(?:[^']|'')*')
| (?P<name>(?:[uU]&)?"(?:[^"]|"")*")
"""
_POSTGRES = r"""
| (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*')
| (?P<dollar>\$(?:[^\W\d]\w*)?\$)
"""
_SQLITE = r"""
| (?P<bracket>\[[^\]]*\])
| (?P<backtick>`(?:[^`]|``)*`)
"""
_REST = r"""
| (?P<word>[^\W\d][\w$]*)
| (?P<number>\d[\w.]*|\.\d\w*)
| (?P<symbol>[^'"])
"""
_PATTERNS = {
    dialect: re.compile(_SHARED + own + _REST, re.VERBOSE | re.DOTALL)
    for dialect, own in ((Dialect.POSTGRES, _POSTGRES), (Dialect.SQLITE, _SQLITE))
}
_KINDS = {
    "space": Kind.SPACE,
    "line": Kind.COMMENT,
    "block": Kind.COMMENT,
    "string": Kind.TEXT,
    "escaped": Kind.TEXT,
    "dollar": Kind.TEXT,
    "name": Kind.NAME,
    "bracket": Kind.NAME,
    "backtick": Kind.NAME,
    "word": Kind.WORD,
    "number": Kind.NUMBER,
    "symbol": Kind.SYMBOL,
}
_CLOSED_ELSEWHERE = {"block", "dollar"}
"""Their ends are searched for: comments nest in PostgreSQL, and a dollar quote ends with its own tag."""


class _Nesting:
    """What keeps a semicolon from ending a statement: parentheses, and the body of a function in SQL's own style."""

    def __init__(self) -> None:
        self.parentheses = 0
        self.blocks = 0
        self._opening: list[str] = []

    def follow(self, token: Token) -> None:
        if token.kind is Kind.SYMBOL:
            self.parentheses += {"(": 1, ")": -1}.get(token.text, 0)
        elif token.kind is Kind.WORD:
            self._word(token.word)

    def _word(self, word: str) -> None:
        self._opening = [*self._opening, word][:4]
        if not self._makes_a_routine() or self.parentheses:
            return
        if word == "begin" or (word == "case" and self.blocks):
            self.blocks += 1
        elif word == "end" and self.blocks:
            self.blocks -= 1

    def _makes_a_routine(self) -> bool:
        kind = [word for word in self._opening if word not in {"or", "replace"}][:2]
        return kind in (["create", "function"], ["create", "procedure"])


def _ends(sql: str, gathered: Sequence[Token], nesting: _Nesting, dialect: Dialect) -> bool:
    if dialect is Dialect.SQLITE:
        return sqlite3.complete_statement(sql[gathered[0].start : gathered[-1].start + 1])
    return nesting.parentheses <= 0 and nesting.blocks == 0


def _statement(sql: str, gathered: Sequence[Token], dialect: Dialect) -> list[Statement]:
    """The one that these tokens are, or none when they say nothing."""
    speaking = [token for token in gathered if _speaks(token)]
    if not speaking or all(token.text == ";" for token in speaking):
        return []
    first, last = speaking[0], speaking[-1]
    note = "\n".join(t.text for t in gathered if t.kind is Kind.COMMENT and t.start < first.start)
    text = sql[first.start : last.start + len(last.text)]
    return [Statement(text, line_of(sql, first.start), note, dialect)]


def _speaks(token: Token) -> bool:
    return token.kind not in {Kind.SPACE, Kind.COMMENT}


def _close(sql: str, at: int, found: re.Match[str], dialect: Dialect) -> int:
    if found.lastgroup == "dollar":
        end = sql.find(found.group(), found.end())
        if end < 0:
            raise _unreadable(sql, at, f"the text that {found.group()} opens does not end")
        return end + len(found.group())
    return _close_comment(sql, at, nests=dialect is Dialect.POSTGRES)


def _close_comment(sql: str, at: int, *, nests: bool) -> int:
    depth = 0
    for mark in re.compile(r"/\*|\*/").finditer(sql, at):
        if mark.group() == "*/":
            depth -= 1
        elif nests or depth == 0:
            depth += 1
        if depth == 0:
            return mark.end()
    if not nests:
        return len(sql)  # SQLite lets the end of the text end a comment
    raise _unreadable(sql, at, "a comment does not end")


def _unreadable(sql: str, at: int, what: str) -> StatementUnreadable:
    return StatementUnreadable(
        f"line {line_of(sql, at)}: {what}", hint="write plain SQL statements, each ended by a semicolon"
    )

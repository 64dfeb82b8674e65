"""Statements of a script as they are to be run: their text as it was written, and what stands before each."""

from __future__ import annotations

from dataclasses import dataclass, field

from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.lint.statements import Statement as Read
from mainstem.consolidate.lint.statements import split as read
from mainstem.consolidate.lint.tokens import Kind, Token
from mainstem.errors import StatementUnreadable, UnreadableMigration

REMEDY = "write plain SQL statements, each ended by a semicolon"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement without its semicolon. `line` is where its first word stands; `note` the comments before it."""

    text: str
    line: int
    note: str
    dialect: Dialect
    read: Read = field(repr=False, compare=False)

    @property
    def tokens(self) -> tuple[Token, ...]:
        """What it says: no space, no comment."""
        return self.read.span.tokens


def split(sql: str, dialect: Dialect = Dialect.POSTGRES) -> list[Statement]:
    """The statements of a script, in order; comments alone are none.

    Raises StatementUnreadable, with its line, for a literal or comment that does not end, and for commands of psql or
    the sqlite3 shell, which no server understands.
    """
    try:
        found = read(sql, dialect=dialect)
    except UnreadableMigration as error:
        raise StatementUnreadable(error.message, hint=REMEDY) from error
    return [_runnable(each, sql, dialect) for each in found]


def _runnable(found: Read, sql: str, dialect: Dialect) -> Statement:
    tokens = found.span.tokens
    for token in tokens:
        if token.kind is Kind.META or (token is tokens[0] and token.text == "."):
            raise StatementUnreadable(
                f"line {token.line}: a command of psql or of the sqlite3 shell stands here", hint=REMEDY
            )
    first, last = tokens[0], tokens[-1]
    note = "\n".join(comment.text for comment in found.comments if comment.start < first.start)
    return Statement(sql[first.start : last.end], found.line, note, dialect, found)

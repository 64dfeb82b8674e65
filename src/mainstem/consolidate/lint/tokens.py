"""Tokens: SQL as PostgreSQL and SQLite read it, each with its line; comments apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import overload

from mainstem.consolidate.dialect import Dialect
from mainstem.errors import UnreadableMigration


class Kind(StrEnum):
    """What a token is. META is a line of psql's own, COMMENT is never among a statement's tokens."""

    WORD = "word"
    QUOTED = "quoted"
    STRING = "string"
    NUMBER = "number"
    PARAMETER = "parameter"
    MARK = "mark"
    META = "meta"
    COMMENT = "comment"


_SPACE = r"""
    (?P<space>\s+)
  | (?P<comment>--[^\n]*)
  | (?P<block>/\*)
"""
_POSTGRES = r"""
  | (?P<string>[eE]'(?:[^'\\]|\\.|'')*'|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*')
  | (?P<quoted>(?:[uU]&)?"(?:[^"]|"")*"|`[^`]*`)
  | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
"""
_SQLITE = r"""
  | (?P<string>[xX]?'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
"""
_REST = r"""
  | (?P<parameter>\$\d+|%\(\w+\)s|%s|(?<![:\w\]]):[^\W\d]\w*)
  | (?P<number>\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
  | (?P<word>[^\W\d][\w$]*)
  | (?P<mark>::|:=|=>|\|\||<=|>=|<>|!=|->>|->|\#>>|\#>|@>|<@|<<|>>|.)
"""
_SCAN = {
    dialect: re.compile(_SPACE + own + _REST, re.VERBOSE | re.DOTALL)
    for dialect, own in ((Dialect.POSTGRES, _POSTGRES), (Dialect.SQLITE, _SQLITE))
}
_BLOCK_EDGE = re.compile(r"/\*|\*/")
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED = frozenset(
    [
        "all",
        "and",
        "as",
        "by",
        "case",
        "check",
        "column",
        "constraint",
        "default",
        "desc",
        "do",
        "else",
        "end",
        "except",
        "for",
        "foreign",
        "from",
        "group",
        "having",
        "in",
        "into",
        "join",
        "left",
        "like",
        "limit",
        "not",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "primary",
        "references",
        "right",
        "select",
        "set",
        "table",
        "then",
        "to",
        "true",
        "union",
        "unique",
        "update",
        "user",
        "using",
        "values",
        "view",
        "when",
        "where",
        "with",
    ]
)
_OPENING, _CLOSING = "([", ")]"


@dataclass(frozen=True, slots=True)
class Token:
    """A token, where it stands in the text."""

    kind: Kind
    text: str
    line: int
    start: int
    value: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """The keyword that it may be, in lower case; empty for whatever can be none."""
        return self.value if self.kind is Kind.WORD else ""

    @property
    def name(self) -> str:
        """The identifier as the catalog has it; empty for what names nothing."""
        return self.value if self.kind in (Kind.WORD, Kind.QUOTED) else ""

    @property
    def plain(self) -> str:
        """As a pattern meets it: keywords and names in lower case, quotes only where they matter, strings masked."""
        match self.kind:
            case Kind.WORD:
                return self.value
            case Kind.QUOTED if _PLAIN_NAME.fullmatch(self.value) and self.value not in _RESERVED:
                return self.value
            case Kind.QUOTED if self.text[0] in "[`":
                return '"' + self.value.replace('"', '""') + '"'
            case Kind.STRING:
                return "''"
            case _:
                return self.text


class Span:
    """Some tokens that stand together, and the text they were read from."""

    def __init__(self, tokens: tuple[Token, ...], source: str) -> None:
        self.tokens = tokens
        self.source = source

    def __iter__(self) -> Iterator[Token]:
        return iter(self.tokens)

    def __len__(self) -> int:
        return len(self.tokens)

    @overload
    def __getitem__(self, at: int) -> Token: ...
    @overload
    def __getitem__(self, at: slice) -> Span: ...
    def __getitem__(self, at: int | slice) -> Token | Span:
        return Span(self.tokens[at], self.source) if isinstance(at, slice) else self.tokens[at]

    @property
    def text(self) -> str:
        return self.source[self.tokens[0].start : self.tokens[-1].end] if self.tokens else ""

    @property
    def line(self) -> int:
        return self.tokens[0].line if self.tokens else 0

    @property
    def plain(self) -> str:
        """The tokens with one space between them, none around a dot: `insert into app.run ( id )`."""
        return " ".join(token.plain for token in self.tokens).replace(" . ", ".")

    def words(self) -> list[str]:
        return [token.plain for token in self.tokens]

    def level(self) -> Iterator[tuple[int, Token]]:
        """The tokens outside of all parentheses, with their places; an opening one counts as outside."""
        depth = 0
        for place, token in enumerate(self.tokens):
            is_mark = token.kind is Kind.MARK
            depth -= is_mark and token.text in _CLOSING
            if depth == 0:
                yield place, token
            depth += is_mark and token.text in _OPENING

    def parts(self, mark: str = ",") -> list[Span]:
        """What a mark or a word parts, outside of parentheses."""
        cuts = [
            place for place, token in self.level() if token.plain == mark and token.kind is not Kind.STRING
        ]
        edges = zip([-1, *cuts], [*cuts, len(self)], strict=True)
        return [self[left + 1 : right] for left, right in edges if right > left + 1]

    @cached_property
    def _pairs(self) -> dict[int, int]:
        """Opening parenthesis → its closing one, the inner ones first."""
        opened: list[int] = []
        pairs = {}
        for place, token in enumerate(self.tokens):
            if token.kind is Kind.MARK and token.text == "(":
                opened.append(place)
            elif token.kind is Kind.MARK and token.text == ")" and opened:
                pairs[opened.pop()] = place
        return pairs

    def group(self, opening: int) -> Span:
        """What is inside of the parenthesis that opens at a place; nothing where none does, or it does not close."""
        return self[opening + 1 : self._pairs.get(opening, opening + 1)]

    def groups(self) -> Iterator[tuple[int, Span]]:
        """Each pair of parentheses, at any depth: the place of the opening one, and what is inside."""
        yield from ((opening, self[opening + 1 : closing]) for opening, closing in self._pairs.items())

    def holds(self, other: Span) -> bool:
        """Whether another span of the same text begins inside of this one."""
        return bool(self) and bool(other) and self[0].start <= other[0].start < self[-1].end


def tokens(
    text: str, *, first_line: int = 1, name: str = "", dialect: Dialect = Dialect.POSTGRES
) -> Iterator[Token]:
    """The tokens of a text, comments too. Raises UnreadableMigration where a quotation does not end."""
    place, line = 0, first_line
    while place < len(text):
        token, place_after = _next(text, place, line, name, dialect=dialect)
        if token is not None:
            yield token
        line += text.count("\n", place, place_after)
        place = place_after


def _next(text: str, place: int, line: int, name: str, *, dialect: Dialect) -> tuple[Token | None, int]:
    if text[place] == "\\" and not text[text.rfind("\n", 0, place) + 1 : place].strip():
        return _whole_line(text, place, line)
    found = _SCAN[dialect].match(text, place)
    if found is None:
        raise _endless("something", line, name)
    said = found.group()
    match found.lastgroup or "mark":
        case "space":
            return None, found.end()
        case "block":
            said = text[place : _end_of_block(text, place, line, name, dialect=dialect)]
            return Token(Kind.COMMENT, said, line, place, said[2:-2]), place + len(said)
        case "comment":
            return Token(Kind.COMMENT, said, line, place, said[2:]), found.end()
        case "dollar":
            return _dollar_quoted(text, found, line, name)
        case "mark" if said in "'\"`":
            raise _endless("a quotation", line, name)
        case kind:
            return Token(Kind(kind), said, line, place, _value(Kind(kind), said)), found.end()


def _value(kind: Kind, said: str) -> str:
    match kind:
        case Kind.WORD:
            return said.lower()
        case Kind.QUOTED if said[0] == "[":
            return said[1:-1]
        case Kind.QUOTED:
            quote = said[-1]
            return said[said.index(quote) + 1 : -1].replace(quote * 2, quote)
        case Kind.STRING:
            return said[said.index("'") + 1 : -1].replace("''", "'")
        case _:
            return said


def _dollar_quoted(text: str, found: re.Match[str], line: int, name: str) -> tuple[Token, int]:
    end = text.find(found.group(), found.end())
    if end < 0:
        raise _endless(f"a quotation by {found.group()}", line, name)
    after = end + len(found.group())
    return Token(
        Kind.STRING, text[found.start() : after], line, found.start(), text[found.end() : end]
    ), after


def _end_of_block(text: str, place: int, line: int, name: str, *, dialect: Dialect) -> int:
    """PostgreSQL's block comments nest; SQLite's do not, and the end of the text ends one too."""
    if dialect is Dialect.SQLITE:
        end = text.find("*/", place + 2)
        return len(text) if end < 0 else end + 2
    depth = 0
    for edge in _BLOCK_EDGE.finditer(text, place):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    raise _endless("a comment", line, name)


def _whole_line(text: str, place: int, line: int) -> tuple[Token, int]:
    end = text.find("\n", place)
    end = len(text) if end < 0 else end
    return Token(Kind.META, text[place:end], line, place, text[place + 1 : end].strip()), end


def _endless(what: str, line: int, name: str) -> UnreadableMigration:
    return UnreadableMigration(
        f"{name or 'the text'}, line {line}: {what} begins and does not end",
        hint="close it, or give the whole file",
    )

"""Statements: a migration's text taken apart, each with its place and with what its author noted beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.lint.tokens import Kind, Span, Token, tokens

_EXCERPT = 160
_NOTED = re.compile(r"\s*mainstem:\s*(?P<said>.*)", re.DOTALL)
_ALLOW = re.compile(
    r"allow\s+(?P<rules>[A-Za-z]+[\w:-]*(?:\s*,\s*[A-Za-z]+[\w:-]*)*)(?P<everywhere>\s+everywhere)?"
    r"(?:\s+because\s+(?P<reason>\S.*))?",
    re.DOTALL,
)
_TOUCHES = re.compile(r"(?P<verb>reads|writes)\s+tables?\s+(?P<names>\S.*)", re.DOTALL)
_COPIED = re.compile(
    r"(^copy\s[^;]*\sfrom\s+stdin\b[^;]*;)([^\n]*\n.*?^\\\.[ \t]*$)", re.IGNORECASE | re.MULTILINE | re.DOTALL
)
_ACTIONS = (
    "select",
    "insert",
    "update",
    "delete",
    "merge",
    "truncate",
    "create",
    "alter",
    "drop",
    "grant",
    "revoke",
    "lock",
)
_CHANGES = ("update", "delete", "truncate")
_ROUTINE = re.compile(r"create (or replace )?((temp|temporary|constraint) )?(function|procedure|trigger)\b")


@dataclass(frozen=True, slots=True)
class Annotation:
    """What an author noted in a comment. `verb` is allow, reads or writes; empty when it could not be understood."""

    verb: str
    names: tuple[str, ...]
    reason: str
    line: int
    everywhere: bool = False


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement, and the comments at it. `within` names the block it stands in, empty for one that stands for itself."""

    span: Span
    annotations: tuple[Annotation, ...] = ()
    within: str = ""
    comments: tuple[Token, ...] = ()

    @property
    def line(self) -> int:
        return self.span.line

    @cached_property
    def plain(self) -> str:
        return self.span.plain

    @cached_property
    def excerpt(self) -> str:
        """Its beginning, on one line."""
        said = " ".join(self.span.text[: 2 * _EXCERPT].split())
        return said if len(said) <= _EXCERPT else f"{said[: _EXCERPT - 1]}…"

    def search(self, pattern: str) -> re.Match[str] | None:
        return re.search(pattern, self.plain)

    def begins(self, pattern: str) -> re.Match[str] | None:
        return re.match(pattern, self.plain)

    def changes(self) -> Iterator[Span]:
        """Its UPDATE, DELETE or TRUNCATE, and those within its WITH."""
        for span in (self.span, *(inner for _, inner in self.span.groups())):
            place = next((at for at, token in span.level() if token.plain in _ACTIONS), None)
            if place is not None and span[place].plain in _CHANGES:
                yield span[place:]

    def line_of(self, place: int) -> int:
        """The line of the token at this place of `plain`."""
        return _line_at(self.span, self.plain, place)


def _line_at(span: Span, plain: str, place: int) -> int:
    before = plain[:place].replace(".", " . ").split()
    return span[min(len(before), len(span) - 1)].line


@dataclass
class _Gathering:
    """A statement while its tokens come in."""

    tokens: list[Token] = field(default_factory=list)
    comments: list[Token] = field(default_factory=list)
    parentheses: int = 0
    blocks: int = 0

    def take(self, token: Token) -> None:
        self.tokens.append(token)
        if token.kind is Kind.MARK:
            self.parentheses += (token.text == "(") - (token.text == ")")
        elif token.kind is Kind.WORD and token.value in {"begin", "atomic", "case", "end"}:
            self._nest(token.value)

    def _nest(self, word: str) -> None:
        """A body in the statement itself: SQLite's triggers, and PostgreSQL's BEGIN ATOMIC."""
        head = " ".join(token.plain for token in self.tokens[:6])
        if (routine := _ROUTINE.match(head)) is None:
            return
        opens = "begin" if routine.group(4) == "trigger" else "atomic"
        self.blocks += word == opens or (word == "case" and self.blocks > 0)
        self.blocks -= word == "end" and self.blocks > 0

    @property
    def is_whole(self) -> bool:
        return self.parentheses <= 0 and self.blocks == 0


def split(
    text: str, *, first_line: int = 1, name: str = "", dialect: Dialect = Dialect.POSTGRES
) -> list[Statement]:
    """The statements of a text, without their semicolons. Raises UnreadableMigration."""
    readable = _COPIED.sub(lambda copied: copied.group(1) + re.sub(r"\S", " ", copied.group(2)), text)
    found: list[_Gathering] = []
    now = _Gathering()
    for token in tokens(readable, first_line=first_line, name=name, dialect=dialect):
        if token.kind is Kind.COMMENT:
            _beside(now, found, token).comments.append(token)
        elif token.kind is Kind.META and not now.tokens:
            found.append(_Gathering([token], now.comments))
            now = _Gathering()
        elif token.text == ";" and token.kind is Kind.MARK and now.is_whole:
            found.append(now)
            now = _Gathering()
        else:
            now.take(token)
    return [
        Statement(
            Span(tuple(each.tokens), readable),
            tuple(_annotations(each.comments)),
            comments=tuple(each.comments),
        )
        for each in (*found, now)
        if each.tokens
    ]


def _beside(now: _Gathering, found: list[_Gathering], comment: Token) -> _Gathering:
    """Whose comment it is: one behind a semicolon belongs to what ends there."""
    if not now.tokens and not now.comments and found and found[-1].tokens:
        last = found[-1].tokens[-1]
        if last.line + last.text.count("\n") == comment.line:
            return found[-1]
    return now


def _annotations(comments: list[Token]) -> Iterator[Annotation]:
    for comment in comments:
        if noted := _NOTED.match(comment.value):
            yield _annotation(" ".join(noted["said"].split()), comment.line)


def _annotation(said: str, line: int) -> Annotation:
    if allowed := _ALLOW.fullmatch(said):
        rules = tuple(rule.strip() for rule in allowed["rules"].split(","))
        return Annotation("allow", rules, allowed["reason"] or "", line, bool(allowed["everywhere"]))
    if touches := _TOUCHES.fullmatch(said):
        names = tuple(
            name.strip().strip('"').lower() for name in re.split(r"[,\s]+", touches["names"]) if name
        )
        return Annotation(touches["verb"], names, "", line)
    return Annotation("", (), said, line)


_VERBS = frozenset(
    [
        "alter",
        "call",
        "comment",
        "copy",
        "create",
        "delete",
        "drop",
        "execute",
        "grant",
        "insert",
        "lock",
        "merge",
        "perform",
        "refresh",
        "reindex",
        "revoke",
        "select",
        "set",
        "truncate",
        "update",
    ]
)
_BEFORE_A_VERB = frozenset({"begin", "then", "else", "loop"})


@dataclass(frozen=True)
class Body:
    """What can be seen of a block of procedural code: its statements; `unseen` are put together only when it runs."""

    statements: list[Statement]
    unseen: list[Statement]


def body_of(block: Token, *, within: str) -> Body:
    """The statements in a block's text, as far as they can be told from the procedural words round them."""
    inner = split(block.value, first_line=block.line)
    seen = [replace(_trimmed(each), within=within) for each in inner if _verb(each.span) is not None]
    executed = [each for each in seen if each.plain.startswith("execute ")]
    literal = {id(each): _literal(each) for each in executed}
    told = [
        replace(spoken, within=within)
        for each in executed
        for spoken in (split(literal[id(each)], first_line=each.line) if literal[id(each)] else [])
    ]
    unseen = [each for each in executed if not literal[id(each)]]
    return Body([each for each in seen if each not in executed] + told, unseen)


def _verb(span: Span) -> int | None:
    """Where the SQL begins. None: nothing but procedural words."""
    for place, token in span.level():
        before = span[place - 1].plain if place else "then"
        if token.kind is Kind.WORD and token.value in _VERBS and before in _BEFORE_A_VERB:
            return place
    return None


def _trimmed(statement: Statement) -> Statement:
    return Statement(statement.span[_verb(statement.span) or 0 :], statement.annotations)


def _literal(executed: Statement) -> str:
    """The text of `EXECUTE '…'`; empty when it is computed."""
    said = executed.span[1:]
    is_literal = (
        len(said) > 0 and said[0].kind is Kind.STRING and (len(said) == 1 or said[1].plain == "using")
    )
    return said[0].value if is_literal else ""

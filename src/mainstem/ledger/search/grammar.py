"""The grammar: a line of text becomes a Query, or one error that says where and what is allowed."""

from __future__ import annotations

import difflib
import re
from typing import cast

from mainstem.errors import FilterUnreadable
from mainstem.ledger.search.filters import (
    Ago,
    Between,
    Compared,
    Comparison,
    Document,
    Field,
    Literally,
    Operand,
    Path,
    Query,
    Term,
    Text,
    Value,
    Word,
)
from mainstem.ledger.search.values import Atom, operand
from mainstem.ledger.search.words import DOCUMENTS, KEYS, Key, Kind

LONGEST = 4000
MOST_TERMS = 50

_SPACE = re.compile(r"\s*")
_BARE_WORD = re.compile(r'[^\s:"]+')
_BARE_VALUE = re.compile(r'[^\s,"]+?(?=\.\.|[\s,"]|$)')
_BARE_STEP = re.compile(r'[^\s:".]+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_COMPARISON = re.compile(r">=|<=|>|<|=")


def parsed(text: str) -> Query:
    """Raises FilterUnreadable, and nothing else."""
    if len(text) > LONGEST:
        raise FilterUnreadable(
            f"a filter has at most {LONGEST} characters, not {len(text)}",
            hint="say it shorter",
            position=LONGEST,
        )
    if (unstorable := re.search("[\x00\ud800-\udfff]", text)) is not None:
        raise FilterUnreadable(
            f"at character {unstorable.start() + 1}: PostgreSQL holds no {unstorable[0]!r}", hint="leave it out",
            position=unstorable.start(), value=unstorable[0],
        )  # fmt: skip
    reader = _Reader(text)
    terms: list[Term] = []
    while not reader.is_at_end():
        if len(terms) == MOST_TERMS:
            raise reader.error(f"a filter has at most {MOST_TERMS} terms", hint="say it with fewer")
        terms.append(reader.term())
    return Query(tuple(terms))


def _has_order(key: Key, value: Operand) -> bool:
    is_pattern = isinstance(value, Text) and value.is_pattern
    return key.kind.has_order and not is_pattern and not isinstance(value, Literally)


class _Reader:
    """The text, and how far it was read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def is_at_end(self) -> bool:
        self._match(_SPACE)
        return self.at == len(self.text)

    def term(self) -> Term:
        is_negated = self._take("-")
        begin = self.at
        if self._peek() == '"':
            word = self._word(self._quoted(), is_negated=is_negated)
        elif (bare := self._match(_BARE_WORD)) and not self._is_key(bare):
            word = self._bare_word(bare, begin, is_negated=is_negated)
        else:
            self.at = begin
            return self._keyed(is_negated=is_negated)
        if self._peek() in ('"', ":"):
            raise self.error(
                f"{self._peek()} follows {self.text[begin : self.at]!r} without a space",
                hint='put a space between terms, and what has a quote or a colon in it in double quotes: "a:b"',
            )
        return word

    def _is_key(self, bare: str) -> bool:
        """Whether what was read goes on as a key, or as a path with a name in quotes."""
        return self._peek() == ":" or (
            self._peek() == '"' and bare.endswith(".") and bare.partition(".")[0] in DOCUMENTS
        )

    def _bare_word(self, bare: str, begin: int, *, is_negated: bool) -> Word:
        text, star, rest = bare.partition("*")
        if rest or (star and not text) or "\\" in bare or text.startswith("-"):
            self.at = begin
            raise self.error(
                f"{bare!r} is no word",
                hint=f'`*` stands at the end of a word; put it in double quotes: "{text or rest}"',
            )
        return self._word(text, is_prefix=bool(star), is_negated=is_negated)

    def _word(self, text: str, *, is_negated: bool, is_prefix: bool = False) -> Word:
        if not text.strip():
            raise self.error("there is no word in the quotes", hint="write one, or leave the quotes out")
        return Word(text, is_prefix, is_negated)

    def _keyed(self, *, is_negated: bool) -> Field | Path:
        begin = self.at
        name = self._match(re.compile(r'[^\s:".]*'))
        if name in DOCUMENTS and self._peek() == ".":
            steps = self._steps()
            self._colon()
            return Path(cast("Document", name), steps, self._values(DOCUMENTS[name]), is_negated)
        if self._peek() != ":" or name not in KEYS:
            self.at = begin
            raise self._unknown_key()
        self._colon()
        return Field(name, self._values(KEYS[name]), is_negated)

    def _steps(self) -> tuple[str, ...]:
        steps: list[str] = []
        while self._take("."):
            step = self._quoted() if self._peek() == '"' else self._match(_BARE_STEP)
            if not step:
                raise self.error(
                    "a path has a name after each dot", hint='ctx.patient.id:123, or ctx."first name":Ann'
                )
            steps.append(step)
        return tuple(steps)

    def _colon(self) -> None:
        if not self._take(":"):
            raise self.error("a path is followed by a colon and a value", hint="ctx.patient.id:123")

    def _unknown_key(self) -> FilterUnreadable:
        whole = self._match(re.compile(r'[^\s:"]*'))
        self.at -= len(whole)
        known = [*KEYS, *(f"{name}." for name in DOCUMENTS)]
        nearest = difflib.get_close_matches(whole.partition(".")[0].lower(), known, n=1)
        if not whole:
            return self.error("a term is missing here", hint="write a word, or key:value")
        return self.error(
            f"{whole!r} is no key" + (f"; is it {nearest[0]!r}?" if nearest else ""),
            hint=f'keys are {", ".join(known)}; a word with a colon in it stands in double quotes: "{whole}:…"',
            value=whole, allowed=tuple(known),
        )  # fmt: skip

    def _values(self, key: Key) -> tuple[Value, ...]:
        values = [self._value(key)]
        while self._take(","):
            values.append(self._value(key))
        if self.at < len(self.text) and not self._peek().isspace():
            raise self.error(
                f"{self._peek()!r} does not belong to a value of {key.name}",
                hint="put a space between terms, and quotes around texts",
            )
        return tuple(values)

    def _value(self, key: Key) -> Value:
        begin = self.at
        by = self._match(_COMPARISON) or "="
        low = operand(self._atom(key), key)
        has_range = self._take("..")
        if (by != "=" or has_range) and not _has_order(key, low):
            self.at = begin
            raise self.error(
                f"{key.name} has no order: {self.text[begin : begin + 20]!r}",
                hint=f"{key.name} takes {key.kind.value}, {key.examples[0]}",
            )
        if by == "=" and not has_range and isinstance(low, Ago):
            self.at = begin
            raise self.error(f"{low} is one instant", hint=f"for all since then write {key.name}:>{low}")
        if not has_range:
            return Compared(low, cast("Comparison", by))
        if by != "=":
            self.at = begin
            raise self.error(f"{by} stands before a range", hint=f"either {by}value, or low..high")
        high = operand(self._atom(key), key)
        if not _has_order(key, high) or (key.kind is Kind.JSON and type(high) is not type(low)):
            self.at = begin
            raise self.error(
                f"the ends of a range of {key.name} do not go together", hint="give two numbers, or two texts"
            )
        return Between(low, high)

    def _atom(self, key: Key) -> Atom:
        begin = self.at
        if self._peek() == '"':
            return Atom(self._quoted(), begin, self.text, is_quoted=True)
        bare = self._match(_BARE_VALUE)
        if not bare or "\\" in bare:
            self.at = begin
            raise self.error(
                f"{key.name} has no value here", hint=f"{key.name} takes {key.kind.value}: {', '.join(key.examples)}",
                allowed=key.choices,
            )  # fmt: skip
        return Atom(bare, begin, self.text, is_quoted=False)

    def _quoted(self) -> str:
        if (found := _QUOTED.match(self.text, self.at)) is None:
            raise self.error("the quote is not closed", hint='write another " where it ends')
        self.at = found.end()
        return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL)

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _take(self, literal: str) -> bool:
        is_there = self.text.startswith(literal, self.at)
        self.at += len(literal) * is_there
        return is_there

    def error(
        self, message: str, *, hint: str, value: str = "", allowed: tuple[str, ...] = ()
    ) -> FilterUnreadable:
        return FilterUnreadable(
            f"at character {self.at + 1}: {message}",
            hint=hint,
            position=self.at,
            value=value,
            allowed=allowed,
        )

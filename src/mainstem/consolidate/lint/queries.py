"""Queries: where a statement's rows come from, by which joins and filters, and what becomes of each column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from mainstem.consolidate.lint.catalog import NAME, Name
from mainstem.consolidate.lint.statements import Statement
from mainstem.consolidate.lint.tokens import Kind, Span, Token

_CLAUSES = (
    "with",
    "select",
    "from",
    "where",
    "group",
    "having",
    "window",
    "order",
    "limit",
    "offset",
    "fetch",
    "for",
)
_SETS = ("union", "except", "intersect")
_JOINS = frozenset(["join", "inner", "left", "right", "full", "cross", "natural", "outer", "lateral"])
_NO_ALIAS = frozenset(["on", "using", "as", "where", "tablesample", "order", "group", "limit", "set"])


@dataclass(frozen=True)
class Source:
    """One relation of a FROM. `name` is None for a subquery or a function; `join` is from, inner, left, right, full, cross."""

    name: Name | None
    alias: str
    join: str
    on: Span


@dataclass(frozen=True)
class Item:
    """One output of a SELECT: its expression and its name, empty when the server would choose one."""

    span: Span
    name: str

    @cached_property
    def plain(self) -> str:
        return self.span.plain

    @property
    def is_star(self) -> bool:
        return self.plain == "*" or self.plain.endswith(".*")

    @property
    def is_column(self) -> bool:
        """A column as it is, or cast: nothing is computed."""
        return bool(re.fullmatch(rf"{NAME}( :: [\w ]+( \( \d+ \))?)?", self.plain)) and self.plain not in (
            "null", "true", "false", "current_timestamp", "current_date", "localtimestamp",
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Query:
    """One SELECT. `ctes` is the WITH before it, as written; `outer` the query it is a part of."""

    clauses: dict[str, Span]
    span: Span
    outer: Query | None = None
    is_branch: bool = False

    def clause(self, name: str) -> Span:
        return self.clauses.get(name, self.span[:0])

    @property
    def where(self) -> Span:
        return self.clause("where")

    @cached_property
    def items(self) -> list[Item]:
        listed = self.clause("select")
        words = listed.words()
        skipped = 1 if words[:1] in (["distinct"], ["all"]) else 0
        if words[:2] == ["distinct", "on"]:
            skipped = 2 + len(listed.group(2)) + 2
        return [_item(part) for part in listed[skipped:].parts()]

    @cached_property
    def sources(self) -> list[Source]:
        return list(_sources(self.clause("from")))

    @property
    def first(self) -> Source | None:
        return next(iter(self.sources), None)

    @cached_property
    def aliases(self) -> set[str]:
        return {source.alias for source in self.sources}

    @property
    def aggregates(self) -> bool:
        """Whether its rows are not its sources' rows."""
        return bool(self.clause("group")) or any(
            re.match(
                r"(count|sum|min|max|avg|jsonb?_agg|array_agg|string_agg|jsonb?_object_agg) \(", item.plain
            )
            for item in self.items
        )

    @cached_property
    def nested(self) -> list[Query]:
        """The SELECTs in it, at any depth."""
        return [query for part in self.clauses.values() for query in queries_in(part, self)]


def queries_in(span: Span, outer: Query | None = None) -> list[Query]:
    """Each SELECT in parentheses, the outermost ones with theirs after them."""
    found = []
    for place, token in span.level():
        if token.plain != "(" or token.kind is not Kind.MARK:
            continue
        inner = span.group(place)
        if inner and inner[0].plain in ("select", "with"):
            for query in branches(inner, outer):
                found += [query, *query.nested]
        else:
            found += queries_in(inner, outer)
    return found


def branches(span: Span, outer: Query | None = None) -> list[Query]:
    """The SELECTs that UNION, EXCEPT and INTERSECT put together; mostly one."""
    cuts = [place for place, token in span.level() if token.kind is Kind.WORD and token.value in _SETS]
    edges = zip([0, *cuts], [*cuts, len(span)], strict=True)
    parts = [_without_set_word(span[left:right]) for left, right in edges]
    return [_query(part, outer, is_branch=len(parts) > 1) for part in parts if part]


def _without_set_word(part: Span) -> Span:
    skipped = 0
    while skipped < len(part) and part[skipped].plain in (*_SETS, "all", "distinct"):
        skipped += 1
    part = part[skipped:]
    if len(part) > 1 and part[0].plain == "(" and part[-1].plain == ")":
        return part[1:-1]
    return part


def _query(span: Span, outer: Query | None, *, is_branch: bool) -> Query:
    starts: list[tuple[str, int]] = []
    for place, token in span.level():
        is_new = token.kind is Kind.WORD and token.value in _CLAUSES and token.value not in dict(starts)
        if is_new and not (token.value == "with" and place > 0) and not _is_within_from(span, place):
            starts.append((token.value, place))
    ends = [*(place for _, place in starts), len(span)][1:]
    clauses = {name: span[place + 1 : end] for (name, place), end in zip(starts, ends, strict=True)}
    return Query(clauses, span, outer, is_branch)


def _is_within_from(span: Span, place: int) -> bool:
    """`is distinct from`, `extract(… from …)` at the top, `within group`."""
    before = [token.plain for token in span[max(place - 1, 0) : place]]
    return before in (["distinct"], ["within"], ["with"])


def _item(part: Span) -> Item:
    words = part.words()
    if len(words) > 2 and words[-2] == "as":
        return Item(part[:-2], part[-1].value)
    is_bare = (
        len(words) > 1
        and part[-1].kind in (Kind.WORD, Kind.QUOTED)
        and words[-1] not in ("end", "null", "true", "false")
    )
    if (
        is_bare
        and words[-2] not in (".", "::", "is", "and", "or", "not", "then", "else")
        and part[-2].text not in "+-*/=<>|||->->>"
    ):
        return Item(part[:-1], part[-1].value)
    named = re.fullmatch(NAME, part.plain)
    return Item(part, Name.of(part.plain).name if named else "")


def _sources(span: Span) -> Iterator[Source]:
    join, begin = "from", 0
    cuts = [
        (place, token.plain)
        for place, token in span.level()
        if token.plain == "," or (token.kind is Kind.WORD and token.plain in _JOINS)
    ]
    at = 0
    while at < len(cuts):
        place, word = cuts[at]
        end = place
        if end > begin:
            yield _source(span[begin:end], join)
        join = "cross" if word == "," else "inner"
        while at < len(cuts) and cuts[at][0] == place:
            word = cuts[at][1]
            join = word if word in ("left", "right", "full", "cross") else join
            begin = place + 1
            at += 1
            place += 1
    if len(span) > begin:
        yield _source(span[begin:], join)


def _source(part: Span, join: str) -> Source:
    words = part.words()
    skipped = 1 if words[:1] == ["only"] else 0
    condition = next((place for place, token in part.level() if token.plain in ("on", "using")), len(part))
    named = re.match(rf"(?:only )?({NAME})( \()?", part[:condition].plain)
    is_table = named is not None and not named.group(2)
    name = Name.of(named.group(1)) if named is not None and is_table else None
    length = len(named.group(1).split(".")) * 2 - 1 if named is not None and is_table else 0
    rest = (
        [word for word in words[skipped + length : condition] if word != "as"]
        if is_table
        else words[:condition][-1:]
    )
    alias = (
        rest[0] if rest and rest[0] not in _NO_ALIAS and rest[0] not in "()" else (name.name if name else "")
    )
    return Source(name, alias.strip('"'), join, part[condition:])


@dataclass(frozen=True, eq=False)
class Move:
    """A statement that puts the rows of a query somewhere: INSERT … SELECT, CREATE TABLE AS, SELECT INTO; or a view."""

    statement: Statement
    kind: str
    target: Name
    columns: tuple[str, ...]
    ctes: str
    queries: list[Query]

    @property
    def keeps_rows(self) -> bool:
        """Whether it makes rows; a view only shows them."""
        return self.kind != "view"

    @cached_property
    def every_query(self) -> list[Query]:
        """Its queries, and those inside of them."""
        return [each for query in self.queries for each in (query, *query.nested)]

    def outputs(self, query: Query) -> list[tuple[str, Item]]:
        """Target column → what goes there, by place where the target's columns are listed, else by name."""
        if self.columns and len(self.columns) == len(query.items):
            return list(zip(self.columns, query.items, strict=True))
        return [(item.name, item) for item in query.items]


_INSERT = re.compile(
    rf"insert (?:or \w+ )?into (?P<name>{NAME})(?: as \w+)?(?: \( (?P<columns>[^()]*) \))?"
    rf"(?: overriding (?:system|user) value)? (?P<query>\(? ?(?:select|with) )"
)
_MADE = re.compile(
    rf"create (?P<temp>(?:or replace )?(?:global |local )?(?:temp(?:orary)? )?(?:unlogged )?(?:recursive )?)"
    rf"(?P<kind>table|view|materialized view) (?:if not exists )?(?P<name>{NAME})"
    rf"(?: \( (?P<columns>[^()]*) \))?(?: with \( [^()]* \))?(?: tablespace \w+)? as (?P<query>\(? ?(?:select|with) )"
)


def move_of(statement: Statement) -> Move | None:
    """The move that a statement makes; None when it moves nothing."""
    plain = statement.plain
    if (found := re.search(_INSERT, plain)) and plain.startswith(("insert", "with", "replace")):
        ctes = statement.span[: _place(plain, found.start())]
        return _move(statement, "insert", found, ctes.text)
    if found := _MADE.match(plain):
        kind = "table" if found["kind"] == "table" else "view"
        return _move(statement, "temporary table" if "temp" in found["temp"] else kind, found, "")
    into = re.match(
        rf"select (?:(?! from ).)*? into (?:temp(?:orary)? |table )*(?P<name>{NAME}) from ", plain
    )
    if into and not statement.within:
        return _selected_into(statement, into)
    return None


def _selected_into(statement: Statement, into: re.Match[str]) -> Move:
    words = statement.span.words()
    at = words.index("into")
    after = words.index("from", at)
    tokens = statement.span.tokens[:at] + statement.span.tokens[after:]
    queries = branches(Span(tokens, statement.span.source))
    kind = "temporary table" if "temp" in words[at + 1] else "table"
    return Move(statement, kind, Name.of(into["name"]), (), "", queries)


def _move(statement: Statement, kind: str, found: re.Match[str], ctes: str) -> Move:
    span = statement.span[_place(statement.plain, found.start("query")) :]
    ends = [
        place
        for place, token in span.level()
        if token.plain == "returning"
        or (token.plain == "on" and span[place + 1 : place + 2].plain == "conflict")
    ]
    span = span[: min(ends)] if ends else span
    if ends_with := re.search(r" with (?:no |cascaded |local )?(?:data|check option)$", span.plain):
        span = span[: len(span) - len(ends_with.group().split())]
    columns = tuple(Name.of(name).name for name in (found["columns"] or "").split(" , ") if name.strip())
    return Move(statement, kind, Name.of(found["name"]), columns, ctes, branches(_unwrapped(span)))


def _unwrapped(span: Span) -> Span:
    is_wrapped = len(span) > 1 and span[0].plain == "(" and span[1].plain in ("select", "with")
    return span[1:-1] if is_wrapped and span[-1].plain == ")" else span


def _place(plain: str, offset: int) -> int:
    """The number of tokens before an offset of `plain`."""
    return len(plain[:offset].replace(".", " . ").split())


_UPDATE = re.compile(rf"update (?:or \w+ )?(?P<table>(?:only )?{NAME}(?: as)?(?: (?!set )\w+)?) set ")
_AFTER_SET = ("from", "where", "returning")


def assignments(statement: Statement) -> tuple[Query, list[Item]] | None:
    """What an UPDATE puts in place of its columns, over the rows that it takes; None for anything else.

    With a FROM of its own its WHERE is left out: it speaks of tables that the query here does not have.
    """
    found = _UPDATE.match(statement.plain)
    if found is None:
        return None
    span, begin = statement.span, _place(statement.plain, found.end())
    cuts = [
        (place, token.value) for place, token in span.level() if token.plain in _AFTER_SET and place >= begin
    ]
    ends = [*(place for place, _ in cuts[1:]), len(span)]
    after = {word: span[place + 1 : end] for (place, word), end in zip(cuts, ends, strict=False)}
    clauses = {
        "from": span[1 : begin - 1],
        "where": span[:0] if "from" in after else after.get("where", span[:0]),
    }
    parts = span[begin : cuts[0][0] if cuts else len(span)].parts()
    items = [Item(part[2:], part[0].value) for part in parts if len(part) > 2 and part[1].text == "="]
    return Query(clauses, span), items


def columns_named(span: Span, aliases: set[str], *, alone: bool) -> tuple[set[str], bool]:
    """The columns that are mentioned of a source with these names, and whether the whole row is.

    alone: no other source is there, so that a column without a qualifier is its too.
    """
    names: set[str] = set()
    whole = False
    found = [token for token in span if token.kind in (Kind.WORD, Kind.QUOTED, Kind.MARK)]
    for place, token in enumerate(found):
        before = found[place - 1].text if place else ""
        after = found[place + 1].text if place + 1 < len(found) else ""
        if before == "." and place > 1 and found[place - 2].value.lower() in aliases:
            names.add(token.value)
            whole = whole or token.text == "*"
        elif before != "." and token.value in aliases and after != ".":
            whole = whole or after in ("::", ")")
        elif before != "." and after not in (".", "(") and alone and token.kind is not Kind.MARK:
            names.add(token.value)
    return names, whole or (alone and any(_is_star(found, place) for place in range(len(found))))


def _is_star(found: list[Token], place: int) -> bool:
    before = found[place - 1].text if place else ","
    return found[place].text == "*" and before.lower() in (",", "select", "distinct")

"""Expressions: the calls, CASEs, casts and column references in a query, with the columns that they mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from mainstem.consolidate.lint.catalog import NAME, Column, Table
from mainstem.consolidate.lint.queries import Query, Source
from mainstem.consolidate.lint.script import Script
from mainstem.consolidate.lint.tokens import Kind, Span

_EQUALITY = re.compile(rf"\(? ?({NAME}) = ({NAME}) ?\)?")


@dataclass(frozen=True)
class Call:
    """A function's call: its name and what stands in its parentheses."""

    name: str
    inside: Span
    behind: Span

    @property
    def arguments(self) -> list[Span]:
        return self.inside.parts()


def calls(span: Span, names: Collection[str]) -> Iterator[Call]:
    """The calls of these functions, at any depth."""
    for place, inside in span.groups():
        name = span[place - 1] if place else None
        if name is not None and name.kind is not Kind.STRING and name.value in names:
            yield Call(name.value, inside, span[place + len(inside) + 2 :])


@dataclass(frozen=True)
class Case:
    """A CASE that maps the values of one operand: value → what becomes of it. `otherwise` is empty without an ELSE."""

    operand: Span
    values: list[tuple[str, Span]]
    otherwise: Span
    line: int


def value_cases(span: Span) -> Iterator[Case]:
    """The CASEs over one operand's values, the inner ones apart."""
    opened: list[int] = []
    for place, token in enumerate(span):
        if token.kind is Kind.WORD and token.value == "case":
            opened.append(place)
        elif token.kind is Kind.WORD and token.value == "end" and opened:
            found = _case(span[opened.pop() + 1 : place])
            if found is not None:
                yield found


def _case(inside: Span) -> Case | None:
    cuts = [
        (place, token.value) for place, token in inside.level() if token.plain in ("when", "then", "else")
    ]
    if not cuts:
        return None
    operand = inside[: cuts[0][0]]
    ends = [*(place for place, _ in cuts[1:]), len(inside)]
    said = [(word, inside[place + 1 : end]) for (place, word), end in zip(cuts, ends, strict=True)]
    otherwise = next((span for word, span in said if word == "else"), inside[:0])
    values = []
    for (word, test), (_, result) in pairwise(said):
        if word == "when":
            operand, value = (
                (operand, test) if operand and "=" not in test.words() else _compared(operand, test)
            )
            if len(value) != 1 or value[0].kind is not Kind.STRING:
                return None
            values.append((value[0].value, result))
    return Case(operand, values, otherwise, inside.line) if values and operand else None


def _compared(operand: Span, test: Span) -> tuple[Span, Span]:
    """`operand = 'value'`, the operand the same as before."""
    sides = test.parts("=")
    if len(sides) != 2 or (operand and sides[0].plain != operand.plain):
        return test[:0], test[:0]
    return sides[0], sides[1]


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that an expression mentions, as far as its table is known."""

    source: Source
    table: Table
    column: Column


def resolve(script: Script, query: Query | None, said: str) -> Reference | None:
    """What `alias.column` or `column` means in a query; None when its table is not known."""
    *qualifiers, name = [piece.strip('"') for piece in said.split(".")]
    while query is not None:
        for source in query.sources:
            table = (
                script.table(source.name) if source.name and qualifiers[-1:] in ([], [source.alias]) else None
            )
            if table is not None and name in table.columns:
                return Reference(source, table, table.columns[name])
        query = query.outer
    return None


def references(script: Script, query: Query, span: Span) -> Iterator[Reference]:
    """The known columns that a span mentions; all of a row's for the row itself."""
    for said in re.findall(rf"(?<![\w.\"]){NAME}(?! \()", span.plain):
        found = resolve(script, query, said)
        if found is not None:
            yield found
        elif whole := next(
            (source for source in query.sources if source.alias == said and source.name), None
        ):
            table = script.table(whole.name) if whole.name else None
            for column in table.columns.values() if table else ():
                yield Reference(whole, table, column)  # type: ignore[arg-type]  # a table is there where its columns are


@dataclass(frozen=True, slots=True)
class Correlation:
    """`child.column = outer.column` in the WHERE of a subquery: how the child's rows find their parent."""

    child: Source
    child_column: str
    outer: Query
    parent: Source
    parent_column: str


def correlations(query: Query) -> Iterator[Correlation]:
    for part in query.where.parts("and"):
        if equal := _EQUALITY.fullmatch(part.plain):
            left, right = (_pieces(side) for side in equal.groups())
            for child, parent in ((left, right), (right, left)):
                found = _correlation(query, child, parent)
                if found is not None:
                    yield found
                    break


def _correlation(query: Query, child: tuple[str, str], parent: tuple[str, str]) -> Correlation | None:
    own = _source_of(query, child[0])
    if own is None or parent[0] in query.aliases or not parent[0]:
        return None
    outer = query.outer
    while outer is not None:
        if (found := _source_of(outer, parent[0])) is not None:
            return Correlation(own, child[1], outer, found, parent[1])
        outer = outer.outer
    return None


def _pieces(said: str) -> tuple[str, str]:
    *qualifiers, name = [piece.strip('"') for piece in said.split(".")]
    return (qualifiers[-1] if qualifiers else ""), name


def _source_of(query: Query, alias: str) -> Source | None:
    if not alias:
        return query.first if len(query.sources) == 1 else None
    return next((source for source in query.sources if source.alias == alias), None)


def joined_on(source: Source) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """The equalities of a join: both sides, each as alias and column."""
    for part in source.on[1:].parts("and"):
        if equal := _EQUALITY.fullmatch(part.plain):
            yield _pieces(equal.group(1)), _pieces(equal.group(2))

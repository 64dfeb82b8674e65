"""Rules of a table: keys, uniqueness, checks and indexes, paired by what they say and then by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Protocol, TypeVar

from mainstem.consolidate.review.findings import Finding, Kind, Unseen
from mainstem.consolidate.review.pair import Pair
from mainstem.consolidate.review.picture import Check, Element, ForeignKey, Index, Unique
from mainstem.errors import ExpressionRefused


class Rule(Protocol):
    """What has a name, perhaps, and a declaration on the code's side."""

    @property
    def name(self) -> str: ...

    @property
    def ddl(self) -> str: ...


R = TypeVar("R", bound=Rule)
Match = tuple[list[tuple[R, R]], list[R], list[R]]


def rules(pair: Pair) -> Iterator[Finding | Unseen]:
    """What the rules differ in. A view has none."""
    if pair.found.is_view:
        return
    yield from chain(_primary_key(pair), _foreign_keys(pair), _uniques(pair), _checks(pair), _indexes(pair))
    if pair.declared.exclusions or pair.found.exclusions:
        names = sorted({*pair.declared.exclusions, *pair.found.exclusions})
        yield Unseen(str(pair.name), f"exclusion constraints are not compared: {', '.join(names)}")


def _primary_key(pair: Pair) -> Iterator[Finding]:
    ours, theirs = pair.declared.primary_key, pair.found.primary_key
    if set(ours) == set(theirs):
        return
    columns = ", ".join(map(pair.remedies.quote, ours))
    remedy = "" if theirs else pair.remedies.alter(pair.name, f"ADD PRIMARY KEY ({columns})")
    kind = Kind.PRIMARY_KEY_DIFFERS if theirs else Kind.PRIMARY_KEY_MISSING
    yield Finding(
        kind, pair.name, "", f"({', '.join(ours)})", f"({', '.join(theirs)})" if theirs else "", remedy
    )


def _foreign_keys(pair: Pair) -> Iterator[Finding]:
    alike, ours, theirs = _paired(
        pair.declared.foreign_keys, pair.found.foreign_keys, lambda one, other: one.way == other.way
    )
    more, ours, theirs = _paired(ours, theirs, lambda one, other: set(one.columns) == set(other.columns))
    for one, other in alike + more:
        same = one.way == other.way and _terms(one) == _terms(other)
        if not same or other.enforced:
            remedy = _put_right(pair, (one, other), other.enforced if same else "")
            yield _differs(pair, Kind.FOREIGN_KEY_DIFFERS, (one, other), _columns(one.columns), remedy)
    for one in ours:
        yield _missing(pair, Kind.FOREIGN_KEY_MISSING, one, _columns(one.columns))
    for other in theirs:
        yield Finding(Kind.FOREIGN_KEY_UNUSED, pair.name, _columns(other.columns), found=str(other))


def _terms(key: ForeignKey) -> tuple[str, ...]:
    return key.on_delete, key.on_update, key.deferrable


def _uniques(pair: Pair) -> Iterator[Finding]:
    alike, ours, theirs = _paired(
        pair.declared.uniques, pair.found.uniques, lambda one, other: set(one.columns) == set(other.columns)
    )
    named, ours, theirs = _paired(ours, theirs, _same_name)
    for one, other in alike + named:
        same = _unique_terms(one) == _unique_terms(other)
        if not same or not other.valid:
            remedy = _put_right(pair, (one, other), "invalid" if same else "")
            yield _differs(pair, Kind.UNIQUE_DIFFERS, (one, other), _columns(one.columns), remedy)
    for one in ours:
        if set(one.columns) != set(pair.found.primary_key):
            yield _missing(pair, Kind.UNIQUE_MISSING, one, _columns(one.columns))
    for other in theirs:
        yield Finding(Kind.UNIQUE_UNUSED, pair.name, _columns(other.columns), found=str(other))


def _unique_terms(rule: Unique) -> tuple[object, ...]:
    return frozenset(rule.columns), rule.nulls_distinct, rule.deferrable


def _checks(pair: Pair) -> Iterator[Finding | Unseen]:
    refused: dict[str, str] = {}

    def same(one: Check, other: Check) -> bool:
        try:
            return pair.same(one.expression, other.expression)
        except ExpressionRefused as said:
            refused[one.name or one.expression] = said.message
            return False

    alike, ours, theirs = _paired(pair.declared.checks, pair.found.checks, same)
    named, ours, theirs = _paired(ours, theirs, _same_name)
    for one, other in alike + named:
        title = one.name or other.name
        is_same = (one, other) not in named
        if title in refused and not is_same:
            yield Unseen(f"{pair.name}.{title}", f"its CHECK: {refused[title]}")
        elif other.enforced or not is_same:
            remedy = _put_right(pair, (one, other), other.enforced if is_same else "")
            yield _differs(pair, Kind.CHECK_DIFFERS, (one, other), title, remedy)
    for one in ours:
        yield _missing(pair, Kind.CHECK_MISSING, one, one.name or one.expression)
    for other in theirs:
        yield Finding(Kind.CHECK_UNUSED, pair.name, other.name, found=str(other))


def _indexes(pair: Pair) -> Iterator[Finding | Unseen]:
    refused: dict[str, str] = {}

    def same(one: Index, other: Index) -> bool:
        try:
            return _same_index(pair, one, other)
        except ExpressionRefused as said:
            refused[one.name] = said.message
            return False

    alike, ours, theirs = _paired(pair.declared.indexes, pair.found.indexes, same)
    named, ours, theirs = _paired(ours, theirs, _same_name)
    for one, other in alike + named:
        if one.name in refused and (one, other) in named:
            yield Unseen(f"{pair.name}.{one.name}", f"its index: {refused[one.name]}")
        elif not other.valid:
            remedy = pair.remedies.rebuild(pair.name, other.name)
            yield _differs(pair, Kind.INDEX_DIFFERS, (one, other), one.name, remedy)
        elif (one, other) in named:
            yield _differs(pair, Kind.INDEX_DIFFERS, (one, other), one.name, "")
    for one in ours:
        if not _stands_on_absent(pair, one):
            yield _missing(pair, Kind.INDEX_MISSING, one, one.name or str(one))
    for other in theirs:
        yield Finding(Kind.INDEX_UNUSED, pair.name, other.name, found=str(other))


def _stands_on_absent(pair: Pair, index: Index) -> bool:
    """Whether a column of it is one that the database may do without, and does."""
    absent = {
        name
        for name, column in pair.declared.columns.items()
        if column.is_optional and name not in pair.found.columns
    }
    return any(element.is_column and element.expression in absent for element in index.elements)


def _same_index(pair: Pair, one: Index, other: Index) -> bool:
    plain = (one.unique, one.method, set(one.include), one.nulls_distinct, len(one.elements)) == (
        other.unique, other.method, set(other.include), other.nulls_distinct, len(other.elements)
    )  # fmt: skip
    if not plain or bool(one.where) != bool(other.where):
        return False
    together = zip(one.elements, other.elements, strict=True)
    return all(_same_element(pair, *both) for both in together) and pair.same(one.where, other.where)


def _same_element(pair: Pair, one: Element, other: Element) -> bool:
    usual = other.is_usual if not one.operators else one.operators == other.operators
    if not usual or one.order != other.order or one.is_column != other.is_column:
        return False
    return (
        one.expression == other.expression if one.is_column else pair.same(one.expression, other.expression)
    )


def _paired(ours: Sequence[R], theirs: Sequence[R], same: Callable[[R, R], bool]) -> Match[R]:
    """Pairs that are the same, and what is left on either side."""
    pairs: list[tuple[R, R]] = []
    alone: list[R] = []
    rest = list(theirs)
    for one in ours:
        found = next((place for place, other in enumerate(rest) if same(one, other)), None)
        if found is None:
            alone.append(one)
        else:
            pairs.append((one, rest.pop(found)))
    return pairs, alone, rest


def _same_name(one: Rule, other: Rule) -> bool:
    return bool(one.name) and one.name == other.name


def _columns(names: Sequence[str]) -> str:
    return f"({', '.join(names)})"


def _missing(pair: Pair, kind: Kind, rule: Rule, part: str) -> Finding:
    return Finding(kind, pair.name, part, str(rule), remedy=pair.remedies.add(pair.name, rule.ddl))


def _differs(pair: Pair, kind: Kind, both: tuple[Rule, Rule], part: str, remedy: str) -> Finding:
    one, other = both
    return Finding(kind, pair.name, part, str(one), str(other), remedy)


def _put_right(pair: Pair, both: tuple[Rule, Rule], weakness: str) -> str:
    """What only waits to be validated is validated, what is invalid is rebuilt; the rest is put in the other's place."""
    one, other = both
    if weakness == "invalid":
        return pair.remedies.rebuild(pair.name, other.name)
    if weakness == "not valid":
        return pair.remedies.validate(pair.name, other.name)
    return pair.remedies.replace(pair.name, other.name, one.ddl)

"""Values that change on their way, or were never there: D03, D04, D05, D06, D07, D11, D12."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from mainstem.consolidate.lint.catalog import NAME
from mainstem.consolidate.lint.expressions import Case, calls, correlations, resolve, value_cases
from mainstem.consolidate.lint.findings import Hit, Severity, Sight, asks, rule
from mainstem.consolidate.lint.live.counts import NO_DATABASE, Count
from mainstem.consolidate.lint.live.postgres import column as quoted_column
from mainstem.consolidate.lint.live.postgres import literal
from mainstem.consolidate.lint.queries import Item, Query, assignments, columns_named
from mainstem.consolidate.lint.script import Script
from mainstem.consolidate.lint.statements import Statement
from mainstem.consolidate.lint.tokens import Kind, Span

LIVE = (Sight.TEXT, Sight.LIVE)
OBJECT_AGGREGATES = (
    "jsonb_object_agg",
    "json_object_agg",
    "jsonb_object_agg_strict",
    "json_object_agg_strict",
)
UNIQUE_AGGREGATES = ("jsonb_object_agg_unique", "json_object_agg_unique", "jsonb_object_agg_unique_strict")
LIST_AGGREGATES = ("jsonb_agg", "json_agg", "array_agg", "string_agg", "group_concat", "json_group_array")
VOLATILE = (
    "gen_random_uuid", "uuid_generate_v4", "uuid_generate_v1", "uuidv4", "uuidv7", "random", "now", "clock_timestamp",
    "statement_timestamp", "transaction_timestamp", "timeofday",
)  # fmt: skip
TENANTS = (
    "org_id",
    "organization_id",
    "organisation_id",
    "tenant_id",
    "account_id",
    "customer_id",
    "company_id",
)
_NOW = re.compile(r"\b(current_timestamp|current_date|localtimestamp|current_time)\b")
_EMPTY = re.compile(r"coalesce \( (?P<column>" + NAME + r") , '' (:: \w+ )?\)")

D03 = rule(
    "D03",
    "Several values become one",
    why="ELSE takes every value nobody thought of; two values with one result cannot be told apart afterwards.",
    remedy="Name every value that occurs, keep the original beside what it became, and let an unknown one be an error.",
    looks_at=(*LIVE, Sight.MAPPING),
    blind="Without a database it does not know which values occur.",
)
D04 = rule(
    "D04",
    "Duplicate keys: the last one wins",
    why="jsonb_object_agg and a cast of json to jsonb keep one value for each key, and drop the others silently.",
    remedy="jsonb_object_agg_unique (PostgreSQL 16), which refuses duplicates, or an array of {key, value}.",
    looks_at=LIVE,
    severity=Severity.ERROR,
)
D05 = rule(
    "D05",
    "NULL and something else become the same",
    why="SQL NULL, JSON null, {} and an absent key mean different things; a fold that merges them cannot be undone. "
    "A NULL key makes jsonb_object_agg fail, a NULL value makes jsonb_set forget the whole column.",
    remedy="Keep NULL as NULL, mark it (`_sqlnull`), use jsonb_set_lax, and filter NULL keys into a place of their own.",
    looks_at=LIVE,
)
D06 = rule(
    "D06",
    "A list without an order",
    why="An aggregate without ORDER BY gives its elements in whatever order the plan has them, another one tomorrow.",
    remedy="ORDER BY a unique key inside the aggregate: jsonb_agg(x ORDER BY x.event_id).",
    looks_at=(Sight.TEXT, Sight.MAPPING),
    severity=Severity.ERROR,
)
D07 = rule(
    "D07",
    "Elements without their own key or times",
    why="A folded child that does not carry its id and its times cannot become a row again.",
    remedy="Put the child's primary key and its timestamps into each element.",
    blind="Without the child's definition it only asks for a name that looks like a key.",
    looks_at=(Sight.TEXT, Sight.LIVE, Sight.MAPPING),
)
D11 = rule(
    "D11",
    "Values that were never there",
    why="A random id, the present time or the first row of a table in place of a missing value looks like data, and "
    "another run makes another one.",
    remedy="Leave it NULL, ask for a decision, or derive it from the row itself.",
    looks_at=(Sight.TEXT, Sight.MAPPING),
)
D12 = rule(
    "D12",
    "A row may change its tenant",
    why="A tenant that is computed, or has a fallback, puts somebody's rows before somebody else's eyes.",
    remedy="Copy the tenant column as it is; rows without one wait in quarantine for a decision.",
    looks_at=(Sight.TEXT, Sight.MAPPING),
    severity=Severity.ERROR,
)


def _items(statement: Statement, script: Script) -> Iterator[tuple[Query, Item]]:
    """What goes into columns, of a move or an UPDATE; subqueries are inside of it."""
    move = script.move(statement)
    for query in move.queries if move is not None and move.keeps_rows else ():
        names = [target for target, _ in move.outputs(query)] if move is not None else []
        yield from ((query, replace(item, name=name)) for item, name in zip(query.items, names, strict=True))
    if (changed := assignments(statement)) is not None:
        yield from ((changed[0], item) for item in changed[1])


@asks(D03)
def value_collapse(statement: Statement, script: Script) -> Iterator[Hit]:
    for query, item in _items(statement, script):
        for case in value_cases(item.span):
            yield from _others(script, query, case)
            yield from _merged(script, query, case)


def _others(script: Script, query: Query, case: Case) -> Iterator[Hit]:
    kept = case.otherwise.plain.split(" :: ")[0] == case.operand.plain.split(" :: ")[0]
    if kept:
        return
    becomes = case.otherwise.text or "NULL"
    known = ", ".join(literal(value) for value, _ in case.values)
    count = _of_values(script, query, case, f"v is null or v not in ({known})")
    if not count.is_none:
        yield Hit(
            f"every other value of {case.operand.text} becomes {becomes}{_rows(count)}{count.told}",
            case.line,
            case.operand.text,
            count.rows,
            Severity.ERROR if count.rows else None,
        )


def _merged(script: Script, query: Query, case: Case) -> Iterator[Hit]:
    results = Counter(result.text for _, result in case.values)
    for result in [result for result, times in results.items() if times > 1]:
        values = [value for value, becomes in case.values if becomes.text == result]
        count = _of_values(script, query, case, f"v in ({', '.join(map(literal, values))})")
        if count.rows is None or len(count.sample) > 1:
            yield Hit(
                f"{', '.join(values)} of {case.operand.text} all become {result}{_rows(count)}",
                case.line,
                case.operand.text,
                count.rows,
                Severity.ERROR if count.rows else None,
            )


def _rows(count: Count) -> str:
    return "" if count.rows is None else f", in {count.rows} rows"


def _of_values(script: Script, query: Query, case: Case, condition: str) -> Count:
    """How many rows of a query's source have such a value `v` of the operand."""
    if script.postgres is None:
        return NO_DATABASE
    where = f" where {query.where.text}" if query.where else ""
    withs = f"with {query.clause('with').text} " if query.clause("with") else ""
    values = f"select ({case.operand.text})::text v from {query.clause('from').text}{where}"
    return script.count(
        f"{withs}select count(*), (array_agg(distinct coalesce(v, 'NULL')))[1:5] from ({values}) x where {condition}"
    )


@asks(D04)
def last_key_wins(statement: Statement, script: Script) -> Iterator[Hit]:
    for call in calls(statement.span, OBJECT_AGGREGATES) if _is_kept(statement, script) else ():
        yield Hit(f"{call.name} keeps the last of equal keys", call.inside.line)
    changed = statement.begins(
        rf"alter table (?:if exists )?(?:only )?({NAME}) .*?alter (?:column )?({NAME}) (?:set data )?type jsonb"
    )
    if changed:
        count = _repeated_keys(script, *changed.groups())
        if not count.is_none:
            message = (
                f"json that becomes jsonb loses repeated keys, spacing and order{_rows(count)}{count.told}"
            )
            yield Hit(
                message,
                statement.line,
                changed.group(1),
                count.rows,
                None if count.rows else Severity.WARNING,
            )


def _is_kept(statement: Statement, script: Script) -> bool:
    """Whether what is computed stays: a move, a view, an UPDATE; not a question."""
    return script.move(statement) is not None or statement.plain.startswith(("update ", "insert ", "merge "))


def _repeated_keys(script: Script, table: str, column: str) -> Count:
    if script.postgres is None:
        return NO_DATABASE
    json = f"{column}::json"
    return script.count(
        f"select count(*) from {table} where json_typeof({json}) = 'object' and "
        f"(select count(*) <> count(distinct k) from json_object_keys(case when json_typeof({json}) = 'object' then {json} end) k)"
    )


@asks(D05)
def merged_nulls(statement: Statement, script: Script) -> Iterator[Hit]:
    for query, item in _items(statement, script):
        for found in _EMPTY.finditer(item.plain):
            yield from _emptied(script, query, found["column"], item.span.line)
    if _is_kept(statement, script):
        yield from _null_keys(statement, script)
        for _ in calls(statement.span, ("jsonb_strip_nulls", "json_strip_nulls")):
            yield Hit("strip_nulls removes keys whose value is null", statement.line)
        for call in calls(statement.span, ("jsonb_set",)):
            value = call.arguments[2].plain if len(call.arguments) > 2 else ""
            if value.split(" ")[0] == "null" or (
                len(call.arguments) > 2 and call.arguments[2][0].kind is Kind.PARAMETER
            ):
                yield Hit(f"jsonb_set to {value} makes the whole column NULL", call.inside.line)


def _emptied(script: Script, query: Query, column: str, line: int) -> Iterator[Hit]:
    known = resolve(script, query, column)
    if known is not None and not known.column.nullable:
        return
    count = NO_DATABASE
    if known is not None and script.postgres is not None:
        name = quoted_column(known.column.name)
        count = script.count(
            f"select count(*) filter (where {name} is null) from {script.sql_name(known.table.name)}"
        )
    if not count.is_none:
        message = f"NULL of {column} becomes empty, as what was empty before{_rows(count)}{count.told}"
        yield Hit(message, line, column, count.rows, Severity.ERROR if count.rows else None)


def _null_keys(statement: Statement, script: Script) -> Iterator[Hit]:
    move = script.move(statement)
    queries = move.every_query if move else []
    for call in calls(statement.span, (*OBJECT_AGGREGATES, *UNIQUE_AGGREGATES)):
        key = call.arguments[0].plain if call.arguments else ""
        inner = next((query for query in reversed(queries) if query.span.holds(call.inside)), None)
        known = resolve(script, inner, key)
        is_filtered = call.behind.words()[:2] == ["filter", "("] or "strict" in call.name
        if not is_filtered and (known is None or known.column.nullable):
            yield Hit(f"a NULL {key} makes {call.name} fail", call.inside.line, key)


@asks(D06)
def unordered(statement: Statement, script: Script) -> Iterator[Hit]:
    for call in calls(statement.span, LIST_AGGREGATES) if _is_kept(statement, script) else ():
        if not any(token.plain == "order" for _, token in call.inside.level()):
            yield Hit(
                f"{call.name}({' '.join(call.inside.text.split())[:60]}) has no ORDER BY", call.inside.line
            )


@asks(D07)
def elements_without_identity(statement: Statement, script: Script) -> Iterator[Hit]:
    move = script.move(statement)
    for query in move.every_query if move is not None else ():
        first = query.first
        for call in calls(query.clause("select"), (*LIST_AGGREGATES, *OBJECT_AGGREGATES, *UNIQUE_AGGREGATES)):
            if (
                first is None
                or first.name is None
                or "json" not in call.name
                or not any(True for _ in correlations(query))
            ):
                continue
            carried, whole = columns_named(_before_order(call.inside), query.aliases, alone=True)
            if not whole and not _is_row(call.inside, query):
                yield from _missing(script, query, carried, call.inside.line)


def _before_order(inside: Span) -> Span:
    end = next((place for place, token in inside.level() if token.plain == "order"), len(inside))
    return inside[:end]


def _is_row(inside: Span, query: Query) -> bool:
    return inside[0].value in query.aliases and (len(inside) == 1 or inside[1].plain == "order")


def _missing(script: Script, query: Query, carried: set[str], line: int) -> Iterator[Hit]:
    first = query.first
    table = script.table(first.name) if first is not None and first.name is not None else None
    if first is None or table is None:
        if not any(name == "id" or name.endswith("_id") for name in carried):
            yield Hit(f"elements of {first.name if first else 'a query'} carry no key of their own", line)
        return
    lost = [name for name in table.primary if name not in carried]
    lost += [
        each.name
        for each in table.columns.values()
        if each.kind.startswith(("timestamp", "date", "time")) and each.name not in carried
    ]
    if lost:
        is_key = any(name in table.primary for name in lost)
        message = f"elements of {table.name} do not carry {', '.join(lost)}"
        yield Hit(message, line, str(table.name), severity=Severity.ERROR if is_key else None)


@asks(D11)
def fabricated(statement: Statement, script: Script) -> Iterator[Hit]:
    for query, item in _items(statement, script):
        invented = [f"{call.name}()" for call in calls(item.span, VOLATILE)] + _NOW.findall(item.plain)
        falls_back = bool(re.search(r"\b(coalesce|case|ifnull|nvl) ", item.plain))
        if statement.begins("update ") and not falls_back:
            invented = []  # updated_at = now() is so
        for name in invented:
            yield Hit(
                f"{item.name or 'a column'} gets {name}{' where the old row has nothing' if falls_back else ''}",
                item.span.line,
                item.name,
                severity=Severity.ERROR if falls_back else None,
            )
        for inner in _first_ones(query, item):
            yield Hit(
                f"{item.name or 'a column'} gets whichever row comes first: ({inner.span.text})",
                inner.span.line,
                item.name,
                severity=Severity.ERROR,
            )


def _first_ones(query: Query, item: Item) -> Iterator[Query]:
    for inner in query.nested:
        is_inside = item.span.holds(inner.span)
        if is_inside and inner.clause("limit").plain == "1" and not any(True for _ in correlations(inner)):
            yield inner


@asks(D12)
def tenant_computed(statement: Statement, script: Script) -> Iterator[Hit]:
    for query, item in _items(statement, script):
        is_copied = item.is_column or item.is_star or _is_looked_up(query, item)
        if item.name in TENANTS and not is_copied:
            yield Hit(f"{item.name} is {' '.join(item.span.text.split())[:100]}", item.span.line, item.name)


def _is_looked_up(query: Query, item: Item) -> bool:
    """`(select w.org_id from workflow w where w.id = t.workflow_id)`: the parent's own, or NULL."""
    inner = [each for each in query.nested if item.span.holds(each.span)]
    is_all = len(inner) == 1 and len(item.span) == len(inner[0].span) + 2
    return (
        is_all
        and not inner[0].clause("limit")
        and len(inner[0].items) == 1
        and inner[0].items[0].is_column
        and any(True for _ in correlations(inner[0]))
    )

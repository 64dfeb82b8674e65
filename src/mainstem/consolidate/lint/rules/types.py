"""What a type or a setting does to values: D14, D15, D16, D18, D29."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.lint.catalog import NAME, Column, Name, Table
from mainstem.consolidate.lint.expressions import calls, references, resolve
from mainstem.consolidate.lint.findings import Hit, Severity, Sight, asks, rule
from mainstem.consolidate.lint.live.counts import NO_DATABASE, Count
from mainstem.consolidate.lint.live.postgres import column as quoted_column
from mainstem.consolidate.lint.script import Script
from mainstem.consolidate.lint.statements import Statement

LIVE = (Sight.TEXT, Sight.LIVE)
BUILDERS = (
    "jsonb_build_object",
    "json_build_object",
    "jsonb_build_array",
    "to_jsonb",
    "to_json",
    "row_to_json",
    "jsonb_agg",
)
_NO_JSON = {
    "real": "{c}::text in ('NaN', 'Infinity', '-Infinity')",
    "double precision": "{c}::text in ('NaN', 'Infinity', '-Infinity')",
    "numeric": "{c}::text in ('NaN', 'Infinity', '-Infinity')",
    "timestamp with time zone": "not isfinite({c})",
    "timestamp without time zone": "not isfinite({c})",
    "date": "not isfinite({c})",
    "json": r"{c}::text like '%\\u0000%'",
    "bytea": "{c} is not null",
    "character": "{c} is not null",
}
_ALIASES = {
    "timestamptz": "timestamp with time zone", "timestamp": "timestamp without time zone", "varchar": "character varying",
    "char": "character", "int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint", "bool": "boolean",
    "decimal": "numeric", "float8": "double precision", "float4": "real", "float": "double precision", "serial": "integer",
    "bigserial": "bigint",
}  # fmt: skip
_WHOLE = {"smallint": 15, "integer": 31, "bigint": 63}
_WIDER = {
    "smallint": ("integer", "bigint", "numeric", "text", "real", "double precision"),
    "integer": ("bigint", "numeric", "text", "double precision"),
    "bigint": ("numeric", "text"),
    "real": ("double precision",),
    "date": ("text",),
    "uuid": ("text",),
    "json": ("text",),
    "jsonb": ("text",),
    "boolean": ("text",),
    "character varying": ("text", "citext"),
}
_NEVER = {
    ("uuid", "bigint"),
    ("uuid", "integer"),
    ("bigint", "uuid"),
    ("integer", "uuid"),
    ("boolean", "uuid"),
    ("bytea", "integer"),
}
_RETYPED = re.compile(
    rf"alter (?:column )?(?P<column>{NAME}) (?:set data )?type (?P<type>[\w ]+?(?: \( [\d ,]+ \))?(?: with(?:out)? time zone)?)"
    rf"(?: collate {NAME})?(?: using (?P<using>.+?))?(?= , alter |$)"
)

D14 = rule(
    "D14",
    "JSON cannot hold the value",
    why="NaN, infinity, \\u0000, bytea and char(n) become something else in JSON, or an error in the middle of the copy.",
    remedy="Keep such a column typed, or say both directions: as text, with the marker that unfold reads.",
    looks_at=LIVE,
    blind="Without the column's type it cannot know.",
)
D15 = rule(
    "D15",
    "Text that depends on the session",
    why="A timestamptz becomes text in the session's time zone; another session writes another text for the same moment.",
    remedy="SET TIME ZONE 'UTC' first (and DateStyle ISO, IntervalStyle iso_8601, extra_float_digits 1, bytea_output hex).",
    blind="Without the column's type it goes by names such as created_at.",
    looks_at=LIVE,
)
D16 = rule(
    "D16",
    "A comparison that does not see the scale",
    why="1.0 and 1.00 are equal to `=`, EXCEPT and IS DISTINCT FROM, and are not the same text.",
    remedy="Compare the text: column::text on both sides.",
    blind="Only where the column's type is known to be numeric without a scale.",
    looks_at=LIVE,
)
D18 = rule(
    "D18",
    "A type that holds less",
    why="Cut strings, overflows, rounded numbers, and times whose zone nobody named.",
    remedy="Look at the longest, the smallest and the greatest value first; name the zone (AT TIME ZONE); keep the old column until then.",
    looks_at=LIVE,
    blind="Without the old type only types that hold any value count as wide enough.",
)
D29 = rule(
    "D29",
    "Another idea of what is equal",
    why="Under citext, NOCASE, lower() or another collation two keys may be one, and a unique index fails or drops one.",
    remedy="Look for duplicates under the new rule first: group by lower(x) having count(*) > 1.",
    looks_at=LIVE,
)


def standard(type_: str) -> str:
    """A type's name as PostgreSQL says it, with its modifiers."""
    kind = re.sub(r"\s*\(.*?\)", "", type_).strip()
    return type_.strip().replace(kind, _ALIASES.get(kind, kind), 1)


@asks(D14)
def not_in_json(statement: Statement, script: Script) -> Iterator[Hit]:
    seen: set[tuple[str, str]] = set()
    for table, column in _in_json(statement, script):
        kind = re.sub(r"\(.*?\)", "", standard(column.type)).strip()
        condition = _NO_JSON.get(kind)
        if condition is None or (str(table.name), column.name) in seen:
            continue
        seen.add((str(table.name), column.name))
        is_there = script.postgres is not None and script.live_table(table.name) is not None
        asked = condition.format(c=quoted_column(column.name))
        count = (
            script.count(f"select count(*) from {script.sql_name(table.name)} where {asked}")
            if is_there
            else NO_DATABASE
        )
        if not count.is_none and (
            is_there or kind in ("bytea", "character", "json", "real", "double precision")
        ):
            yield Hit(
                f"{table.name}.{column.name} is {column.type}, which JSON does not hold as it is{count.told}",
                statement.line,
                f"{table.name}.{column.name}",
                count.rows,
                Severity.ERROR if count.rows else None,
            )


def _in_json(statement: Statement, script: Script) -> Iterator[tuple[Table, Column]]:
    move = script.move(statement)
    for query in move.every_query if move is not None else ():
        for call in calls(query.clause("select"), BUILDERS):
            for found in references(script, query, call.inside):
                yield found.table, found.column


@asks(D15)
def session_text(statement: Statement, script: Script) -> Iterator[Hit]:
    move = script.move(statement)
    if (
        script.dialect is Dialect.SQLITE
        or move is None
        or script.has_set("timezone", statement, "utc|gmt|etc/utc")
    ):
        return
    known = [
        column.name
        for _, column in _in_json(statement, script)
        if standard(column.type).endswith("with time zone")
    ]
    known += [
        name
        for query in move.every_query
        for name in re.findall(rf"({NAME}) :: (?:text|varchar|date)\b", query.clause("select").plain)
        if (found := resolve(script, query, name)) and standard(found.column.type).endswith("with time zone")
    ]
    guessed = [
        found
        for query in move.every_query
        for call in calls(query.clause("select"), ("jsonb_build_object", "json_build_object"))
        for found in re.findall(rf"({NAME})", call.inside.plain)
        if re.search(r"(_at|_time|timestamp)$", found) and resolve(script, query, found) is None
    ]
    if known or guessed:
        names = ", ".join(dict.fromkeys([*known, *guessed]))
        yield Hit(f"{names} become text in whatever time zone the session has")


@asks(D16)
def scale_unseen(statement: Statement, script: Script) -> Iterator[Hit]:
    if not statement.search(r"\b(except|intersect)\b|\bis (not )?distinct from\b"):
        return
    tables = [
        script.table(Name.of(name)) for name in re.findall(rf"\b(?:from|join) ({NAME})", statement.plain)
    ]
    for table in dict.fromkeys(table.name for table in tables if table is not None):
        for column in (script.table(table) or tables[0]).columns.values():  # type: ignore[union-attr]
            is_cast = statement.search(rf"\b{re.escape(column.name)} :: text\b")
            is_named = statement.search(rf"\b{re.escape(column.name)}\b|\*")
            if standard(column.type) == "numeric" and is_named and not is_cast:
                yield from _scales(script, table, column)


def _scales(script: Script, table: Name, column: Column) -> Iterator[Hit]:
    name = quoted_column(column.name)
    is_there = script.postgres is not None and script.live_table(table) is not None
    query = f"select count(*) from {script.sql_name(table)} where scale({name}) <> scale(trim_scale({name}))"
    count = script.count(query) if is_there else NO_DATABASE
    if not count.is_none:
        yield Hit(
            f"{table}.{column.name} is numeric: 1.0 and 1.00 compare as equal{count.told}",
            object=f"{table}.{column.name}",
            rows=count.rows,
        )


@asks(D18)
def retyped(statement: Statement, script: Script) -> Iterator[Hit]:
    altered = statement.begins(rf"alter table (?:if exists )?(?:only )?(?P<table>{NAME})")
    for found in _RETYPED.finditer(statement.plain) if altered else ():
        name = Name.of(altered["table"] if altered else "")
        table, column = script.table(name), Name.of(found["column"]).name
        old = standard(table.columns[column].type) if table and column in table.columns else ""
        new = standard(
            found["type"].replace(" (", "(").replace("( ", "(").replace(" )", ")").replace(" , ", ",")
        )
        zoned = "at time zone" in (found["using"] or "")
        if _holds(old, new) or (zoned and "time zone" in new):
            continue
        count = _misfits(script, name, column, old, new)
        if not count.is_none:
            what = f"{old or 'its type'} becomes {new}"
            told = f", {count.rows} rows do not fit" if count.rows is not None else ""
            yield Hit(
                f"{name}.{column}: {what}{told}{count.told}",
                statement.line_of(found.start()),
                f"{name}.{column}",
                count.rows,
                Severity.ERROR if count.rows or _is_zone(old, new) or (old, new) in _NEVER else None,
            )


def _is_zone(old: str, new: str) -> bool:
    return old != new and {old, new} == {"timestamp with time zone", "timestamp without time zone"}


def _limits(type_: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", type_)]


def _holds(old: str, new: str) -> bool:
    """Whether every value of the old type is one of the new; with no old type, whether the new one takes anything."""
    old_kind, new_kind = (re.sub(r"\(.*?\)", "", each).strip() for each in (old, new))
    if not old:
        return new in ("text", "character varying", "numeric", "citext", "jsonb", "json")
    if old_kind == new_kind:
        had, has = _limits(old), _limits(new)
        grows = bool(had) and len(has) == len(had) and has[0] >= had[0]
        return not has or (
            grows and (len(has) < 2 or (has[1] >= had[1] and has[0] - has[1] >= had[0] - had[1]))
        )
    return new_kind in _WIDER.get(old_kind, ()) and not _limits(new)


def _misfits(script: Script, name: Name, column: str, old: str, new: str) -> Count:
    """How many rows hold what the new type does not."""
    table = script.live_table(name)
    if table is None or script.postgres is None or _is_zone(old, new) or (old, new) in _NEVER:
        return NO_DATABASE
    c, limits, kind = quoted_column(column), _limits(new), re.sub(r"\(.*?\)", "", new).strip()
    numeric = old.startswith(("smallint", "integer", "bigint", "numeric", "real", "double"))
    conditions = {
        "character varying": f"length({c}::text) > {limits[0] if limits else 'null'}",
        "character": f"length({c}::text) > {limits[0] if limits else 1}",
        "numeric": f"round({c}::numeric, {limits[-1] if len(limits) > 1 else 0}) <> {c}::numeric"
        if numeric
        else "",
        **(
            {
                each: f"abs({c}::numeric) >= 2::numeric ^ {bits} or trunc({c}::numeric) <> {c}::numeric"
                for each, bits in _WHOLE.items()
            }
            if numeric
            else {}
        ),
    }
    condition = conditions.get(kind)
    if not condition:
        return Count(None, f"what {new} does not hold of {old} was not looked for")
    if kind == "numeric" and len(limits) > 1:
        condition += f" or abs({c}::numeric) >= 10::numeric ^ {limits[0] - limits[1]}"
    return script.count(f"select count(*) from {script.sql_name(table.name)} where {condition}")


@asks(D18)
def cast_smaller(statement: Statement, script: Script) -> Iterator[Hit]:
    """A cast in what is moved: an explicit one to varchar(n) cuts without a word."""
    move = script.move(statement)
    for query in move.every_query if move is not None else ():
        listed = query.clause("select").plain
        for said, type_ in re.findall(
            rf"({NAME}) :: ((?:character varying|varchar|character|char) \( \d+ \)|[a-z_0-9]+)", listed
        ):
            found = resolve(script, query, said)
            new = standard(type_.replace(" ", "")) if "(" in type_ else standard(type_)
            old = standard(found.column.type) if found else ""
            if "(" in type_ and not _holds(old, new) and (not old or "char" in old or old == "text"):
                yield Hit(f"{said}::{type_} cuts longer values without a word", query.span.line, said)
            elif old and ((old, new) in _NEVER or _is_zone(old, new)):
                why = "does not exist" if (old, new) in _NEVER else "takes the zone of the session"
                yield Hit(
                    f"{said}::{new}: the cast from {old} {why}",
                    query.span.line,
                    said,
                    severity=Severity.ERROR,
                )
        for call in calls(query.clause("select"), ("left",)):
            yield Hit(f"left({call.inside.text}) cuts longer values", call.inside.line)


_UNIQUE = re.compile(
    rf"create unique index (?:concurrently )?(?:if not exists )?(?:{NAME} )?on (?:only )?(?P<table>{NAME}) (?:using \w+ )?\( (?P<keys>.*?) \)(?: include .*| nulls .*| where (?P<where>.*))?$"
)
_UNIQUE_CONSTRAINT = re.compile(
    rf"alter table (?:only )?(?P<table>{NAME}) .*?add (?:constraint {NAME} )?(?:unique|primary key) \( (?P<keys>[^()]*) \)"
)
_FOLDS = re.compile(r"\b(lower|upper|unaccent) \(|\bcollate\b|\bcitext\b|:: citext")


@asks(D29)
def equal_otherwise(statement: Statement, script: Script) -> Iterator[Hit]:
    unique = _UNIQUE.match(statement.plain) or _UNIQUE_CONSTRAINT.match(statement.plain)
    if unique is not None and not script.makes(Name.of(unique["table"]), before=statement):
        where = unique.groupdict().get("where")
        count = _duplicates(
            script, unique["table"], unique["keys"], f" where {where}" if where and "''" not in where else ""
        )
        if count.rows or (count.rows is None and _FOLDS.search(unique["keys"])):
            told = "some rows may be" if count.rows is None else f"{count.rows} rows are"
            yield Hit(
                f"{told} equal by {unique['keys']}{count.told}",
                object=unique["table"],
                rows=count.rows,
                severity=Severity.ERROR if count.rows else None,
            )
    elif statement.begins("alter table") and (
        found := statement.search(r"\btype (citext\b|[\w ]+ collate \S+)")
    ):
        yield Hit(f"the column's equality changes: {found.group(1)}", statement.line_of(found.start()))


def _duplicates(script: Script, table: str, keys: str, where: str) -> Count:
    if not script.is_live or "''" in keys:
        return NO_DATABASE
    listed = re.sub(r"\b(asc|desc|nulls first|nulls last|\w+_ops)\b", "", keys)
    return script.count(
        f"select coalesce(sum(n), 0) from (select count(*) n from {table}{where} group by {listed} having count(*) > 1) d"
    )

"""SQL text: names and literals quoted, and the few forms that fold and unfold are built of.

The text is for people too (`--sql` prints it for a DBA), so names are quoted only where they must be. Nothing here takes a value
from a row: names come from the catalog and the mapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED = frozenset(
    [
        "all",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "authorization",
        "both",
        "case",
        "cast",
        "check",
        "collate",
        "column",
        "constraint",
        "create",
        "cross",
        "current_date",
        "current_role",
        "current_time",
        "current_timestamp",
        "current_user",
        "default",
        "deferrable",
        "desc",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "false",
        "fetch",
        "for",
        "foreign",
        "freeze",
        "from",
        "full",
        "grant",
        "group",
        "having",
        "ilike",
        "in",
        "initially",
        "inner",
        "intersect",
        "into",
        "is",
        "isnull",
        "join",
        "lateral",
        "leading",
        "left",
        "like",
        "limit",
        "localtime",
        "natural",
        "not",
        "notnull",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "outer",
        "over",
        "overlaps",
        "placing",
        "primary",
        "references",
        "returning",
        "right",
        "select",
        "session_user",
        "similar",
        "some",
        "symmetric",
        "table",
        "then",
        "timestamp",
        "to",
        "trailing",
        "true",
        "union",
        "unique",
        "user",
        "using",
        "variadic",
        "verbose",
        "when",
        "where",
        "window",
        "with",
    ]
)

NATIVE = frozenset(["boolean", "smallint", "integer", "bigint", "numeric", "real", "double precision"])
"""Types whose values JSON has, so that they come back as they were."""
TIMES = frozenset(["timestamp with time zone", "timestamp without time zone", "date"])
EXACT = TIMES | {"boolean", "smallint", "integer", "bigint", "uuid"}
"""Types whose equal values have equal texts."""


def q(*names: str) -> str:
    """A name, or a path of names, quoted where it must be."""
    return ".".join(
        name if _PLAIN.fullmatch(name) and name not in _RESERVED else '"' + name.replace('"', '""') + '"'
        for name in names
    )


def lit(value: str) -> str:
    """A text as a literal, whatever standard_conforming_strings says."""
    quoted = "'" + value.replace("'", "''").replace("\\", "\\\\") + "'"
    return f"E{quoted}" if "\\" in value else quoted


def json_path(*keys: str) -> str:
    """The way to a key inside a JSON value, as a literal, whatever characters the keys have."""
    escaped = (key.replace("\\", "\\\\").replace('"', '\\"') for key in keys)
    return lit("{" + ",".join(f'"{key}"' for key in escaped) + "}")


def without_length(type_name: str) -> str:
    """`character varying(255)` and `numeric(3,2)` without what is in brackets."""
    return re.sub(r"\([^)]*\)", "", type_name)


def to_json(expression: str, type_name: str) -> str:
    """A value as JSON that `from_json` gives back exactly; SQL NULL stays NULL."""
    if type_name == "jsonb":
        return expression
    if without_length(type_name) in NATIVE | TIMES:
        return f"to_jsonb({expression})"
    return f"to_jsonb(({expression})::text)"


def json_argument(expression: str, type_name: str) -> str:
    """The same where a function makes the JSON: `jsonb_build_object` writes most types as `to_json` does."""
    as_it_is = NATIVE | TIMES | {"jsonb", "uuid", "text", "character varying"}
    return expression if without_length(type_name) in as_it_is else f"({expression})::text"


def from_json(expression: str, type_name: str) -> str:
    """The way back of `to_json`; a key that is absent, or JSON's null, is NULL."""
    return expression if type_name == "jsonb" else f"({expression} #>> '{{}}')::{type_name}"


def json_object(pieces: Mapping[str, str]) -> str:
    """An object of the pieces that are not NULL. Each is evaluated once; mostly all of them are NULL, or none is."""
    if not pieces:
        return "'{}'::jsonb"
    names = {key: f"x.v{n}" for n, key in enumerate(pieces)}
    evaluated = ", ".join(f"{value} as v{n}" for n, value in enumerate(pieces.values()))
    some = _some_of(names)
    if len(pieces) <= MOST_ARGUMENTS:
        found = f"num_nonnulls({', '.join(names.values())})"
        every = ", ".join(f"{lit(key)}, {name}" for key, name in names.items())
        some = f"case {found} when 0 then '{{}}'::jsonb when {len(pieces)} then jsonb_build_object({every}) else {some} end"
    return f"(select {some} from (select {evaluated} offset 0) x)"


MOST_ARGUMENTS = 50
"""Of a function, in pairs."""


def _some_of(names: Mapping[str, str]) -> str:
    values = ", ".join(f"({lit(key)}, {name})" for key, name in names.items())
    return f"(select coalesce(jsonb_object_agg(p.k, p.v) filter (where p.v is not null), '{{}}') from (values {values}) p (k, v))"


def listed(items: Iterable[str], indent: str = "  ") -> str:
    """Items of a list, one a line."""
    return f",\n{indent}".join(items)

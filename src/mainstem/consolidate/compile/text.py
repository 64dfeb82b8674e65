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


def from_json(expression: str, type_name: str) -> str:
    """The way back of `to_json`; a key that is absent, or JSON's null, is NULL."""
    return expression if type_name == "jsonb" else f"({expression} #>> '{{}}')::{type_name}"


def json_object(pieces: Mapping[str, str]) -> str:
    """An object of the pieces that are not NULL."""
    if not pieces:
        return "'{}'::jsonb"
    if len(pieces) <= 3:
        return "(" + " || ".join(_piece(key, value) for key, value in pieces.items()) + ")"
    values = ", ".join(f"({lit(key)}, {value})" for key, value in pieces.items())
    return f"(select coalesce(jsonb_object_agg(p.k, p.v) filter (where p.v is not null), '{{}}') from (values {values}) p (k, v))"


def _piece(key: str, value: str) -> str:
    return f"case when {value} is null then '{{}}'::jsonb else jsonb_build_object({lit(key)}, {value}) end"


def listed(items: Iterable[str], indent: str = "  ") -> str:
    """Items of a list, one a line."""
    return f",\n{indent}".join(items)

"""What the old names cannot do once they are views: the whole list, and how to find it in old code beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_WORD = r'(?:\w+\.|"[^"]+"\.)?"?{table}"?(?!\w)'


@dataclass(frozen=True)
class Limit:
    """One thing that worked on the table and does not on the view."""

    name: str
    example: str
    """`{table}`, `{key}` and `{column}` stand for names; `{values}` for columns and values of a row that is there."""
    sqlstate: str | None
    """None: no error, but another answer."""
    instead: str
    pattern: str
    """Of the text, in any case of letters, with `{table}` for an old name."""


LIMITS = (
    Limit(
        "on conflict with columns",
        "insert into {table} {values} on conflict ({key}) do update set {column} = excluded.{column}",
        "42P10",
        "UPDATE first, INSERT when nothing was found, and again after a unique violation; or MERGE from PostgreSQL 17 on.",
        r"insert\s+into\s+{table}\b[^;]*?\bon\s+conflict\s*(?:\(|on\s+constraint)",
    ),
    Limit(
        "on conflict do nothing",
        "insert into {table} {values} on conflict do nothing",
        "23505",
        "INSERT … WHERE NOT EXISTS, and live with the unique violation of who came second.",
        r"insert\s+into\s+{table}\b[^;]*?\bon\s+conflict\s+do\s+nothing",
    ),
    Limit("truncate", "truncate {table}", "42809", "DELETE.", r"\btruncate\s+(?:table\s+)?(?:only\s+)?{table}"),
    Limit(
        "create index",
        "create index on {table} ({column})",
        "42809",
        "Index the new table; point reads by the old key have their index.",
        r"\bcreate\s+(?:unique\s+)?index\b[^;]*?\bon\s+(?:only\s+)?{table}",
    ),
    Limit(
        "alter table",
        "alter table {table} add column late text",
        "42809",
        "Add it to the new table, and to the mapping.",
        r"\balter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?{table}",
    ),
    Limit(
        "foreign key to it",
        "create table refers (id bigint references {table})",
        "42809",
        "Refer to user_workflow_run by its run_id.",
        r"\breferences\s+{table}",
    ),
    Limit(
        "row trigger on it",
        "create trigger late after insert on {table} for each row execute function suppress_redundant_updates_trigger()",
        "42809",
        "A trigger on the new table.",
        r"\bcreate\s+(?:or\s+replace\s+)?(?:constraint\s+)?trigger\b[^;]*?\b(?:before|after)\b[^;]*?\bon\s+{table}",
    ),
    Limit("ctid", "select ctid from {table}", "42703", "The key.", r"\bctid\b(?=[^;]*{table})|{table}[^;]*\bctid\b"),
    Limit("xmin", "select xmin from {table}", "42703", "A column with a version.", r"\bxmin\b(?=[^;]*{table})|{table}[^;]*\bxmin\b"),
    Limit("copy to", "copy {table} to stdout", "42809", "COPY (SELECT * FROM …) TO.", r"\bcopy\s+{table}\s*(?:\([^)]*\)\s*)?to\b"),
    Limit(
        "pg_get_serial_sequence",
        "select pg_get_serial_sequence('{table}', '{key}')",
        None,
        "INSERT … RETURNING; the sequence keeps its name.",
        r"pg_get_serial_sequence\s*\(\s*'{table}'",
    ),
    Limit(
        "row locks of elements",
        "select {key} from {table} for update",
        None,
        "Lock the run or its step by their old names: rows that are parts of their parent are not locked by themselves.",
        r"{table}[^;]*\bfor\s+(?:no\s+key\s+)?(?:update|share)\b",
    ),
    Limit(
        "reflection",
        "select relkind from pg_class where oid = '{table}'::regclass",
        None,
        "Leave the old models out of autogenerate: it takes the table for missing, as it looks for tables only.",
        r"\bautoload_with\b|\breflect\s*\(",
    ),
)  # fmt: skip
"""`reflection` names no table: it is found once, whichever tables there are."""


@dataclass(frozen=True)
class Found:
    """A place in old code that will not work."""

    limit: Limit
    table: str
    place: str
    line: int
    text: str


def find_limits(
    text: str, tables: Iterable[str], *, place: str = "text", elements: Iterable[str] = ()
) -> list[Found]:
    """What in this text (old code, a migration, one statement) the views cannot do. `elements`: tables that become parts of their parent."""
    parts, names = set(elements), list(tables)
    found = []
    for limit in LIMITS:
        for table in names if "{table}" in limit.pattern else [""]:
            if limit.name == "row locks of elements" and table not in parts:
                continue
            pattern = limit.pattern.replace("{table}", _WORD.replace("{table}", re.escape(table)))
            for match in re.finditer(pattern, text, re.IGNORECASE | re.DOTALL):
                line = text.count("\n", 0, match.start()) + 1
                found.append(Found(limit, table, place, line, " ".join(match[0].split())[:200]))
    return sorted(found, key=lambda one: (one.place, one.line, one.table, one.limit.name))

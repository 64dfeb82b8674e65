"""The catalog: what is installed on a server, and whether this code works with it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import scalar_row, tuple_row

from mainstem.errors import SchemaDrifted, SchemaMissing, SchemaNewer, SchemaNotOurs, SchemaOlder
from mainstem.ledger.call import Call, unbroken

CODE = 1
"""This code's number. It works on schemas whose schema_info says min_code <= CODE <= max_code."""

OLDEST_CODE = 1
"""The oldest code that works on the schema which this code installs: what the engine calls is kept for one release."""

NOBODYS_PATH: LiteralString = "set local search_path = pg_catalog;\n"
"""PostgreSQL words a definition by the search path of who asks; an installation and a start-up ask by the same."""

_CODES: LiteralString = (
    "select installed_code, min_code, max_code, server_major,"
    " current_setting('server_version_num')::integer / 10000 as server from mainstem.schema_info"
)

REINSTALLED = ("function", "view", "trigger", "policies", "row security")
"""Kinds of objects that every upgrade installs anew; the rest are tables, which are only migrated."""


def sql_text(name: str) -> LiteralString:
    """A file of ledger/sql as it is: ours, so as literal as one in the code."""
    return files("mainstem.ledger").joinpath("sql", name).read_text(encoding="utf-8")  # type: ignore[return-value,unused-ignore]


@dataclass(frozen=True, slots=True)
class Drift:
    """One object that is not as it was installed. `found` is None when it is gone."""

    object: str
    installed: str
    found: str | None

    @property
    def is_reinstalled(self) -> bool:
        """Whether `mainstem db upgrade` puts it right."""
        return self.object.startswith(REINSTALLED)

    @property
    def remedy(self) -> str:
        """The command or the statement that puts it right."""
        if self.is_reinstalled:
            return "mainstem db upgrade"
        kind, _, name = self.object.partition(" ")
        table, _, part = name.partition(".")
        match kind:
            case "constraint":
                return f"alter table mainstem.{table} add constraint {part} {self.installed};"
            case "index":  # without ONLY, so that each partition gets its own too
                return f"{self.installed.replace(' ON ONLY ', ' ON ', 1)};"
            case "column" if self.found is None:
                return f"alter table mainstem.{table} add column {part} {self.installed};  -- its values: from a backup"
            case "column":
                return f"alter table mainstem.{table} {_changed_back(part, self.installed)};"
            case _:
                return "restore the schema mainstem from a backup"


def _changed_back(column: str, definition: str) -> str:
    """The actions of ALTER TABLE that give a column this type, nullability and default, whatever it has now."""
    typed, _, default = definition.partition(" default ")
    of_type = typed.removesuffix(" not null")
    actions = (
        "drop default",
        f"type {of_type} using {column}::{of_type}",
        "drop not null" if of_type == typed else "set not null",
        *([f"set default {default}"] if default else []),
    )
    return ", ".join(f"alter column {column} {action}" for action in actions)


def definitions(conn: Connection[Any]) -> dict[str, str]:
    """Object → definition, of everything in the schema mainstem that an installation stores."""
    with conn.transaction(force_rollback=True), conn.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(NOBODYS_PATH)
        rows = cursor.execute(sql_text("fingerprint.sql")).fetchall()
    return {name: definition or "" for name, definition in rows}


def drifts(conn: Connection[Any]) -> list[Drift]:
    """What is gone or changed since the installation. What was added (your own index, view, partition) is no drift."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        stored = cursor.execute("select fingerprint from mainstem.schema_info").fetchone() or {}
    now = definitions(conn)
    return [
        Drift(name, text, now.get(name)) for name, text in sorted(stored.items()) if now.get(name) != text
    ]


def installed_code(conn: Connection[Any]) -> int | None:
    """The number of the code that installed the schema; None when the database has no schema mainstem.

    Raises SchemaNotOurs when a schema of that name is there that we did not make.
    """
    found = conn.execute(
        "select to_regnamespace('mainstem') is not null, to_regclass('mainstem.schema_info') is not null"
    ).fetchone()
    is_there, is_ours = found or (False, False)
    if is_there and not is_ours:
        raise SchemaNotOurs(
            "a schema named mainstem exists, and mainstem did not make it",
            hint="name another database in MAINSTEM_URL, or rename that schema: alter schema mainstem rename to …",
        )
    if not is_there:
        return None
    row = conn.execute("select installed_code from mainstem.schema_info").fetchone()
    return row[0] if row else None


@unbroken()
def refuse_misfit(conn: Connection[Any]) -> None:
    """Return when this code works with what is installed; else raise what is wrong, with the repairing command.

    Every process of ours calls it once at its start. Raises SchemaMissing, SchemaNotOurs, SchemaOlder, SchemaNewer,
    SchemaDrifted, and RightsMissing for a login that may not look.
    """
    if installed_code(conn) is None:
        raise SchemaMissing("the database has no schema mainstem", hint="run `mainstem db upgrade`")
    _refuse_codes(conn.execute(_CODES).fetchone() or (0, 0, 0, 0, 0))
    refuse_drift(drifts(conn))


def fitting() -> Call[None]:
    """As `refuse_misfit`, without looking at every object: what a process that runs asks now and then."""
    return Call(_CODES, [], lambda rows: _refuse_codes(tuple(rows[0].values()) if rows else (0, 0, 0, 0, 0)))


def _refuse_codes(codes: tuple[int, ...]) -> None:
    installed, oldest, newest, installed_on, server = codes
    if newest < CODE:
        raise SchemaOlder(
            f"the schema is of code {installed}, and this is code {CODE}", hint="run `mainstem db upgrade`"
        )
    if oldest > CODE:
        raise SchemaNewer(
            f"the schema needs code {oldest} or newer, and this is code {CODE}",
            hint="run `pip install --upgrade mainstem`",
        )
    if installed_on != server:  # another major version words definitions in other ways
        raise SchemaOlder(
            f"the schema was installed on PostgreSQL {installed_on}, and this is {server}",
            hint="run `mainstem db upgrade`",
        )


def refuse_drift(found: list[Drift]) -> None:
    """Raise SchemaDrifted, naming every object, unless nothing has drifted."""
    if found:
        names = tuple(drift.object for drift in found)
        command = (
            "mainstem db upgrade" if all(drift.is_reinstalled for drift in found) else "mainstem db check"
        )
        raise SchemaDrifted(
            f"not as it was installed: {', '.join(names)}",
            hint=f"run `{command}`"
            + (", which prints the statements that repair it" if "check" in command else ""),
            objects=names,
        )

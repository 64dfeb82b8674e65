"""Lint of a migration: what `consolidate lint` finds in it against the live database, and what our own way to run it adds.

The script is one transaction, the only one of its kind, with short lock timeouts; in SQLite without foreign keys, whose
orphans are counted before and after. Hazards that this settles are not told of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mainstem.consolidate.backup.target import Sqlite, Target
from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.lint import Finding as Hazard
from mainstem.consolidate.lint import Live, Script, Severity, examine_scripts
from mainstem.consolidate.lint.catalog import Name
from mainstem.consolidate.lint.live.postgres import postgres_live
from mainstem.consolidate.lint.live.sqlite import sqlite_live
from mainstem.consolidate.migrate.findings import Finding
from mainstem.consolidate.migrate.statements import Statement

_SETTLED = frozenset({"L13", "Q03", "Q09"})
_SETTLED_IN_A_TRANSACTION = frozenset({"L01"})
_OF_A_TABLE = frozenset({"D02", "D22", "L02", "L03", "L06"})
"""Rules whose findings name a table: how many rows stand in it is told where the rule counted nothing."""
_OF_OTHER_THINGS = frozenset({"D20", "D28", "Q04"})
"""Rules that count dependants, not rows."""


def lint(statements: Sequence[Statement], target: Target) -> list[Finding]:
    """Everything that speaks against these statements, in their order. Errors refuse them, the rest does not."""
    alone = bool(statements) and all(stands_alone(one) for one in statements)
    ours = [
        (one.line, found) for one in statements for found in _of_our_way(one, len(statements), alone=alone)
    ]
    settled = _SETTLED if alone else _SETTLED | _SETTLED_IN_A_TRANSACTION
    told = {(line, found.rule) for line, found in ours}
    with _live(target) as live:
        script = _script(statements, live, one_transaction=not alone)
        theirs = [
            (hazard.line, _translated(hazard, script))
            for hazard in (examine_scripts([script]) if script.every else [])
            if hazard.rule not in settled and (hazard.line, hazard.rule) not in told
        ]
    return [found for _, found in sorted([*ours, *theirs], key=lambda each: each[0])]


def stands_alone(statement: Statement) -> bool:
    """Whether the database refuses it in a transaction."""
    words = " ".join(token.word for token in statement.tokens[:6] if token.word)
    if statement.dialect is Dialect.SQLITE:
        return (
            re.match(r"vacuum|attach|detach|pragma (journal_mode|page_size|auto_vacuum)", words) is not None
        )
    return (
        re.match(r"vacuum|(create|drop) database|alter system|reindex .*concurrently", words) is not None
        or re.match(r"(create|drop) (unique )?index concurrently", words) is not None
        or re.match(r"alter table \S+ detach partition \S+ concurrently", words) is not None
    )


@contextmanager
def _live(target: Target) -> Iterator[Live]:
    if isinstance(target, Sqlite):
        with sqlite_live(target.path) as file:
            yield Live(sqlite=file)
    else:
        with postgres_live(target.url) as server:
            yield Live(postgres=server, pooled="pooler=transaction" in target.url)


def _script(statements: Sequence[Statement], live: Live, *, one_transaction: bool) -> Script:
    return Script(
        "the script",
        [one.read for one in statements],
        Dialect.SQLITE if live.sqlite is not None else Dialect.POSTGRES,
        live.postgres,
        live.sqlite,
        one_transaction=one_transaction,
        pooled=live.pooled,
    )


def _translated(hazard: Hazard, script: Script) -> Finding:
    rows = None if hazard.rule in _OF_OTHER_THINGS else hazard.rows
    if rows is None and hazard.rule in _OF_A_TABLE and hazard.object:
        rows = _rows_of(Name.of(hazard.object), hazard.line, script)
    return Finding(
        hazard.rule,
        f"line {hazard.line}",
        rows,
        hazard.message,
        hazard.remedy.rstrip("."),
        is_error=hazard.severity is Severity.ERROR,
    )


def _rows_of(name: Name, line: int, script: Script) -> int | None:
    """How many rows stand in a table now; None for what is not there, or was made anew by the script before this line."""
    table = script.live_table(name)
    if table is None or any(own.same(name) and each.line < line for each, own, _ in script.made):
        return None
    return script.count(f"select count(*) from {script.sql_name(table.name)}").rows


def _of_our_way(statement: Statement, count: int, *, alone: bool) -> Iterator[Finding]:
    words = " ".join(token.word for token in statement.tokens if token.word)
    place = f"line {statement.line}"
    if re.match(r"(begin|commit|rollback|end|start transaction|savepoint|release|abort)\b", words):
        yield Finding(
            "L10", place, None, f"{words.split()[0].upper()} in the midst of the script",
            "leave it out: the whole script is one transaction, taken back as a whole",
        )  # fmt: skip
    if count > 1 and stands_alone(statement):
        yield Finding(
            "L10", place, None, "runs outside of a transaction, and cannot be taken back with the rest",
            "give it a script of its own", is_error=not alone,
        )  # fmt: skip
    if re.match(r"copy\b.* from (stdin|program)\b", words):
        yield Finding(
            "D27", place, None, "the rows of COPY stand outside of SQL",
            "INSERT … VALUES, or load them by another program",
        )  # fmt: skip
    if words.startswith("pragma foreign_keys"):
        yield Finding(
            "Q03", place, None, "PRAGMA foreign_keys does nothing within a transaction",
            "leave it out: they are off while a migration runs, and each row's parent is looked for afterwards",
            is_error=False,
        )  # fmt: skip

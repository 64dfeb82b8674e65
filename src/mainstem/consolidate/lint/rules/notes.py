"""The lint's own: annotations that say nothing, and statements that the database would refuse: M01 to M04."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mainstem.consolidate.lint.catalog import NAME, Name
from mainstem.consolidate.lint.findings import RULES, Hit, Severity, Sight, asks, rule
from mainstem.consolidate.lint.script import Script
from mainstem.consolidate.lint.statements import Statement
from mainstem.consolidate.lint.tokens import Kind

M01 = rule(
    "M01",
    "An annotation that gives no reason, or cannot be read",
    why="Whoever reads the migration next must know why the hazard was accepted.",
    remedy="-- mainstem: allow D21 because …; -- mainstem: writes table x",
    severity=Severity.ERROR,
)
M02 = rule(
    "M02",
    "An allowance that allows nothing",
    why="The hazard is gone, or the annotation stands beside another statement.",
    remedy="Remove it, or move it to the statement that it is about.",
    severity=Severity.NOTE,
)
M04 = rule(
    "M04",
    "What is copied is destroyed even when the copy failed",
    why="Run statement by statement (psql without ON_ERROR_STOP, sqlite3 without -bail), a script goes on behind an error: "
    "the copy fails, the DROP does not.",
    remedy="BEGIN … COMMIT round both, `psql -v ON_ERROR_STOP=1` or `sqlite3 -bail`; compare counts before the DROP.",
)
M03 = rule(
    "M03",
    "The database refuses the statement as it stands",
    why="It was never run against a database like this one: a missing column, a cast that does not exist.",
    remedy="Rehearse the migration on a copy of the database.",
    looks_at=(Sight.LIVE,),
    severity=Severity.ERROR,
    blind="Only statements that read or write rows are planned, and only while the migration has not changed what they name.",
)
_CHANGES = re.compile(
    rf"(?:create|alter|drop) (?:or replace )?(?:temp |temporary |unlogged )?(?:table|view|materialized view|type|function|schema) "
    rf"(?:if (?:not )?exists )?({NAME}(?: , {NAME})*)"
)


@asks(M01)
def unreasoned(statement: Statement, _script: Script) -> Iterator[Hit]:
    for note in statement.annotations:
        if not note.verb:
            yield Hit(f"not understood: mainstem: {note.reason}", note.line)
        elif note.verb == "allow" and not note.reason:
            yield Hit(f"allow {', '.join(note.names)} gives no reason", note.line)
        elif note.verb == "allow" and (
            unknown := [name for name in note.names if name not in RULES and not name.startswith("squawk:")]
        ):
            yield Hit(f"there is no rule {', '.join(unknown)}", note.line)


@asks(M03)
def refused(statement: Statement, script: Script) -> Iterator[Hit]:
    if (
        not script.is_live
        or not _is_planned(statement, script)
        or _has_changed(script, statement)
        or _has_parameters(statement)
    ):
        return
    text = statement.span.text
    if (script.postgres is not None and (why := script.postgres.refusal(text, path=script.search_path))) or (
        script.sqlite is not None and (why := script.sqlite.refusal(text))
    ):
        yield Hit(why)


def _is_planned(statement: Statement, script: Script) -> bool:
    move = script.move(statement)
    is_made = move is not None and move.kind in ("table", "temporary table") and statement.begins("create ")
    return bool(is_made or statement.begins("(select|insert|update|delete|merge|with|replace) "))


def _has_changed(script: Script, statement: Statement) -> bool:
    """Whether what it names is no longer as it is in the database now, when its turn comes."""
    if statement.within:
        return True
    words = set(re.findall(r"[^\W\d][\w$]*", statement.plain))
    for each in script.before(statement):
        if each.begins("(do|call|set search_path|select) ") and not each.within:
            return True
        if (changed := _CHANGES.match(each.plain)) and words & set(
            re.findall(r"[^\W\d][\w$]*", changed.group(1))
        ):
            return True
    return False


def _has_parameters(statement: Statement) -> bool:
    return any(token.kind is Kind.PARAMETER for token in statement.span)


@asks(M04)
def destroyed_regardless(statement: Statement, script: Script) -> Iterator[Hit]:
    lost = statement.begins(
        rf"(?:drop table (?:if exists )?|truncate (?:table )?|delete from |alter table (?=.* drop column ))(?:only )?({NAME})"
    )
    if lost is None or script.transaction(statement) or statement.within:
        return
    name, limit = Name.of(lost.group(1)), script.place(statement)
    for move in (move for move in script.moves() if script.place(move.statement) < limit):
        if any(
            source.name and source.name.same(name) for query in move.every_query for source in query.sources
        ):
            yield Hit(f"runs even when the copy of {name} into {move.target} has failed", object=str(name))
            return

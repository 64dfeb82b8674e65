"""The lint's own: annotations that say nothing, and statements that the database would refuse: M01, M02, M03."""

from __future__ import annotations

from collections.abc import Iterator

from mainstem.consolidate.lint.findings import RULES, Hit, Severity, Sight, asks, rule
from mainstem.consolidate.lint.script import Script
from mainstem.consolidate.lint.statements import Statement

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
M03 = rule(
    "M03",
    "The database refuses the statement as it stands",
    why="It was never run against a database like this one: a missing column, a cast that does not exist.",
    remedy="Rehearse the migration on a copy of the database.",
    looks_at=(Sight.LIVE,),
    severity=Severity.ERROR,
    blind="Only SELECT, INSERT, UPDATE, DELETE and MERGE are planned, and only before the migration changes a table.",
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
    is_planned = statement.begins("(select|insert|update|delete|merge|with) ")
    if (
        script.postgres is None
        or not is_planned
        or _has_changed(script, statement)
        or _has_parameters(statement)
    ):
        return
    if why := script.postgres.refusal(statement.span.text, path=script.search_path):
        yield Hit(why)


def _has_changed(script: Script, statement: Statement) -> bool:
    """Whether the migration is no longer in the database that is there now."""
    return bool(statement.within) or any(
        each.begins("(create|alter|drop|do|call|select .* into) ") for each in script.before(statement)
    )


def _has_parameters(statement: Statement) -> bool:
    return any(token.kind == "parameter" for token in statement.span)

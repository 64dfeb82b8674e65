"""Examination: every rule asked of a migration, a database or a mapping, and the authors' allowances weighed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from mainstem.consolidate.lint import rules
from mainstem.consolidate.lint.findings import CHECKS, RULES, Finding, Hit, Rule, Severity, Sight, finding
from mainstem.consolidate.lint.live.postgres import PostgresLive
from mainstem.consolidate.lint.live.sqlite import SqliteLive
from mainstem.consolidate.lint.rules.mapping import MappingFacts
from mainstem.consolidate.lint.rules.notes import M02
from mainstem.consolidate.lint.rules.sessions import L11, crossed_locks
from mainstem.consolidate.lint.script import Script
from mainstem.consolidate.lint.statements import Annotation, Statement

__all__ = [
    "examine_database",
    "examine_file",
    "examine_mapping",
    "examine_program",
    "examine_scripts",
    "examine_shell",
    "rules",
]
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def examine_scripts(scripts: Sequence[Script]) -> list[Finding]:
    """What is wrong with migrations, in their order; what their authors allowed, with a reason, is a note."""
    found = []
    for script in scripts:
        seen = [*_of_statements(script), *_of_script(script), *_crossed(script, scripts)]
        found += _weighed(script, seen)
    return found


def _of_statements(script: Script) -> Iterator[tuple[Statement, Finding]]:
    for statement in script.every:
        for rule, check in CHECKS[Sight.TEXT]:
            for hit in check(statement, script):
                yield statement, _placed(rule, hit, script, statement)


def _of_script(script: Script) -> Iterator[tuple[Statement, Finding]]:
    for rule, check in CHECKS[Sight.SCRIPT]:
        for hit in check(script):
            statement = _standing_at(script, hit.line)
            yield statement, _placed(rule, hit, script, statement)


def _crossed(script: Script, scripts: Sequence[Script]) -> Iterator[tuple[Statement, Finding]]:
    for where, hit in crossed_locks(scripts):
        if where is script:
            statement = _standing_at(script, hit.line)
            yield statement, _placed(L11, hit, script, statement)


def _placed(rule: Rule, hit: Hit, script: Script, statement: Statement) -> Finding:
    within = f" (in {statement.within})" if statement.within else ""
    told = replace(hit, message=f"{hit.message}{within}")
    return finding(rule, told, file=script.name, line=statement.line, statement=statement.excerpt)


def _standing_at(script: Script, line: int) -> Statement:
    """The statement that a line belongs to: the last one that begins at it or before."""
    return next((each for each in reversed(script.every) if each.line <= line), script.every[0])


def _weighed(script: Script, seen: list[tuple[Statement, Finding]]) -> list[Finding]:
    used: set[Annotation] = set()
    found = []
    for statement, each in seen:
        note = next((n for n in _notes_on(script, statement) if each.rule in n.names and n.reason), None)
        if note is None or each.rule == "M01":
            found.append(each)
        else:
            used.add(note)
            told = f"allowed because {note.reason}: {each.message}"
            found.append(replace(each, severity=Severity.NOTE, message=told))
    for statement in script.every:
        for note in statement.annotations:
            known = [name for name in note.names if name in RULES]
            if note.verb == "allow" and note.reason and known and note not in used:
                hit = Hit(f"allow {', '.join(note.names)}: nothing of the kind is here", note.line)
                found.append(_placed(M02, hit, script, statement))
    return sorted(found, key=lambda each: (each.line, _ORDER[each.severity], each.rule))


def _notes_on(script: Script, statement: Statement) -> Iterator[Annotation]:
    """The allowances for a statement: its own, those of the block that it is in, those for everything."""
    for each in script.every:
        is_block = statement.within != "" and any(
            statement is inner for inner in script.body(each).statements
        )
        for note in each.annotations:
            if note.verb == "allow" and (each is statement or is_block or note.everywhere):
                yield note


def _asked(sight: Sight, subject: Any, name: str) -> list[Finding]:
    checks: list[tuple[Rule, Callable[..., Iterator[Hit]]]] = CHECKS[sight]
    return [
        finding(rule, hit, file=name, line=0, statement="")
        for rule, check in checks
        for hit in check(subject)
    ]


def examine_database(live: PostgresLive) -> list[Finding]:
    """What stands in the way of any migration on a server now."""
    return _asked(Sight.SERVER, live, live.conn.info.dbname)


def examine_file(live: SqliteLive) -> list[Finding]:
    """What a SQLite file holds that its schema does not say."""
    return _asked(Sight.FILE, live, live.path.name)


def examine_mapping(mapping: MappingFacts) -> list[Finding]:
    """What a mapping would lose."""
    return _asked(Sight.MAPPING, mapping, mapping.name)


def examine_program(tree: ast.Module, name: str) -> list[Finding]:
    """What a Python file does to values and files."""
    return sorted(_asked(Sight.PYTHON, tree, name), key=lambda each: each.line)


def examine_shell(text: str, name: str) -> list[Finding]:
    """What a shell script does to SQLite files."""
    return sorted(_asked(Sight.SHELL, text, name), key=lambda each: each.line)

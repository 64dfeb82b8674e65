"""Findings: what a rule is, and what it says of one place. The registry here is what the documentation is written from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar


class Severity(StrEnum):
    """error: loses or invents data, cannot run, or cannot be seen into. warning: may do so here. note: to be known."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Sight(StrEnum):
    """What a rule looks at."""

    TEXT = "statement"
    SCRIPT = "script"
    LIVE = "live data"
    SERVER = "live server"
    FILE = "SQLite file"
    MAPPING = "mapping"
    PYTHON = "Python"
    SHELL = "shell"


@dataclass(frozen=True, slots=True)
class Rule:
    """A hazard, why it is one, and what to do. `blind`: what it cannot tell, and why."""

    id: str
    title: str
    why: str
    remedy: str
    looks_at: tuple[Sight, ...]
    severity: Severity
    blind: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """What a check saw. `rows` is None when nothing was counted; severity and remedy are the rule's unless it knows better."""

    message: str
    line: int = 0
    object: str = ""
    rows: int | None = None
    severity: Severity | None = None
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A hazard at its place. The fields are also its JSON."""

    rule: str
    severity: Severity
    file: str
    line: int
    statement: str
    object: str
    rows: int | None
    message: str
    remedy: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


RULES: dict[str, Rule] = {}
"""Every rule by its id, as the modules of `rules` declare them."""

UNDECIDABLE: dict[str, str] = {}
"""Hazards that no check looks for, with the reason."""

CHECKS: dict[Sight, list[tuple[Rule, Callable[..., Any]]]] = {sight: [] for sight in Sight}
"""What is asked of each kind of thing; a check of a statement or a script asks the live data itself where there is one."""

Check = TypeVar("Check", bound=Callable[..., Any])


def rule(
    id_: str,
    title: str,
    *,
    why: str,
    remedy: str,
    looks_at: tuple[Sight, ...] = (Sight.TEXT,),
    severity: Severity = Severity.WARNING,
    blind: str = "",
) -> Rule:
    """Declare a hazard."""
    declared = Rule(id_, title, why, remedy, looks_at, severity, blind)
    RULES[id_] = declared
    return declared


def asks(rule: Rule, sight: Sight = Sight.TEXT) -> Callable[[Check], Check]:
    """Register a check of a rule: for each statement, script, live server, SQLite file, mapping, program or shell line."""

    def registered(check: Check) -> Check:
        CHECKS[sight].append((rule, check))
        return check

    return registered


def finding(rule: Rule, hit: Hit, *, file: str, line: int, statement: str) -> Finding:
    """A hit, with the place where it was seen."""
    return Finding(
        rule.id,
        hit.severity or rule.severity,
        file,
        hit.line or line,
        statement,
        hit.object,
        hit.rows,
        hit.message,
        hit.remedy or rule.remedy,
    )

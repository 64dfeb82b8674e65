"""Following: the command that comes next when one has failed, where the error itself names none."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mainstem.errors import (
    AccessRefused,
    BackupError,
    BadArgument,
    ConsolidationError,
    DatabaseError,
    EmbeddedFailed,
    EmbeddedMissing,
    FilterUnreadable,
    LedgerRefused,
    LintFailed,
    MainstemError,
    NotFound,
    ProgramError,
    ReviewError,
    RunFailed,
    SchemaDrifted,
    SourceError,
    UnknownWorkflow,
    Unreachable,
)

NEXT: Mapping[type[MainstemError], str] = {
    FilterUnreadable: "mainstem runs list --help",
    NotFound: "mainstem runs list",
    LedgerRefused: "mainstem runs show RUN_ID",
    DatabaseError: "mainstem db doctor",
    Unreachable: "mainstem --url URL db check",
    EmbeddedMissing: "mainstem --url URL db check",
    EmbeddedFailed: "mainstem --data DIRECTORY db check",
    SchemaDrifted: "mainstem db check",
    UnknownWorkflow: "mainstem worker MODULE",
    RunFailed: "mainstem runs list status:failed",
    ProgramError: "mainstem runs list status:failed,paused",
    ConsolidationError: "mainstem consolidate status",
    BackupError: "mainstem consolidate backup --help",
    SourceError: "mainstem consolidate status",
    LintFailed: "mainstem migrate lint --help",
    ReviewError: "mainstem review --help",
    AccessRefused: "mainstem keys list",
}
"""The command that tells more about an error of this class or of one below it, where the error itself names none."""

LISTED = ("approvals", "breakpoints", "cache", "queues", "schedules", "workflows")
"""Verbs about other things than runs: what they are refused is looked up there."""

_COMMAND = re.compile(r"\bmainstem [a-z-]|\bpip install ")


def following(error: MainstemError, verb: str | None) -> str:
    """What to try: the error's own hint, with a command to type; `verb` is the one that failed."""
    if error.hint is not None and _COMMAND.search(error.hint):
        return error.hint
    command = _next(error, verb)
    return command if error.hint is None else f"{error.hint.rstrip('.')}; {command}"


def _next(error: MainstemError, verb: str | None) -> str:
    usage = " ".join(filter(None, ("mainstem", verb, "--help")))
    if type(error) is BadArgument:
        return usage
    if verb in LISTED and isinstance(error, NotFound | LedgerRefused):
        return f"mainstem {verb} list"
    return next((NEXT[kind] for kind in type(error).__mro__ if kind in NEXT), usage)

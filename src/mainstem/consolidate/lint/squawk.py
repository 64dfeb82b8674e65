"""squawk: another linter's rules about locks, where it is installed; its findings under our ids."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from mainstem.consolidate.lint.findings import RULES, Finding, Severity
from mainstem.errors import LintFailed

_OURS = {
    "require-lock-timeout": "L01",
    "require-statement-timeout": "L01",
    "require-timeout-settings": "L01",
    "require-concurrent-index-creation": "L02",
    "require-concurrent-index-deletion": "L02",
    "require-concurrent-reindex": "L02",
    "constraint-missing-not-valid": "L03",
    "adding-foreign-key-constraint": "L03",
    "disallowed-unique-constraint": "L03",
    "adding-not-nullable-field": "L04",
    "adding-required-field": "L04",
    "adding-field-with-default": "L05",
    "adding-serial-primary-key-field": "L05",
    "renaming-table": "L06",
    "renaming-column": "L06",
    "ban-concurrent-index-creation-in-transaction": "L10",
    "changing-column-type": "D18",
    "ban-drop-column": "D19",
    "ban-drop-database": "D19",
    "ban-drop-table": "D19",
    "ban-truncate-cascade": "D20",
    "ban-disable-trigger": "D23",
}
_LEVELS = {"Error": Severity.ERROR, "Warning": Severity.WARNING}
_PATIENCE = 60


def squawk() -> str | None:
    """The path of the executable; None where it is not installed."""
    return shutil.which("squawk")


def squawked(executable: str, path: Path) -> list[Finding]:
    """What squawk says of a file. Raises LintFailed when it says nothing that can be read."""
    asked = [executable, "--reporter", "json", "--pg-version", "18", str(path)]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=_PATIENCE)  # noqa: S603
        said = json.loads(told.stdout or "null")
        return list(_read(said if isinstance(said, list) else [said], path))
    except (OSError, ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as error:
        raise LintFailed(
            f"squawk did not judge {path}: {error}",
            hint="run it yourself, or take it from PATH: it is not required",
        ) from error


def _read(said: list[dict[str, object]], path: Path) -> Iterator[Finding]:
    for each in said:
        name = str(each["rule_name"])
        ours = _OURS.get(name, f"squawk:{name}")
        remedy = each.get("help") or (
            RULES[ours].remedy if ours in RULES else "see https://squawkhq.com/docs/" + name
        )
        yield Finding(
            ours,
            _LEVELS.get(str(each.get("level")), Severity.WARNING),
            str(path),
            int(str(each["line"])) + 1,
            "",
            "",
            None,
            f"{each['message']} (squawk: {name})",
            str(remedy),
        )


def not_said_twice(ours: list[Finding], theirs: list[Finding]) -> list[Finding]:
    """What squawk adds: its findings under a rule that said nothing of that file itself."""
    said = {(each.rule, each.file) for each in ours}
    return [each for each in theirs if (each.rule, each.file) not in said]

"""The backup of a consolidation: what holds the old tables is backed up and proved, and the plan remembers it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mainstem.consolidate import backup
from mainstem.consolidate.compile import Program
from mainstem.consolidate.life.origin import Origin
from mainstem.consolidate.life.plan import Plan, note, remember
from mainstem.consolidate.life.session import Connection
from mainstem.errors import PhaseRefused

BEFORE = ("planned", "expanded")


def back_up(
    conn: Connection,
    program: Program,
    plan: Plan,
    place: Path,
    *,
    origin: Origin,
    url: str,
    whole: bool = False,
    scratch: str | None = None,
    tell: Callable[[str], object] = lambda _: None,
) -> backup.Manifest:
    """Back up the old file, or the schema of the old tables where they are written, or the whole database.

    Raises PhaseRefused after the copy, and what `take` raises.
    """
    if plan.phase not in BEFORE:
        raise PhaseRefused(
            f"{plan.source} is {plan.phase}: a backup of now is not one of before",
            hint="`mainstem consolidate rollback` is the way back as long as nobody finishes.",
        )
    target, selection = origin.backed_up(program.mapping, url, whole=whole)
    manifest = backup.take(target, place, selection, scratch=scratch, tell=tell)
    facts = remembered(manifest, place)
    with conn.transaction():
        remember(conn, plan.source, backup=facts, without_backup=None)
        note(conn, plan.source, plan.phase, {"backup": facts})
    return manifest


def remembered(manifest: backup.Manifest, place: Path) -> dict[str, Any]:
    """As the plan keeps it."""
    return {
        "place": str(place.resolve()),
        "file": manifest.file,
        "size": manifest.size,
        "sha256": manifest.sha256,
        "rows": manifest.rows,
        "taken_at": manifest.taken_at.isoformat(),
        "proved_at": manifest.proved_at.isoformat(),
    }


def refuse_unbacked(conn: Connection, plan: Plan, *, reason: str = "") -> None:
    """Raises PhaseRefused when rows would move without a backup, and without a reason for that; the reason is kept."""
    if plan.facts.get("backup") or plan.facts.get("without_backup"):
        return
    if not reason.strip():
        raise PhaseRefused(
            f"{plan.source} has no backup",
            hint=f'`mainstem consolidate backup {plan.source} --to DIRECTORY`, or copy with --without-backup "the reason"',
        )
    with conn.transaction():
        remember(conn, plan.source, without_backup=reason)
        note(conn, plan.source, plan.phase, {"without_backup": reason})

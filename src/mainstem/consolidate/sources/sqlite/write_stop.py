"""The write stop: triggers in the file that refuse every write, and say where the table is now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mainstem.consolidate.sources.sqlite.opening import PATIENCE, literal, name, writing
from mainstem.consolidate.sources.sqlite.tables import OURS, tables_of

STOP = f"{OURS}stop"
_INSTALLED = f"select name from sqlite_master where type = 'trigger' and substr(name, 1, {len(STOP) + 1}) = {literal(STOP + '_')}"


def stop_writes(
    path: Path | str, tables: Sequence[str] | None = None, *, moved_to: str, patience: float = PATIENCE
) -> list[str]:
    """Refuse writes to these tables, or to all; the tables stopped.

    A writer gets SQLite's constraint error with the text `TABLE: moved to …`. When this returns, every write that was
    let in before is committed. Raises SourceBusy when a writer holds the lock for longer than `patience` in seconds.
    """
    with writing(path, patience=patience) as conn:
        found = [table.name for table in tables_of(conn, tables)]
        for table in found:
            for verb in ("insert", "update", "delete"):
                said = name(f"{STOP}_{table}_{verb}")
                conn.execute(f"drop trigger if exists {said}")
                conn.execute(
                    f"create trigger {said} before {verb} on {name(table)}"
                    f" begin select raise(abort, {literal(f'{table}: moved to {moved_to}')}); end"
                )
    return found


def allow_writes(path: Path | str) -> None:
    """Let writers in again. Nothing happens when they were never stopped."""
    with writing(path) as conn:
        for (said,) in conn.execute(_INSTALLED).fetchall():
            conn.execute(f"drop trigger {name(said.decode())}")


def is_stopped(path: Path | str) -> bool:
    """Whether writes to any table are refused."""
    with writing(path) as conn:
        return conn.execute(_INSTALLED).fetchone() is not None

"""A SQLite file's part in a consolidation: landed and followed before the switch, closed to writers at it, written back after a rollback."""

from __future__ import annotations

from pathlib import Path

from mainstem.consolidate.compile import Program
from mainstem.consolidate.life.catch_up import NEARLY
from mainstem.consolidate.life.cutover import Switched, cut_over
from mainstem.consolidate.life.losses import Loss
from mainstem.consolidate.life.plan import read_plan
from mainstem.consolidate.life.rollback import roll_back
from mainstem.consolidate.life.session import Connection
from mainstem.consolidate.life.verify import verify
from mainstem.consolidate.life.write_stop import WritersOut
from mainstem.consolidate.mapping import Mapping
from mainstem.consolidate.sources.sqlite import (
    BroughtBack,
    Landed,
    allow_writes,
    bring_back,
    install_triggers,
    land,
    remove_triggers,
    snapshot,
    stop_writes,
)
from mainstem.consolidate.sources.sqlite import catch_up as catch_up_file


def land_file(conn: Connection, mapping: Mapping, path: Path) -> Landed:
    """The file's tables in the landing schema, and triggers in the file that note what is written from now on; twice is once."""
    tables = list(mapping.tables)
    install_triggers(path, tables)
    with snapshot(path) as taken:
        landed = land(taken, conn, mapping.old_schema, tables)
    follow_file(conn, mapping, path)
    return landed


def follow_file(conn: Connection, mapping: Mapping, path: Path, *, until: int = NEARLY) -> int:
    """Land what was written since, but for `until` notes; the rows written. The landed tables' own triggers tell the copy.

    With writers at work the last note is never the last: only at the switch, when the file is closed to them, is it 0.
    """
    written = 0
    while True:
        caught = catch_up_file(path, conn, mapping.old_schema)
        written += caught.written
        if caught.left <= until:
            return written


def cut_over_file(conn: Connection, program: Program, path: Path, *, moved_to: str) -> Switched:
    """Close the file to writers, land and fold their last rows, prove it, and switch. On an error the file is open again."""
    mapping = program.mapping
    tables = list(mapping.tables)
    out = WritersOut(
        conn=conn,
        mapping=mapping,
        stop=lambda: stop_writes(path, tables, moved_to=moved_to),
        allow=lambda: allow_writes(path),
    )
    with out:
        follow_file(conn, mapping, path, until=0)
        verify(conn, program, read_plan(conn, mapping.system))
        return cut_over(conn, program, read_plan(conn, mapping.system))


def roll_back_file(
    conn: Connection, program: Program, path: Path, *, accept_loss: bool = False
) -> tuple[list[Loss], dict[str, BroughtBack]]:
    """The landed tables as they are now, written into the file, which is open to writers again and followed as before."""
    mapping = program.mapping
    lost = roll_back(conn, program, read_plan(conn, mapping.system), accept_loss=accept_loss)
    brought = bring_back(conn, mapping.old_schema, path, list(mapping.tables))
    allow_writes(path)
    return lost, brought


def let_go_of_file(path: Path) -> None:
    """Nothing of ours is left in the file."""
    remove_triggers(path)
    allow_writes(path)

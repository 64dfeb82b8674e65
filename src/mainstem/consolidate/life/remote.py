"""Another database's part in a consolidation: landed and followed before the switch, closed to writers at it, written back after a rollback."""

from __future__ import annotations

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
from mainstem.consolidate.sources.remote import (
    BroughtBack,
    Landed,
    allow_writes,
    bring_back,
    follow,
    follower_of,
    install_triggers,
    land,
    opened,
    prepare,
    present,
    remove_triggers,
    stop_writes,
    wake,
)


def tables_of_remote(mapping: Mapping, url: str) -> list[str]:
    """The mapping's tables, without the optional ones that the source does not have."""
    optional = [name for name, said in mapping.tables.items() if getattr(said, "optional", False)]
    with opened(url) as source:
        there = present(source, mapping.source.schema_name, optional)
    return [name for name in mapping.tables if name not in optional or name in there]


def land_remote(conn: Connection, mapping: Mapping, url: str) -> Landed:
    """The source's tables in the landing schema, and triggers in it that note what is written from now on; twice is once."""
    tables, schema, landing = tables_of_remote(mapping, url), mapping.source.schema_name, mapping.old_schema
    follower = prepare(conn, landing)
    install_triggers(url, follower, schema, tables, landing=landing)
    landed = land(url, conn, landing, tables, schema=schema)
    follow_remote(conn, mapping, url)
    return landed


def follow_remote(conn: Connection, mapping: Mapping, url: str, *, until: int = NEARLY) -> int:
    """Land what was written since, but for `until` notes; the rows written. The landed tables' own triggers tell the copy.

    With writers at work the last note is never the last: only at the switch, when the source is closed to them, is it 0.
    """
    written = 0
    while True:
        caught = follow(url, conn, mapping.old_schema, schema=mapping.source.schema_name)
        written += caught.written
        if caught.left <= until:
            return written


def cut_over_remote(
    conn: Connection,
    program: Program,
    url: str,
    *,
    moved_to: str,
    patience: float = 60.0,
    proved: bool = True,
) -> Switched:
    """Close the source to writers, land and fold their last rows, prove both, and switch. On an error the source is open again.

    moved_to: what writers are told, a place without a password. proved: both proofs are made over every row while writers are
    shut out; without it they are shut out for as long as the last rows take, and `verify` must have been before.
    Raises SourceBusy, CutoverBlocked, LandingDiffers, ProofFailed.
    """
    mapping = program.mapping
    schema, tables = mapping.source.schema_name, tables_of_remote(mapping, url)
    follow_remote(conn, mapping, url)
    out = WritersOut(
        conn=conn,
        mapping=mapping,
        stop=lambda: stop_writes(
            url, schema, tables, landing=mapping.old_schema, moved_to=moved_to, patience=patience
        ),
        allow=lambda: allow_writes(url, schema, tables),
    )
    with out:
        follow(url, conn, mapping.old_schema, schema=schema, proved=proved)
        if proved:
            verify(conn, program, read_plan(conn, mapping.system))
        wake(conn, mapping.old_schema)
        return cut_over(conn, program, read_plan(conn, mapping.system), patience=patience)


def roll_back_remote(
    conn: Connection, program: Program, url: str, *, accept_loss: bool = False
) -> tuple[list[Loss], dict[str, BroughtBack]]:
    """The landed tables as they are now, written into the source, which is open to writers again and followed as before.

    Killed after the ledger's part, it can be called again: what is then left is the source's.
    """
    mapping = program.mapping
    plan = read_plan(conn, mapping.system)
    lost: list[Loss] = []
    if plan.phase != "copied":
        lost = roll_back(conn, program, plan, accept_loss=accept_loss)
    tables = tables_of_remote(mapping, url)
    brought = bring_back(url, conn, mapping.old_schema, tables, schema=mapping.source.schema_name)
    allow_writes(url, mapping.source.schema_name, tables)
    return lost, brought


def let_go_of_remote(conn: Connection, mapping: Mapping, url: str) -> None:
    """Nothing of ours is left in the source; writers are let in. After `finish` use `leave_remote`."""
    follower = follower_of(conn, mapping.old_schema)
    allow_writes(url, mapping.source.schema_name, list(mapping.tables))
    remove_triggers(url, follower)


def leave_remote(conn: Connection, mapping: Mapping, url: str) -> None:
    """After `finish`: nothing is noted there any more, and the write stop stands, as the tables are elsewhere for good."""
    remove_triggers(url, follower_of(conn, mapping.old_schema))

"""The write stop: triggers in the source that refuse every write, and say where the table is now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.sql import SQL, Identifier, Literal

from mainstem.consolidate.sources.remote.opening import SHORT, opened, with_patience
from mainstem.consolidate.sources.remote.tables import Table, tables_of
from mainstem.consolidate.sources.remote.watching import PATIENCE, PLACE, drop_triggers
from mainstem.consolidate.sources.sqlite.landed import rows

STOP = "mainstem_stop"


def stop_writes(
    url: str, schema: str, tables: Sequence[str], *, landing: str, moved_to: str, patience: float = PATIENCE
) -> None:
    """Refuse writes to these tables, all at once: SQLSTATE 25006, `TABLE has moved to …`. Readers read on.

    When this returns, every transaction that had written to one of them is over. Raises SourceBusy when one stays open for
    longer than `patience` in seconds; writers were then held up for moments, and nothing is stopped.
    """
    with opened(url, SHORT) as source:
        found = tables_of(source, schema, tables, landing)
        with_patience(
            lambda: _stop(source, found, moved_to), seconds=patience, what="stopping writes to the source"
        )


def _stop(source: Connection[Any], tables: Sequence[Table], moved_to: str) -> None:
    with source.transaction():
        for table in tables:
            source.execute(SQL("lock table {} in share row exclusive mode").format(table.identifier))
        for table in tables:
            for events in ("insert or update or delete", "truncate"):
                name = Identifier(f"{STOP}_{events.partition(' ')[0]}")
                said = SQL(
                    "create or replace trigger {} before {} on {} for each statement execute function {}({})"
                )
                function = Identifier(PLACE, "refuse_write")
                source.execute(said.format(name, SQL(events), table.identifier, function, Literal(moved_to)))
                source.execute(SQL("alter table {} enable always trigger {}").format(table.identifier, name))


def allow_writes(url: str, schema: str, tables: Sequence[str], *, patience: float = PATIENCE) -> None:
    """Let writers in again. Nothing happens when they were never stopped; other systems' tables stay as they are."""
    with opened(url, SHORT) as source:
        drop_triggers(source, STOP, {(schema, table) for table in tables}, patience=patience)


def is_stopped_at(url: str, schema: str, tables: Sequence[str], *, landing: str) -> bool:
    """Whether writes to any of these tables are refused."""
    with opened(url, SHORT) as source:
        return any(is_stopped(source, table) for table in tables_of(source, schema, tables, landing))


def is_stopped(source: Connection[Any], table: Table) -> bool:
    """Whether writes to the table are refused."""
    asked = "select 1 from pg_trigger where tgrelid = %s::oid and tgname = %s and tgenabled = 'A'"
    return bool(rows(source, asked, [table.oid, f"{STOP}_insert"]))

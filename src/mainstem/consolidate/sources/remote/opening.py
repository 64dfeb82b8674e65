"""Connections to the source: to read one snapshot of it, or to change what is ours in it; errors by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from psycopg import Connection, errors

from mainstem.consolidate.sources.patience import PASSING, until_it_passes
from mainstem.consolidate.sources.postgres import Patience, configure, connection
from mainstem.errors import RightsMissing, SourceBusy, SourceUnreadable, Unreachable

T = TypeVar("T")

LONG = Patience(lock=5, statement=0, idle_in_transaction=3600)
"""A table is copied for as long as it takes; its reader holds nobody up."""
SHORT = Patience(lock=0.3, statement=0, idle_in_transaction=60)
"""Who wants a lock that writers wait behind gives up soon, and asks again."""

TEXTS = {"client_encoding": "UTF8", "lc_monetary": "C", "jit": "off"}


@contextmanager
def opened(url: str, patience: Patience = LONG) -> Iterator[Connection[Any]]:
    """A pinned, autocommitting connection, its errors by name."""
    with connection(url, application_name="mainstem consolidate", patience=patience) as source:
        pin_texts(source)
        with named_errors():
            yield source


@contextmanager
def snapshot(source: Connection[Any]) -> Iterator[None]:
    """One moment of the source, read-only, for as long as the block lasts."""
    with source.transaction():
        source.execute("set transaction isolation level repeatable read, read only")
        yield


def pin_texts(conn: Connection[Any]) -> None:
    """What further decides how a value is written; both sides have it while values are copied or compared."""
    configure(conn, TEXTS)


@contextmanager
def named_errors() -> Iterator[None]:
    """What one of the two servers refuses, as an error of ours."""
    try:
        yield
    except errors.InsufficientPrivilege as error:
        raise RightsMissing(
            f"between source and landing: {error.diag.message_primary}",
            hint="log in to the source as the owner of the tables, with BYPASSRLS where a policy hides rows; to the ledger as its migrator",
        ) from error
    except PASSING as error:
        raise SourceBusy(
            f"between source and landing: {error.diag.message_primary}",
            hint="somebody changes a table's definition, or lands there as well; run it again",
        ) from error
    except errors.OperationalError as error:
        raise Unreachable(
            f"the connection between source and landing ended: {error}",
            hint="run it again: what was committed stands, the rest is done anew",
        ) from error
    except (errors.CharacterNotInRepertoire, errors.UntranslatableCharacter) as error:
        raise SourceUnreadable(
            f"the source has text that is no UTF-8: {error.diag.message_primary}; {error.diag.context or ''}",
            hint="mend the row in the source; convert_from() tells which encoding it was",
        ) from error


def with_patience(work: Callable[[], T], *, seconds: float, what: str) -> T:
    """Do it again while somebody holds a lock. Raises SourceBusy after `seconds`."""

    def refused(why: str) -> SourceBusy:
        return SourceBusy(
            f"{what}: {why}",
            hint="look for long transactions in pg_stat_activity of the source; try again",
        )

    return until_it_passes(work, seconds=seconds, refused=refused)

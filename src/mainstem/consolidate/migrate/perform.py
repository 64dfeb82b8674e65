"""Performance: the statements of a script in one transaction, each measured, and a judgement before the commit."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import errors

from mainstem.consolidate.backup import Postgres, Sqlite
from mainstem.consolidate.backup.target import pinned
from mainstem.consolidate.migrate import checks
from mainstem.consolidate.migrate.checks import Picture
from mainstem.consolidate.migrate.lint import stands_alone
from mainstem.consolidate.migrate.patience import Patience
from mainstem.consolidate.migrate.state import Measure
from mainstem.consolidate.migrate.statements import Statement
from mainstem.errors import LockNotGranted, RunnerBusy, StatementFailed

Judge = Callable[[Picture, Picture], None]
"""Raises when what is there before and after must not be committed."""
RUNNERS = "mainstem.migrate"

LOCKS: LiteralString = """
select format('%I.%I', n.nspname, c.relname), bool_or(l.mode = 'AccessExclusiveLock')
  from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
 where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.granted and l.mode <> 'AccessShareLock'
   and c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' group by 1
"""


@dataclass(frozen=True, slots=True)
class Performed:
    """What ran, and what was there before and after. `held`: how long each table was held exclusively, to the commit."""

    measures: tuple[Measure, ...]
    held: dict[str, float]
    before: Picture
    after: Picture

    @property
    def milliseconds(self) -> float:
        return sum(measure.milliseconds for measure in self.measures)


def on_sqlite(
    target: Sqlite,
    statements: Sequence[Statement],
    judge: Judge,
    patience: Patience,
    about_to_commit: Callable[[Picture, str | None], None],
) -> Performed:
    """One BEGIN IMMEDIATE: writers wait from the first statement on, readers do not.

    Foreign keys are off: with them on, dropping a table in order to rebuild it empties those that refer to it.
    """
    with closing(sqlite3.connect(target.path, isolation_level=None, timeout=patience.lock_timeout)) as conn:
        conn.execute("pragma foreign_keys = off")
        _begin(conn, target, patience)
        try:
            before = checks.of_sqlite(conn)
            measures = tuple(_measured(one, conn.execute) for one in statements)
            after = checks.of_sqlite(conn)
            judge(before, after)
            about_to_commit(after, None)
            conn.execute("commit")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise LockNotGranted(f"{target.name} is used by a reader that does not end: {error}", hint="run it again") from error  # fmt: skip
        finally:
            if conn.in_transaction:
                conn.execute("rollback")
    return Performed(measures, {}, before, after)


def _begin(conn: sqlite3.Connection, target: Sqlite, patience: Patience) -> None:
    for is_last in patience.rounds():
        try:
            conn.execute("begin immediate")
        except sqlite3.OperationalError as busy:
            if is_last:
                raise LockNotGranted(
                    f"{target.name} was written by somebody else {patience.attempts} times in a row: {busy}",
                    hint="stop its writers, and run this again",
                ) from busy
        else:
            return


def on_postgres(
    target: Postgres,
    statements: Sequence[Statement],
    judge: Judge,
    patience: Patience,
    about_to_commit: Callable[[Picture, str | None], None],
    *,
    tables: Iterable[tuple[str, str]],
    settings: Mapping[str, str] | None = None,
) -> Performed:
    """One transaction, tried again as a whole while somebody holds a lock that it needs.

    tables: whose rows are counted. settings: of the session; a copy has not those of the database it is of.
    """
    counted = list(tables)
    with the_only_runner(target) as conn:
        take_on(conn, settings or settings_of(target))
        for is_last in patience.rounds():
            try:
                return _attempt(conn, statements, judge, patience, about_to_commit, counted=counted)
            except (errors.LockNotAvailable, errors.DeadlockDetected) as blocked:
                blockers = _blockers(target)
                if is_last:
                    raise LockNotGranted(
                        f"{target.name}: {blocked.diag.message_primary}, {patience.attempts} times in a row{blockers}",
                        hint="run it again at a quieter time, or end what holds the lock",
                    ) from blocked
            except errors.IntegrityError as refused:  # one that was deferred to the commit
                raise StatementFailed(
                    f"at the commit: {refused.diag.message_primary}",
                    hint="correct the migration; nothing of it has stayed",
                ) from refused
        raise AssertionError("rounds() ends with a last one")


def _attempt(
    conn: psycopg.Connection[Any],
    statements: Sequence[Statement],
    judge: Judge,
    patience: Patience,
    about_to_commit: Callable[[Picture, str | None], None],
    *,
    counted: Sequence[tuple[str, str]],
) -> Performed:
    before = _picture(conn, counted)
    began: dict[str, float] = {}
    measures: list[Measure] = []
    with conn.transaction():
        _limit(
            conn, patience
        )  # again in each attempt: a timeout that was set before the rollback is gone with it
        for statement in statements:
            started = time.monotonic()
            measure = _measured(statement, lambda text: conn.execute(text.encode()))
            exclusive = [name for name, is_exclusive in conn.execute(LOCKS).fetchall() if is_exclusive]
            fresh = tuple(sorted(set(exclusive) - set(began)))
            began |= dict.fromkeys(fresh, started)
            measures.append(Measure(measure.line, measure.text, measure.milliseconds, fresh))
        after = _picture(conn, counted)
        judge(before, after)
        [(transaction,)] = conn.execute("select pg_current_xact_id()::text").fetchall()
        about_to_commit(after, transaction)
    held = {name: round(1000 * (time.monotonic() - since), 1) for name, since in began.items()}
    return Performed(tuple(measures), held, before, after)


def one_by_one(
    target: Postgres | Sqlite,
    statements: Sequence[Statement],
    patience: Patience,
    done: Callable[[int], None],
    *,
    start: int = 0,
) -> tuple[Measure, ...]:
    """Statements that stand outside of transactions; `done` hears how many are, so that a killed run goes on there."""
    measures = []
    with _autocommitting(target, patience) as execute:
        for number, statement in enumerate(statements[start:], start + 1):
            measures.append(_measured(statement, execute))
            done(number)
    return tuple(measures)


def all_stand_alone(statements: Sequence[Statement]) -> bool:
    return bool(statements) and all(stands_alone(one) for one in statements)


@contextmanager
def the_only_runner(target: Postgres) -> Iterator[psycopg.Connection[Any]]:
    """A connection that holds the lock of this database's runners. Raises RunnerBusy."""
    with pinned(target) as conn:
        [(is_ours,)] = conn.execute("select pg_try_advisory_lock(hashtext(%s))", [RUNNERS]).fetchall()
        if not is_ours:
            raise RunnerBusy(
                f"another process migrates {target.name} now", hint="wait until it has ended, then run this again"
            )  # fmt: skip
        yield conn


def settings_of(target: Postgres) -> dict[str, str]:
    """What names and times mean to this login in this database, as it was set up: not as we read digests."""
    with pinned(target) as conn:
        conn.execute("reset all")
        found = conn.execute(
            "select name, current_setting(name) from unnest(%s::text[]) as t (name)",
            [["search_path", "TimeZone", "DateStyle", "IntervalStyle"]],
        )
        return dict(found.fetchall())


def take_on(conn: psycopg.Connection[Any], settings: Mapping[str, str]) -> None:
    """A script must mean here what it means by psql: in UTC, a cast of a time without zone would be another time."""
    conn.execute("reset all")
    for name, value in settings.items():
        conn.execute("select set_config(%s, %s, false)", [name, value])


def ended(target: Postgres, transaction: str) -> str | None:
    """How a transaction ended: committed, aborted, or None where the server no longer knows."""
    with pinned(target) as conn:
        [(status,)] = conn.execute("select pg_xact_status(%s::text::xid8)", [transaction]).fetchall()
    return None if status is None else str(status)


@contextmanager
def _autocommitting(target: Postgres | Sqlite, patience: Patience) -> Iterator[Callable[[str], object]]:
    if isinstance(target, Sqlite):
        with closing(sqlite3.connect(target.path, isolation_level=None, timeout=30)) as file:
            yield file.execute
        return
    with the_only_runner(target) as conn:
        take_on(conn, settings_of(target))
        conn.execute(f"set statement_timeout = '{int(patience.statement_timeout)}s'".encode())
        yield lambda text: conn.execute(text.encode())


def _limit(conn: psycopg.Connection[Any], patience: Patience) -> None:
    for name, seconds in (
        ("lock_timeout", patience.lock_timeout),
        ("statement_timeout", patience.statement_timeout),
        ("idle_in_transaction_session_timeout", 60),
    ):
        conn.execute("select set_config(%s, %s, true)", [name, f"{int(seconds * 1000)}ms"])


def _picture(conn: psycopg.Connection[Any], counted: Sequence[tuple[str, str]]) -> Picture:
    """Read under an empty path, so that every name is told in full; the script's own path comes back with the savepoint."""
    with conn.transaction(force_rollback=True):
        conn.execute("set local search_path = pg_catalog")
        conn.execute("set local row_security = off")
        return checks.of_postgres(conn, counted)


def _measured(statement: Statement, execute: Callable[[str], object]) -> Measure:
    started = time.monotonic()
    try:
        execute(statement.text)
    except (errors.LockNotAvailable, errors.DeadlockDetected):
        raise
    except (psycopg.Error, sqlite3.Error) as error:
        raise StatementFailed(
            f"line {statement.line}, {_shortened(statement.text)!r}: {' '.join(str(error).split())}",
            hint="correct the migration; nothing of it has stayed",
        ) from error
    return Measure(statement.line, _shortened(statement.text), round(1000 * (time.monotonic() - started), 1))


def _blockers(target: Postgres) -> str:
    with pinned(target) as conn:
        found = conn.execute(
            "select pid, coalesce(nullif(application_name, ''), usename) from pg_stat_activity"
            " where datname = current_database() and xact_start is not null and pid <> pg_backend_pid() order by xact_start limit 3"
        ).fetchall()
    told = ", ".join(f"pid {pid} ({name})" for pid, name in found)
    return f"; open transactions: {told}" if told else ""


def _shortened(text: str) -> str:
    shown = re.sub(r"\s+", " ", text)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"

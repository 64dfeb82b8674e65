"""The old application, running: it says its statements round after round, and remembers what it was told is written."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import psycopg
from psycopg import Connection

from mainstem.consolidate.presets.rcm.sample.statements import (
    CONFIG_KEYS,
    KEYS,
    STATEMENTS,
    Effect,
    Statement,
)
from mainstem.consolidate.presets.rcm.sample.world import ANN, INTAKE, OPEN_PORTAL

Ids: TypeAlias = dict[str, Any]
Row: TypeAlias = tuple[str, Any]
"""A table and an id."""

_KEYS: Final = KEYS | CONFIG_KEYS
AGO: Final = 5
"""Rounds between a row and the statement that comes back to it."""
_PARAMETER: Final = re.compile(r"%\((\w+)\)s")
_PARENTS: Final = {"workflow_trace": "trace_id", "workflow_steps": "step_id"}


@dataclass(slots=True)
class Memory:
    """What the database acknowledged: rows with what must be in them, and rows that must be gone."""

    there: dict[Row, dict[str, str | None]] = field(default_factory=dict)
    gone: set[Row] = field(default_factory=set)

    def wrote(self, row: Row, expected: Mapping[str, str | None]) -> None:
        self.there.setdefault(row, {}).update(expected)

    def deleted(self, row: Row) -> None:
        """With it goes whatever hangs on it, as the old foreign keys have it."""
        self.there.pop(row, None)
        self.gone.add(row)
        table, key = row
        if table in _PARENTS:
            for child in [c for c, what in self.there.items() if what.get(_PARENTS[table]) == str(key)]:
                if child[0] != table:
                    self.deleted(child)

    def differences(self, conn: Connection[Any]) -> list[str]:
        """What is not as it was acknowledged; empty when nothing was lost. Asks by the old names."""
        return [*self._changed(conn), *self._still_there(conn)]

    def _changed(self, conn: Connection[Any]) -> Iterator[str]:
        for (table, key), expected in self.there.items():
            wanted = {_KEYS[table]: str(key), **expected}
            columns = ", ".join(f"({expression})::text" for expression in wanted)
            query = f"select {columns} from {table} where {_KEYS[table]} = %s"
            found = conn.execute(query.encode(), [key]).fetchall()
            if found != [tuple(wanted.values())]:
                yield f"{table} {key} is {found}, not {list(wanted.items())}"

    def _still_there(self, conn: Connection[Any]) -> Iterator[str]:
        for table, key in sorted(self.gone):
            if conn.execute(f"select from {table} where {_KEYS[table]} = %s".encode(), [key]).fetchall():
                yield f"{table} {key} is there again"


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that the old application does not live with."""

    statement: str
    sqlstate: str
    message: str


@dataclass(slots=True)
class Tally:
    """What was said and what came back."""

    done: Counter[str] = field(default_factory=Counter)
    """By the statement's name."""
    errors: Counter[str] = field(default_factory=Counter)
    """By SQLSTATE, those that may happen as well; `lost` for a connection that went."""
    failures: list[Failure] = field(default_factory=list)
    slowest: dict[str, float] = field(default_factory=dict)
    """Seconds of each statement's slowest turn: what a cut-over cost who was writing."""


class Writer:
    """One connection that writes like the old application, in a thread of its own.

    rate: statements a second, None for as many as go. number: tells several writers' rows apart. statements: fewer than
    all of them, where some are known not to work.
    """

    def __init__(
        self,
        url: str,
        *,
        rate: float | None = 50,
        number: int = 1,
        statements: Sequence[Statement] = STATEMENTS,
    ) -> None:
        self.tally = Tally()
        self.memory = Memory()
        self._url = url
        self._rest = 1 / rate if rate else 0.0
        self._number = number
        self._statements = statements
        self._said = 0
        self._rounds: deque[Ids] = deque(maxlen=AGO)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"old application {number}")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> Tally:
        """Finish the statement that is under way, and tell."""
        self._stopping.set()
        self._thread.join()
        return self.tally

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._connect() as conn:
                    self._say_rounds(conn)
            except psycopg.OperationalError as lost:
                self.tally.errors["lost"] += 1
                self.tally.failures.append(Failure("connect", "lost", str(lost)))
                self._stopping.wait(0.1)

    def _connect(self) -> Connection[Any]:
        return psycopg.connect(self._url, autocommit=True, application_name="old application")

    def _say_rounds(self, conn: Connection[Any]) -> None:
        while not self._stopping.is_set() and not conn.closed:
            ids: Ids = {}
            for statement in self._statements:
                if self._stopping.is_set() or conn.closed:
                    return
                self._say(conn, statement, ids)
            self._rounds.append(ids)

    def _say(self, conn: Connection[Any], statement: Statement, ids: Ids) -> None:
        parameters = self._parameters(statement, ids)
        if parameters is None:
            return
        began = time.monotonic()
        try:
            told = _perform(conn, statement, parameters)
        except psycopg.Error as error:
            self._count(statement, error)
        else:
            self.tally.done[statement.name] += 1
            self._remember(statement, told, parameters, ids)
        took = time.monotonic() - began
        self.tally.slowest[statement.name] = max(self.tally.slowest.get(statement.name, 0.0), took)
        self._stopping.wait(max(0.0, self._rest - took))

    def _parameters(self, statement: Statement, ids: Ids) -> dict[str, Any] | None:
        """None when the statement wants a row that there is not, as its own statement failed."""
        self._said += 1
        old = self._rounds[0] if len(self._rounds) == AGO else {}
        known: dict[str, Any] = {
            "n": self._said,
            "mark": f"writer {self._number} said {self._said}",
            "explicit": self._number * 10_000_000 + self._said,
            "workflow": INTAKE,
            "node": OPEN_PORTAL,
            "user": ANN,
            **ids,
            **{f"old_{name}": key for name, key in old.items()},
        }
        wanted = {name for text in statement.texts for name in _PARAMETER.findall(text)}
        return {name: known[name] for name in wanted} if wanted <= known.keys() else None

    def _count(self, statement: Statement, error: psycopg.Error) -> None:
        state = error.sqlstate or "lost"
        self.tally.errors[state] += 1
        if state not in statement.may_fail:
            self.tally.failures.append(Failure(statement.name, state, str(error)))

    def _remember(self, statement: Statement, told: list[Any], parameters: dict[str, Any], ids: Ids) -> None:
        if statement.table is None:
            return
        expected = {what: _given(value, parameters) for what, value in statement.expects.items()}
        for key in told:
            row = (statement.table, key)
            if statement.effect is Effect.WRITES:
                self.memory.wrote(row, expected)
            else:
                self.memory.deleted(row)
        if statement.keeps and told:
            ids[statement.keeps] = told[-1]


@contextmanager
def writing(
    url: str, *, writers: int = 1, rate: float | None = 50, statements: Sequence[Statement] = STATEMENTS
) -> Iterator[list[Writer]]:
    """Writers at work for as long as the block lasts; what they say together is `writers` times the rate."""
    all_of_them = [Writer(url, rate=rate, number=n + 1, statements=statements) for n in range(writers)]
    for writer in all_of_them:
        writer.start()
    try:
        yield all_of_them
    finally:
        for writer in all_of_them:
            writer.stop()


def _perform(conn: Connection[Any], statement: Statement, parameters: dict[str, Any]) -> list[Any]:
    """The ids that the last text gives, once they are committed (or rolled back)."""
    with conn.transaction(force_rollback=statement.effect is Effect.ROLLS_BACK):
        for text in statement.texts:
            cursor = conn.execute(text.encode(), parameters)
        rows = cursor.fetchall() if cursor.description else []
    return [row[0] for row in rows] if statement.table else []


def _given(value: str | None, parameters: Mapping[str, Any]) -> str | None:
    return str(parameters[value[1:]]) if value and value.startswith("$") else value

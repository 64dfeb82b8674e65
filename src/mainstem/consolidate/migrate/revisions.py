"""Revisions of somebody's Alembic, run by their own env.py, which is watched: it must connect where it was told to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from mainstem.consolidate.backup import Postgres, Sqlite, Target
from mainstem.consolidate.backup.target import pinned, reading
from mainstem.consolidate.migrate.migration import Revision
from mainstem.consolidate.migrate.patience import Patience
from mainstem.consolidate.migrate.perform import LOCKS
from mainstem.consolidate.migrate.state import Measure
from mainstem.consolidate.migrate.statements import Statement, split
from mainstem.errors import LockNotGranted, MigrationUnknown, RehearsedElsewhere, StatementFailed

_LOCKED = {"55P03", "40P01"}
"""lock_timeout ran out; or two waited for one another."""


def statements(revision: Revision, target: Target) -> list[Statement]:
    """What the upgrade from where the database stands would say (`alembic upgrade A:B --sql`)."""
    config = _config(revision, target)
    text = StringIO()
    config.output_buffer = text
    with _refusals(revision):
        wanted = _wanted(config, revision)
        command.upgrade(config, f"{current(target) or 'base'}:{wanted}", sql=True)
    return [one for one in split(text.getvalue(), target.dialect) if _word(one) not in {"begin", "commit"}]


def is_at(revision: Revision, target: Target) -> bool:
    """Whether the database has come to it."""
    return current(target) == _wanted(_config(revision, target), revision)


def current(target: Target) -> str | None:
    """The revision that the database stands at; None before the first."""
    query = "select version_num from alembic_version"
    if isinstance(target, Sqlite):
        with reading(target.path) as conn:
            made = conn.execute("select 1 from sqlite_master where name = 'alembic_version'").fetchone()
            found = conn.execute(query).fetchall() if made else []
    else:
        with pinned(target) as conn:
            conn.execute("reset search_path")
            is_made = conn.execute("select to_regclass('alembic_version') is not null").fetchone() == (True,)
            found = conn.execute(query).fetchall() if is_made else []
    if len(found) > 1:
        raise MigrationUnknown(f"{target.name} stands at {len(found)} revisions", hint="`alembic merge` them first")  # fmt: skip
    return str(found[0][0]) if found else None


def upgrade(
    revision: Revision, target: Target, patience: Patience, settings: dict[str, str]
) -> tuple[tuple[Measure, ...], dict[str, float]]:
    """Upgrade this database to the revision; how long each statement took, and which tables were held for how long.

    Raises RehearsedElsewhere before env.py has said a word to another database than this.
    """
    for is_last in patience.rounds():
        watch = _Watch(target, patience, settings)
        try:
            with _refusals(revision), watch.listening():
                command.upgrade(_config(revision, target), revision.revision)
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
            if state not in _LOCKED:
                raise StatementFailed(f"{revision.name}: {' '.join(str(error.orig).split())}", hint="correct the revision") from error  # fmt: skip
            if is_last:
                raise LockNotGranted(f"{target.name}: {error.orig}", hint="run it again at a quieter time") from error  # fmt: skip
        else:
            return tuple(watch.measures), watch.held()
    raise AssertionError("rounds() ends with a last one")


@dataclass
class _Watch:
    """Every engine of this process, while env.py works: where it connects, and what it says."""

    target: Target
    patience: Patience
    settings: dict[str, str]
    measures: list[Measure] = field(default_factory=list)
    _began: dict[str, float] = field(default_factory=dict)
    _started: float = 0.0

    @contextmanager
    def listening(self) -> Iterator[None]:
        heard = (
            ("connect", self._connect),
            ("before_cursor_execute", self._before),
            ("after_cursor_execute", self._after),
        )
        for name, listener in heard:
            event.listen(Engine, name, listener)
        try:
            yield
        finally:
            for name, listener in heard:
                event.remove(Engine, name, listener)

    def held(self) -> dict[str, float]:
        now = time.monotonic()
        return {name: round(1000 * (now - since), 1) for name, since in self._began.items()}

    def _connect(self, connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        if isinstance(self.target, Sqlite):
            cursor.execute("pragma database_list")
            found = next(str(row[2]) for row in cursor.fetchall() if row[1] == "main")
            is_ours = bool(found) and Path(found).resolve() == self.target.path.resolve()
        else:
            cursor.execute("select current_database(), pg_postmaster_start_time()::text")
            found, *server = map(str, cursor.fetchone())
            is_ours = (found, *server) == _identity(self.target)
            limit = {"lock_timeout": f"{int(self.patience.lock_timeout * 1000)}ms"}
            for name, value in (self.settings | limit).items():
                literal = value.replace("'", "''")  # drivers differ in how they take parameters
                cursor.execute(f"select set_config('{name}', '{literal}', false)")
        cursor.close()
        connection.commit()
        if not is_ours:
            raise RehearsedElsewhere(
                f"env.py connects to {found}, and was told {self.target.name}",
                hint="let it use config.get_main_option('sqlalchemy.url')",
            )

    def _before(self, *_about: Any) -> None:
        self._started = time.monotonic()

    def _after(self, conn: Any, _cursor: Any, statement: str, *_about: Any) -> None:
        took = 1000 * (time.monotonic() - self._started)
        fresh: tuple[str, ...] = ()
        if isinstance(self.target, Postgres):
            cursor = conn.connection.cursor()
            cursor.execute(LOCKS)
            exclusive = {name for name, is_exclusive in cursor.fetchall() if is_exclusive}
            cursor.close()
            fresh = tuple(sorted(exclusive - set(self._began)))
            self._began |= dict.fromkeys(fresh, self._started)
        self.measures.append(Measure(0, " ".join(statement.split())[:80], round(took, 1), fresh))


def _identity(target: Postgres) -> tuple[str, ...]:
    with pinned(target) as conn:
        row = conn.execute("select current_database(), pg_postmaster_start_time()::text").fetchone()
    return tuple(map(str, row or ()))


def _config(revision: Revision, target: Target) -> Config:
    config = Config(str(revision.config))
    config.set_main_option("sqlalchemy.url", _url(config, target).replace("%", "%%"))
    config.attributes["configure_logger"] = False
    return config


def _url(config: Config, target: Target) -> str:
    """The target in SQLAlchemy's words, with the driver that the configuration had."""
    if isinstance(target, Sqlite):
        return f"sqlite:///{target.path.resolve()}"
    before = config.get_main_option("sqlalchemy.url") or ""
    driver = make_url(before).drivername if before.startswith("postgresql+") else "postgresql+psycopg"
    given = {name: str(value) for name, value in conninfo_to_dict(target.conninfo).items()}
    host = given.pop("host", None)
    url = URL.create(
        driver,
        username=given.pop("user", None),
        password=given.pop("password", None),
        database=given.pop("dbname", None),
        port=int(given.pop("port", "5432")),
        query=given | ({"host": host} if host else {}),
    )
    return url.render_as_string(hide_password=False)


def _wanted(config: Config, revision: Revision) -> str:
    with _refusals(revision):
        found = ScriptDirectory.from_config(config).get_revision(revision.revision)
    return str(found.revision)


@contextmanager
def _refusals(revision: Revision) -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise MigrationUnknown(f"{revision.config}: {error}", hint="`alembic history` lists the revisions") from error  # fmt: skip


def _word(statement: Statement) -> str:
    tokens = statement.tokens
    return tokens[0].word if tokens else ""

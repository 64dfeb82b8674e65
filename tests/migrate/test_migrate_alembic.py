"""A revision of somebody's Alembic, by their own env.py, on a copy first; and an env.py that goes elsewhere is stopped."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from old_history import query

from conftest import Database
from mainstem.consolidate.backup import Postgres, Sqlite, Target
from mainstem.consolidate.migrate import verbs
from mainstem.consolidate.migrate.migration import migration_of
from mainstem.consolidate.migrate.patience import Patience
from mainstem.consolidate.migrate.state import Phase
from mainstem.consolidate.migrate.verbs import Work
from mainstem.errors import (
    ChecksFailed,
    LockNotGranted,
    MigrationUnknown,
    MigrationUnsafe,
    RehearsedElsewhere,
)

ENV = """
from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

url = {url}
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    context.run_migrations()
else:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
REVISION = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = "{revision}", {down}
def upgrade():
    {upgrade}
def downgrade():
    pass
"""


def project(place: Path, *, url: str = "context.config.get_main_option('sqlalchemy.url')", **revisions: str) -> Path:  # fmt: skip
    """An Alembic project with these revisions, each after the one before."""
    (place / "alembic/versions").mkdir(parents=True)
    (place / "alembic/env.py").write_text(ENV.format(url=url))
    before = None
    for name, upgrade in revisions.items():
        text = REVISION.format(revision=name, down=repr(before), upgrade=upgrade)
        (place / f"alembic/versions/{name}.py").write_text(text)
        before = name
    (place / "alembic.ini").write_text(
        f"[alembic]\nscript_location = {place / 'alembic'}\npath_separator = os\n"
    )
    return place / "alembic.ini"


def work_on(target: Target, config: Path, revision: str, *accepted: str) -> Work:
    return Work(
        target=target, migration=migration_of(revision, config), place=config.parent / "work" / revision,
        accepted=frozenset(accepted), patience=Patience(lock_timeout=0.1, attempts=2, pause=0),
    )  # fmt: skip


MAKE = "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True), sa.Column('x', sa.Text))"
FILL = "op.execute(\"insert into t (id, x) values (1, 'a'), (2, 'b')\")"
ADD = "op.add_column('t', sa.Column('y', sa.Text, server_default='1.0'))"
DROP = "op.drop_column('t', 'x')"
LOSE = "op.execute('delete from t where id = 2')"


@pytest.fixture
def postgres(empty_database: Database) -> Postgres:
    return Postgres(empty_database.url)


def test_revisions_go_on_postgres_one_after_the_other(postgres: Postgres, tmp_path: Path) -> None:
    config = project(tmp_path, one=MAKE, two=FILL, three=ADD)
    assert verbs.apply(work_on(postgres, config, "two")).phase is Phase.APPLIED
    done = verbs.rehearse(work_on(postgres, config, "three"))
    assert done.held.keys() >= {"public.t"}
    assert any("public.t" in one.exclusive and "ALTER TABLE t" in one.text for one in done.measures)
    assert verbs.apply(work_on(postgres, config, "three")).phase is Phase.APPLIED
    with psycopg.connect(postgres.url) as conn:
        assert conn.execute("select id, x, y from t order by id").fetchall() == [(1, "a", "1.0"), (2, "b", "1.0")]  # fmt: skip
        assert conn.execute("select version_num from alembic_version").fetchall() == [("three",)]


def test_revisions_go_on_sqlite_too(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)):
        path.touch()
    config = project(tmp_path, one=MAKE, two=FILL, three=ADD)
    verbs.apply(work_on(Sqlite(path), config, "two"))
    verbs.apply(work_on(Sqlite(path), config, "three"))
    assert query(path, "select id, x, y from t order by id") == [(1, "a", "1.0"), (2, "b", "1.0")]


def test_what_a_revision_says_is_linted_and_rehearsed(postgres: Postgres, tmp_path: Path) -> None:
    config = project(tmp_path, one=MAKE, two=FILL, drop=DROP)
    verbs.apply(work_on(postgres, config, "two"))
    with pytest.raises(MigrationUnsafe, match="column x of t is dropped"):
        verbs.apply(work_on(postgres, config, "drop"))


def test_rows_that_a_revision_loses_are_found_on_the_copy(postgres: Postgres, tmp_path: Path) -> None:
    config = project(tmp_path, one=MAKE, two=FILL, lose=LOSE)
    verbs.apply(work_on(postgres, config, "two"))
    with pytest.raises(ChecksFailed, match=r"lost-rows public\.t: 1 of 2 rows"):
        verbs.apply(work_on(postgres, config, "lose"))
    with psycopg.connect(postgres.url) as conn:
        assert conn.execute("select count(*) from t").fetchone() == (2,)


def test_an_env_that_connects_elsewhere_is_stopped_before_it_writes(
    postgres: Postgres, tmp_path: Path
) -> None:
    """It would run the rehearsal on the real database."""
    real = postgres.url.replace("postgresql://", "postgresql+psycopg://")
    config = project(tmp_path, url=repr(real), one=MAKE)
    with pytest.raises(RehearsedElsewhere, match=r"env\.py connects to test_"):
        verbs.rehearse(work_on(postgres, config, "one"))
    with psycopg.connect(postgres.url) as conn:
        assert conn.execute("select to_regclass('public.t')").fetchone() == (None,)


def test_a_revision_waits_for_locks_only_briefly(postgres: Postgres, tmp_path: Path) -> None:
    config = project(tmp_path, one=MAKE, two=FILL, three=ADD)
    verbs.apply(work_on(postgres, config, "two"))
    work = work_on(postgres, config, "three")
    verbs.rehearse(work)
    with psycopg.connect(postgres.url) as reader:
        reader.execute("lock table t in access share mode")
        with pytest.raises(LockNotGranted):
            verbs.apply(work)
    assert verbs.apply(work).phase is Phase.APPLIED


def test_a_revision_that_is_not_there_is_told_so(postgres: Postgres, tmp_path: Path) -> None:
    with pytest.raises(MigrationUnknown, match="nowhere"):
        verbs.lint(work_on(postgres, project(tmp_path, one=MAKE), "nowhere"))
    with pytest.raises(MigrationUnknown, match="there is no file"):
        migration_of("one", tmp_path / "none.ini")

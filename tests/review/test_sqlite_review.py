"""The same review of a SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from mainstem.consolidate.review import Kind, review
from mainstem.errors import NotReviewable

MODELS = MetaData()
Table("org", MODELS, Column("id", Integer, primary_key=True), Column("name", Text, unique=True))
Table(
    "execution",
    MODELS,
    Column("id", Integer, primary_key=True),
    Column("org_id", Integer, ForeignKey("org.id", ondelete="CASCADE"), nullable=False),
    Column("status", String(20), server_default="new"),
    Column("hour", Integer, server_default=text("0")),
    Column("cost", Numeric(10, 2)),
    Column("is_test", Boolean),
    Column("at", DateTime),
    Column("twice", Integer, Computed("hour * 2")),
    CheckConstraint("status in ('new', 'done')", name="status_is_known"),
    UniqueConstraint("org_id", "at"),
    Index("by_hour", text("hour desc"), sqlite_where=text("hour > 0")),
    Index("by_name", text("lower(status)")),
)

AS_DECLARED = """
create table org (id integer primary key, name text unique);
create table execution (
  id integer not null primary key, org_id int not null references org on delete cascade, status text default 'new',
  hour bigint default (0), cost decimal, is_test boolean, at datetime,
  twice integer generated always as (hour*2) virtual,
  constraint status_is_known check (status IN ('new','done')), unique (org_id, at));
create index hours on execution (hour desc) where (hour > 0);
create index names on execution (lower(status));
create view seen as select * from execution;
"""


def findings(path: Path, ddl: str) -> set[tuple[Kind, str]]:
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(ddl)
    before = path.read_bytes()
    found = {(finding.kind, finding.object) for finding in review(MODELS, f"sqlite:///{path}").findings}
    assert path.read_bytes() == before
    return found


def test_a_file_as_declared_has_no_finding(tmp_path: Path) -> None:
    assert findings(tmp_path / "a file #1.db", AS_DECLARED) == set()


@pytest.mark.parametrize(
    ("now", "then", "kind", "named"),
    [
        ("is_test boolean, ", "", Kind.COLUMN_MISSING, "execution.is_test"),
        ("at datetime,", "at datetime, old text,", Kind.COLUMN_UNUSED, "execution.old"),
        ("at datetime,", "at text,", Kind.TYPE_DIFFERS, "execution.at"),
        ("org_id int not null", "org_id int", Kind.NULLABILITY_DIFFERS, "execution.org_id"),
        ("status text default 'new'", "status text", Kind.DEFAULT_MISSING, "execution.status"),
        ("default 'new'", "default 'NEW'", Kind.DEFAULT_DIFFERS, "execution.status"),
        ("on delete cascade", "on delete set null", Kind.FOREIGN_KEY_DIFFERS, "execution.(org_id)"),
        (" references org on delete cascade", "", Kind.FOREIGN_KEY_MISSING, "execution.(org_id)"),
        ("name text unique", "name text", Kind.UNIQUE_MISSING, "org.(name)"),
        ("IN ('new','done')", "in ('new', 'Done')", Kind.CHECK_DIFFERS, "execution.status_is_known"),
        ("lower(status)", "upper(status)", Kind.INDEX_MISSING, "execution.by_name"),
        ("(hour > 0)", "(hour > 1)", Kind.INDEX_UNUSED, "execution.hours"),
        ("(hour*2)", "(hour*3)", Kind.DEFAULT_DIFFERS, "execution.twice"),
        ("(hour desc)", "(hour)", Kind.INDEX_MISSING, "execution.by_hour"),
        ("create view", "create table gone as select 1; create view", Kind.TABLE_UNUSED, "gone"),
    ],
)
def test_each_difference_is_found(tmp_path: Path, now: str, then: str, kind: Kind, named: str) -> None:
    assert now in AS_DECLARED
    assert (kind, named) in findings(tmp_path / "app.db", AS_DECLARED.replace(now, then, 1))


def test_what_is_missing_is_made_by_its_remedies(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("create table unrelated (id integer)")
        for finding in review(MODELS, f"sqlite:///{path}").findings:
            conn.executescript(finding.remedy)
    assert [finding.kind for finding in review(MODELS, f"sqlite:///{path}").findings] == [Kind.TABLE_UNUSED]


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database, though long enough to look like one" * 50)
    for name in ("notes.txt", "gone.db"):
        with pytest.raises(NotReviewable, match=name):
            review(MODELS, f"sqlite:///{tmp_path / name}")

"""`mainstem review` as it is typed, and the documents it writes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result
from review_databases import Reviewed

from mainstem.cli.main import main
from mainstem.consolidate.review import Finding, Kind, Known, Review, Unseen
from mainstem.consolidate.review.markdown import CHECKLIST, ROW_SECURITY, checklist
from mainstem.consolidate.review.picture import Name

pytest_plugins = ["one_review_database"]

MODELS = """
from datetime import datetime
from sqlalchemy import ForeignKey, MetaData, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Workflow(Base):
    __tablename__ = "workflow"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))

class Subscription(Base):
    __tablename__ = "subscription"
    id: Mapped[int] = mapped_column(primary_key=True)
    workflow_id: Mapped[int] = mapped_column(ForeignKey("workflow.id", ondelete="CASCADE"), index=True)
    path: Mapped[str] = mapped_column(String(500))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))

metadata = Base.metadata
nothing = MetaData()
seven = 7
"""
SOUND = """
create table workflow (id serial primary key, name varchar(255) not null);
create table subscription (id serial primary key, workflow_id integer not null references workflow on delete cascade,
  path varchar(500) not null, is_active boolean not null default true);
create index on subscription (workflow_id);
"""
UNSOUND = (
    "create table workflow (id serial primary key, name text, colour text); create table old (id integer);"
)


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with models, in the directory where commands are typed."""
    name = f"app_{uuid4().hex[:8]}"
    (tmp_path / f"{name}.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    return name


def typed(*words: str) -> Result:
    result = CliRunner().invoke(main, ["review", *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.parametrize("attribute", ["Base", "Workflow", "metadata"])
def test_a_database_as_declared_exits_with_0(reviewed: Reviewed, app: str, attribute: str) -> None:
    with reviewed.schema(SOUND) as schema:
        result = typed(f"{app}:{attribute}", "--url", reviewed.url, "--schema", schema)
    assert (result.exit_code, result.stdout) == (
        0,
        "as the models declare it\n2 tables known to both; 0 missing, 0 different, 0 unused\n",
    )


def test_a_database_that_is_not_exits_with_1_and_says_what_to_run(reviewed: Reviewed, app: str) -> None:
    with reviewed.schema(UNSOUND) as schema:
        result = typed(f"{app}:Base", "--url", reviewed.url, "--schema", schema, "--json")
        told = [json.loads(line) for line in result.stdout.splitlines()]
        assert result.exit_code == 1
        assert {line["kind"]: line["object"].removeprefix(f"{schema}.") for line in told} == {
            "table missing": "subscription",
            "index missing": "subscription.ix_subscription_workflow_id",
            "type differs": "workflow.name",
            "nullability differs": "workflow.name",
            "column unused": "workflow.colour",
            "table unused": "old",
        }
        for line in told:
            reviewed.run(schema, line["remedy"])
        reviewed.run(
            schema, "alter table workflow alter name type varchar(255)"
        )  # which might cut: not ours to say
        assert typed(f"{app}:Base", "--url", reviewed.url, "--schema", schema).exit_code == 0


def test_what_only_the_database_has_leaves_the_exit_code_0(reviewed: Reviewed, app: str) -> None:
    with reviewed.schema(SOUND + "create table forgotten (id integer)") as schema:
        result = typed(f"{app}:Base", "--url", reviewed.url, "--schema", schema)
    assert result.exit_code == 0
    assert "table unused" in result.stdout


@pytest.mark.parametrize(
    ("place", "code", "hint"),
    [
        ("{app}", "MS481", "app.models:Base"),
        ("{app}:Bose", "MS481", "{app}:Base"),
        ("{app}:seven", "MS481", "{app}:Base"),
        ("{app}:nothing", "MS481", "imports all models"),
        ("{app}_gone:Base", "MS481", "from its project's directory"),
    ],
)
def test_models_that_are_not_there_are_told_with_where_they_might_be(
    app: str, place: str, code: str, hint: str
) -> None:
    result = typed(place.format(app=app), "--url", "postgresql://nowhere.invalid/", "--json")
    told = json.loads(result.stderr)
    assert (result.exit_code, told["code"]) == (2, code)
    assert hint.format(app=app) in told["hint"]


def test_an_address_of_another_kind_is_refused(app: str) -> None:
    result = typed(f"{app}:Base", "--url", "mysql://db/app", "--json")
    assert (result.exit_code, json.loads(result.stderr)["code"]) == (2, "MS482")


def test_sqlalchemys_own_form_of_the_address_is_understood(reviewed: Reviewed, app: str) -> None:
    url = reviewed.url.replace("postgresql://", "postgresql+psycopg://")
    with reviewed.schema(SOUND) as schema:
        assert typed(f"{app}:Base", "--url", url, "--schema", schema).exit_code == 0


def test_a_review_reads_no_row_and_holds_no_lock_on_any(reviewed: Reviewed, app: str) -> None:
    """Somebody else's ACCESS EXCLUSIVE lock does not stop it, and a login without rights on the tables can do it."""
    with reviewed.schema(SOUND) as schema, psycopg.connect(reviewed.url) as other:
        other.execute(f'lock table "{schema}".workflow in row exclusive mode')
        login = f"reader_{schema}"
        reviewed.run(schema, f'create role {login} login; grant usage on schema "{schema}" to {login}')
        url = reviewed.url.replace("//postgres@", f"//{login}@", 1)
        try:
            assert typed(f"{app}:Base", "--url", url, "--schema", schema).exit_code == 0
        finally:
            reviewed.run(schema, f"drop owned by {login}; drop role {login}")


REVIEW = Review(
    declared="app.models:Base",
    database="app on db.example",
    known=(Known(Name("public", "workflow"), 1200), Known(Name("public", "alembic_version"), None)),
    findings=(
        Finding(Kind.TABLE_MISSING, Name("public", "subscription"), "", "id, path", "", "CREATE TABLE x ();"),
        Finding(Kind.TYPE_DIFFERS, Name("public", "workflow"), "na`me|*", "varchar(9)", "text"),
        Finding(Kind.TABLE_UNUSED, Name("public", "old")),
    ),
    unseen=(Unseen("public.job", "exclusion constraints are not compared: j"),),
)


def test_the_checklist_says_what_is_there_what_is_not_and_what_nobody_can_tell() -> None:
    text = checklist(REVIEW, at=datetime(2026, 11, 20, tzinfo=UTC))
    for line in (
        "**Date:** 2026-11-20  ",
        "- ⚠️ `workflow` (about 1,200 rows, 1 to put right)",
        "- ✅ `alembic_version` (migration tracking)",
        "- ❌ table missing: `public.subscription`: the code has `id, path`",
        "- ⚠️ type differs: `` public.workflow.na`me|* ``: the code has `varchar(9)`; the database has `text`",
        "- ❌ `public.subscription`",
        "- [ ] All tables exist (1 not)",
        "- [x] All indexes are created",
        "CREATE TABLE x ();",
        "- [ ] type differs: `` public.workflow.na`me|* ``",
    ):
        assert line in text.splitlines()
    assert "**Storage buckets and files**" in text
    assert "exclusion constraints are not compared" in text


def test_a_sound_review_has_nothing_to_do() -> None:
    text = checklist(Review("app:Base", "app", REVIEW.known, (), ()))
    assert "✅ **The database is as the code declares it.**" in text
    assert "Next steps" not in text
    assert text.count("- [ ]") == 1  # what a person must look at


def test_row_level_security_is_claimed_only_where_somebody_asked() -> None:
    assert "- **Row level security**: no tenant column was named" in checklist(REVIEW)
    claimed = checklist(replace(REVIEW, tenant_column="org_id"))
    assert "- [x] Every table with `org_id` has row level security, enabled and forced" in claimed
    assert "no tenant column was named" not in claimed


def test_every_kind_that_counts_stands_in_the_checklist() -> None:
    asked = [kind for kinds in (*CHECKLIST.values(), ROW_SECURITY) for kind in kinds]
    assert sorted(asked) == sorted(kind for kind in Kind if kind.level.value != "unused")


def test_the_checklist_is_written_where_it_is_asked_for(reviewed: Reviewed, app: str, tmp_path: Path) -> None:
    with reviewed.schema(UNSOUND) as schema:
        typed(
            f"{app}:Base",
            "--url",
            reviewed.url,
            "--schema",
            schema,
            "--markdown",
            str(tmp_path / "review.md"),
        )
    assert "❌ table missing" in (tmp_path / "review.md").read_text()


def test_a_place_that_is_none_is_refused_before_anything_is_asked(app: str) -> None:
    result = typed(f"{app}:Base", "--url", "postgresql://nowhere.invalid/", "--markdown", "gone/review.md")
    assert result.exit_code == 2
    assert "there is no directory" in result.stderr

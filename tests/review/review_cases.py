"""For each kind of finding: models, SQL that makes it fire, and SQL that is nearly the same and makes nothing fire."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    CheckConstraint,
    Column,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from mainstem.consolidate.review import Kind


def models(*items: SchemaItem, also: tuple[SchemaItem, ...] | None = None) -> MetaData:
    """A table `job` with a key and these; and a table `org`, with a key and `also`."""
    metadata = MetaData()
    Table("job", metadata, Column("id", Text, primary_key=True), *items)
    if also is not None:
        Table("org", metadata, Column("id", Text, primary_key=True), *also)
    return metadata


JOB = "create table job (id text primary key{});"
ORG = "create table org (id text primary key{});"


@dataclass(frozen=True)
class Case:
    """What fires names `object` (without its schema); `cured`: its remedy leaves nothing to find."""

    models: MetaData
    fires: str
    near: str
    object: str
    cured: bool = True
    tenant_column: str = ""


def job(*parts: str) -> str:
    return JOB.format("".join(f", {part}" for part in parts))


def org(*parts: str) -> str:
    return ORG.format("".join(f", {part}" for part in parts))


def to_org() -> Column[str]:
    return Column("org", Text, ForeignKey("org.id", ondelete="CASCADE"))


def status() -> Column[str]:
    return Column("status", Enum("new", "done", name="job_status"))


def known() -> CheckConstraint:
    return CheckConstraint("status in ('new', 'done')", name="status_is_known")


CASES: dict[Kind, Case] = {
    Kind.TABLE_MISSING: Case(models(Column("n", Integer)), "", job("n integer"), "job"),
    Kind.TABLE_UNUSED: Case(
        models(),
        job() + "create table forgotten (id text)",
        job()
        + "create table alembic_version (version_num varchar(32) primary key); create view seen as select * from job",
        "forgotten",
        cured=False,
    ),
    Kind.COLUMN_MISSING: Case(models(Column("note", Text)), job(), job("note text"), "job.note"),
    Kind.COLUMN_UNUSED: Case(
        models(Column("Note", Text)),
        job('"Note" text', "old text not null default ''"),
        job('"Note" text'),
        "job.old",
        cured=False,
    ),
    Kind.COLUMN_UNFILLED: Case(
        models(Column("note", Text)),
        job("note text", "old text not null"),
        job("note text"),
        "job.old",
        cured=False,
    ),
    Kind.TYPE_DIFFERS: Case(
        models(Column("name", Text)), job("name varchar(80)"), job("name text"), "job.name"
    ),
    Kind.NULLABILITY_DIFFERS: Case(
        models(Column("name", Text, nullable=False)), job("name text"), job("name text not null"), "job.name"
    ),
    Kind.DEFAULT_MISSING: Case(
        models(Column("n", Integer, server_default="0")),
        job("n integer"),
        job("n integer default 0"),
        "job.n",
    ),
    Kind.DEFAULT_DIFFERS: Case(
        models(Column("data", JSONB, server_default="{}")),
        job("data jsonb default '[]'"),
        job("data jsonb default '{ }'::jsonb"),
        "job.data",
    ),
    Kind.DEFAULT_UNUSED: Case(
        models(Column("n", Integer)),
        job("n integer default 7"),
        job("n integer default null"),
        "job.n",
        cured=False,
    ),
    Kind.PRIMARY_KEY_MISSING: Case(
        models(), "create table job (id text not null)", "create table job (id text, primary key (id))", "job"
    ),
    Kind.PRIMARY_KEY_DIFFERS: Case(
        models(Column("part", Text, primary_key=True)),
        "create table job (id text primary key, part text not null)",
        "create table job (part text, id text, primary key (part, id))",
        "job",
        cured=False,
    ),
    Kind.FOREIGN_KEY_MISSING: Case(
        models(to_org(), also=()),
        org() + job("org text"),
        org() + job("org text references org on delete cascade"),
        "job.(org)",
    ),
    Kind.FOREIGN_KEY_DIFFERS: Case(
        models(to_org(), also=()),
        org() + job("org text references org on delete set null"),
        org() + job("org text", "constraint named foreign key (org) references org (id) on delete cascade"),
        "job.(org)",
    ),
    Kind.FOREIGN_KEY_UNUSED: Case(
        models(Column("org", Text), also=()),
        org() + job("org text references org"),
        org() + job("org text"),
        "job.(org)",
        cured=False,
    ),
    Kind.UNIQUE_MISSING: Case(
        models(Column("a", Text), Column("b", Text), UniqueConstraint("a", "b")),
        job("a text", "b text") + "create unique index on job (b, a) where a > ''",
        job("a text", "b text") + "create unique index on job (b, a)",
        "job.(a, b)",
    ),
    Kind.UNIQUE_DIFFERS: Case(
        models(Column("a", Text), UniqueConstraint("a", postgresql_nulls_not_distinct=True)),
        job("a text unique"),
        job("a text", "unique nulls not distinct (a)"),
        "job.(a)",
    ),
    Kind.UNIQUE_UNUSED: Case(
        models(Column("a", Text, unique=True, index=True)),
        job("a text unique", "unique (a, id)"),
        job("a text", "constraint another_name unique (a)"),
        "job.(a, id)",
        cured=False,
    ),
    Kind.CHECK_MISSING: Case(
        models(Column("n", Integer), CheckConstraint("n between 1 and 9")),
        job("n integer"),
        job("n integer check (n >= 1 and n <= 9)"),
        "job.n between 1 and 9",
    ),
    Kind.CHECK_DIFFERS: Case(
        models(Column("status", String(20)), known()),
        job("status varchar(20)", "constraint status_is_known check (status in ('new', 'gone'))"),
        job("status varchar(20)", "constraint else_named check (status = any (array['new', 'done']))"),
        "job.status_is_known",
    ),
    Kind.CHECK_UNUSED: Case(
        models(Column("n", Integer), CheckConstraint("n > 0", name="positive")),
        job("n integer check (n > 0)", "constraint small check (n < 100)"),
        job("n integer", "constraint positive check (((n)) > 0)"),
        "job.small",
        cured=False,
    ),
    Kind.INDEX_MISSING: Case(
        models(Column("a", Text), Index("by_a", func.lower(text("a")))),
        job("a text"),
        job("a text") + "create index named_by_somebody on job (lower(a))",
        "job.by_a",
    ),
    Kind.INDEX_DIFFERS: Case(
        models(
            Column("a", Text),
            Column("n", Integer),
            Index("by_a", "a", text("n desc"), postgresql_where=text("n > 0")),
        ),
        job("a text", "n integer") + "create index by_a on job (a, n) where n > 0",
        job("a text", "n integer") + "create index by_a on job (a, n desc) where (n) > (0)",
        "job.by_a",
        cured=False,
    ),
    Kind.INDEX_UNUSED: Case(
        models(Column("a", Text), Index("by_a", "a")),
        job("a text") + "create index by_a on job (a); create index by_a_too on job (a, id)",
        job("a text") + "create index elsewhere_named on job using btree (a asc nulls last)",
        "job.by_a_too",
        cured=False,
    ),
    Kind.ENUM_MISSING: Case(
        models(status()),
        job(),
        "create type job_status as enum ('new', 'done');" + job("status job_status"),
        "job_status",
    ),
    Kind.ENUM_DIFFERS: Case(
        models(status()),
        "create type job_status as enum ('new');" + job("status job_status"),
        "create type job_status as enum ('done', 'new');" + job("status job_status"),
        "job_status",
    ),
    Kind.ROW_SECURITY_MISSING: Case(
        models(Column("org", Text)),
        job("org text") + "alter table job force row level security",
        job("org text")
        + "alter table job enable row level security; alter table job force row level security",
        "job",
        tenant_column="org",
    ),
    Kind.ROW_SECURITY_UNFORCED: Case(
        models(Column("org", Text)),
        job("org text") + "alter table job enable row level security",
        job("org text")
        + "alter table job enable row level security; alter table job force row level security",
        "job",
        tenant_column="org",
    ),
}
"""One for each kind, or a test fails."""

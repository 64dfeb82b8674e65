"""What reviews of real databases meet: views, partitions, quoted names, other schemas, half-made constraints."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.sql import SQL
from review_cases import models
from review_databases import Reviewed
from sqlalchemy.dialects import postgresql as pg

from conditions import ON_ONE_SERVER
from mainstem.consolidate.review import Kind, review
from mainstem.consolidate.review.postgres import reading
from mainstem.errors import NotReviewable

pytest_plugins = ["one_review_database"]


def test_a_constraint_that_was_never_validated_differs_and_is_validated(reviewed: Reviewed) -> None:
    asked = models(
        sa.Column("org", sa.Text, sa.ForeignKey("org.id")),
        sa.CheckConstraint("org <> ''", name="named"),
        also=(),
    )
    ddl = """create table org (id text primary key); create table job (id text primary key, org text);
      alter table job add constraint owned foreign key (org) references org not valid;
      alter table job add constraint named check (org <> '') not valid"""
    with reviewed.schema(ddl) as schema:
        findings = reviewed.review(asked, schema).findings
        assert {finding.kind for finding in findings} == {Kind.FOREIGN_KEY_DIFFERS, Kind.CHECK_DIFFERS}
        for finding in findings:
            assert "VALIDATE CONSTRAINT" in finding.remedy
            reviewed.run(schema, finding.remedy)
        assert reviewed.review(asked, schema).findings == ()


@pytest.mark.parametrize(("unique", "kind"), [("", Kind.INDEX_DIFFERS), ("unique", Kind.UNIQUE_DIFFERS)])
def test_an_invalid_index_is_rebuilt(reviewed: Reviewed, unique: str, kind: Kind) -> None:
    asked = models(sa.Column("a", sa.Text), sa.Index("by_a", "a", unique=bool(unique)))
    with reviewed.schema(
        f"create table job (id text primary key, a text); create {unique} index by_a on job (a)"
    ) as schema:
        reviewed.run(
            schema, f"update pg_index set indisvalid = false where indexrelid = '{schema}.by_a'::regclass"
        )
        [finding] = reviewed.review(asked, schema).findings
        assert (finding.kind, finding.found) == (kind, "(a) invalid")
        reviewed.run(schema, finding.remedy)
        assert reviewed.review(asked, schema).findings == ()


def test_a_foreign_key_elsewhere_or_deferred_differs(reviewed: Reviewed) -> None:
    asked = models(
        sa.Column("org", sa.Text, sa.ForeignKey("org.id", deferrable=True, initially="DEFERRED")), also=()
    )
    org = "create table org (id text primary key); create table other (id text primary key);"
    job = "create table job (id text primary key, org text references {})"
    assert (
        reviewed.findings(
            asked,
            org.split("create table other", maxsplit=1)[0] + job.format("org deferrable initially deferred"),
        )
        == ()
    )
    for target in (
        "org",
        "other deferrable initially deferred",
        "org on update cascade deferrable initially deferred",
    ):
        found = reviewed.findings(asked, org + job.format(target))
        assert [f.object.rpartition(".")[2] for f in found if f.kind is Kind.FOREIGN_KEY_DIFFERS] == ["(org)"]


def test_a_model_of_a_view_is_held_against_its_columns_only(reviewed: Reviewed) -> None:
    metadata = models(sa.Column("n", sa.Integer, nullable=False, server_default="1"))
    seen = sa.Table(
        "seen",
        metadata,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("gone", sa.Text),
    )
    assert seen.primary_key
    ddl = "create table job (id text primary key, n integer not null default 1); create {} view seen as select id, n::text from job"
    for kind in ("", "materialized"):
        found = reviewed.findings(metadata, ddl.format(kind))
        assert [(finding.kind, finding.part, finding.remedy) for finding in found] == [
            (Kind.TYPE_DIFFERS, "n", ""),
            (Kind.COLUMN_MISSING, "gone", ""),
        ]


def test_partitions_and_what_extensions_brought_are_nobodys_unused_tables(reviewed: Reviewed) -> None:
    metadata = sa.MetaData()
    sa.Table(
        "job",
        metadata,
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("org", sa.Text, sa.ForeignKey("org.id")),
        sa.Index("by_org", "org"),
        postgresql_partition_by="RANGE (id)",
    )
    sa.Table("org", metadata, sa.Column("id", sa.Text, primary_key=True))
    sa.Table("note", metadata, sa.Column("job", sa.BigInteger, sa.ForeignKey("job.id"), primary_key=True))
    ddl = """create table org (id text primary key);
      create table job (id bigint primary key, org text references org) partition by range (id);
      create index by_org on job (org);
      create table job_1 partition of job for values from (1) to (9);
      create table note (job bigint primary key references job);
      insert into org values ('a'); insert into job values (1, 'a'), (2, 'a'); analyze job"""
    with reviewed.schema(ddl) as schema:
        found = reviewed.review(metadata, schema)
    assert found.findings == ()
    assert {known.table.name: known.rows for known in found.known} == {"job": 2, "note": 0, "org": 1}


def test_names_that_must_be_quoted_are(reviewed: Reviewed) -> None:
    metadata = sa.MetaData()
    sa.Table(
        "Order",
        metadata,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("Group", sa.Text, nullable=False),
        sa.Column('odd " name', sa.Integer, sa.CheckConstraint('"odd "" name" > 0', name="it's")),
        sa.Index("By Group", "Group"),
    )
    with reviewed.schema('create table "Order" (id text primary key, "Group" text)') as schema:
        for finding in reviewed.review(metadata, schema).findings:
            assert finding.remedy
            reviewed.run(schema, finding.remedy)
        assert reviewed.review(metadata, schema).findings == ()


def test_models_of_several_schemas_keep_them(reviewed: Reviewed) -> None:
    with reviewed.schema("create table org (id text primary key)") as first:
        ddl = f"create table job (id text primary key, org text references {first}.org)"
        with reviewed.schema(ddl) as second:
            metadata = sa.MetaData()
            sa.Table("org", metadata, sa.Column("id", sa.Text, primary_key=True))
            sa.Table(
                "job",
                metadata,
                sa.Column("id", sa.Text, primary_key=True),
                sa.Column("org", sa.Text, sa.ForeignKey("org.id")),
                schema=second,
            )
            assert reviewed.review(metadata, first).findings == ()


def test_tables_that_need_each_other_are_all_found_missing(reviewed: Reviewed) -> None:
    metadata = sa.MetaData()
    for name, other in (("a", "b"), ("b", "a")):
        sa.Table(
            name,
            metadata,
            sa.Column("id", sa.Text, primary_key=True),
            sa.Column("to", sa.ForeignKey(f"{other}.id")),
        )
    with reviewed.schema("") as schema:
        found = reviewed.review(metadata, schema).findings
    assert [(finding.kind, finding.table.name) for finding in found] == [
        (Kind.TABLE_MISSING, "a"),
        (Kind.TABLE_MISSING, "b"),
    ]


def test_a_key_to_a_table_that_the_models_do_not_have_is_compared(reviewed: Reviewed) -> None:
    """Another part of the application declares it."""
    metadata = sa.MetaData()
    with reviewed.schema("create table org (id text primary key)") as first:
        metadata = models(sa.Column("org", sa.Text, sa.ForeignKey(f"{first}.org.id")))
        found = {}
        for target in (f"{first}.org", "self"):
            ddl = f"create table self (id text primary key); create table job (id text primary key, org text references {target})"
            with reviewed.schema(ddl) as schema:
                found[target] = {finding.kind for finding in reviewed.review(metadata, schema).findings}
    assert found == {
        f"{first}.org": {Kind.TABLE_UNUSED},
        "self": {Kind.TABLE_UNUSED, Kind.FOREIGN_KEY_DIFFERS},
    }


@ON_ONE_SERVER  # the embedded one brings an extension with a type
def test_an_extensions_type_is_found_wherever_the_extension_lies(reviewed: Reviewed) -> None:
    with psycopg.connect(reviewed.url, autocommit=True) as conn:
        conn.execute("create schema extras; create extension vector schema extras")

    class Vector(sa.types.UserDefinedType[object]):
        cache_ok = True

        def get_col_spec(self, **_: object) -> str:
            return "VECTOR(3)"

    asked = models(
        sa.Column("v", Vector(), server_default=sa.text("'[1,2,3]'::vector")),
        sa.Index("near", "v", postgresql_using="hnsw", postgresql_ops={"v": "vector_cosine_ops"}),
    )
    ddl = "create table job (id text primary key, v extras.vector({0}) default '[1, 2, 3]'); create index on job using hnsw (v extras.vector_cosine_ops)"
    assert reviewed.findings(asked, ddl.format(3)) == ()
    [finding] = reviewed.findings(asked, ddl.format(4))
    assert finding.kind is Kind.TYPE_DIFFERS


def test_what_the_server_cannot_plan_is_named_and_not_called_a_difference(reviewed: Reviewed) -> None:
    asked = models(
        sa.Column("n", sa.Integer, server_default=sa.text("no_such_function()")),
        sa.CheckConstraint("no_such_column > 0", name="odd"),
        sa.Index("by_n", sa.text("no_such(n)")),
        pg.ExcludeConstraint((sa.text("n"), "="), name="apart"),
    )
    ddl = """create table job (id text primary key, n integer default 1, constraint odd check (n > 0));
      create index by_n on job (abs(n))"""
    with reviewed.schema(ddl) as schema:
        found = reviewed.review(asked, schema)
    assert found.findings == ()
    told = {one.object.removeprefix(f"{schema}."): one.why for one in found.unseen}
    assert told.keys() == {"job.n", "job.odd", "job.by_n", "job"}
    assert "no_such_function() does not exist" in told["job.n"]
    assert "apart" in told["job"]


def test_no_text_of_a_model_runs_as_a_statement(reviewed: Reviewed) -> None:
    """It is somebody's own code, and a slip of it must not reach further than a look."""
    escape = "true); set default_transaction_read_only = off; drop table job; --"
    asked = models(sa.CheckConstraint(escape, name="odd"))
    with reviewed.schema("create table job (id text primary key, constraint odd check (id <> ''))") as schema:
        reviewed.review(asked, schema)
        assert reviewed.review(asked, schema).known != ()


def test_the_session_of_a_review_cannot_write(reviewed: Reviewed) -> None:
    with reading(reviewed.url, ["public"]) as conn:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            conn.execute("create table written (id integer)")
        for setting, value in (("row_security", "off"), ("TimeZone", "UTC"), ("statement_timeout", "30s")):
            assert conn.execute(SQL("show {}").format(SQL(setting))).fetchone() == (value,)


def test_a_pooler_that_keeps_no_settings_is_refused(reviewed: Reviewed) -> None:
    with pytest.raises(NotReviewable, match="pooler"):
        review(models(), f"{reviewed.url}&pooler=transaction")


def test_the_models_themselves_are_left_as_they_were(reviewed: Reviewed) -> None:
    asked = models(sa.Column("n", sa.Integer, index=True), sa.CheckConstraint("n > 0", name="positive"))
    before = [str(sa.schema.CreateTable(table)) for table in asked.tables.values()]
    reviewed.findings(asked, "create table job (id text primary key)")
    assert [str(sa.schema.CreateTable(table)) for table in asked.tables.values()] == before
    assert review(asked, reviewed.url).findings

"""Our own models against our own catalog, and in use."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.pool import NullPool

from conftest import Database, Tenant
from mainstem.cli.main import main
from mainstem.consolidate.review import Finding, Kind, review
from mainstem.model import DEFAULT_ORG
from mainstem.orm import Change, Ledger, Run, Step

INTERNAL = {
    "user_workflow_leaf": "partitions, as maintenance keeps them: `mainstem db partitions` shows them",
    "schema_info": "what the start-up guard compares; `mainstem db check` tells it",
    "alembic_version": "Alembic's own",
}
"""Tables without a model."""


def differences(database: Database) -> list[Finding]:
    reviewed = review(Ledger.metadata, database.url, schema="mainstem", tenant_column="org_id")
    return [
        finding
        for finding in reviewed.findings
        if not (finding.kind is Kind.TABLE_UNUSED and finding.table.name in INTERNAL)
    ]


def test_the_models_are_what_is_installed(database: Database) -> None:
    assert differences(database) == []


def test_a_difference_of_any_kind_between_models_and_catalog_is_seen(database: Database) -> None:
    """The test above is no better than what it can see."""
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute("set search_path = mainstem")
        for change in (
            "alter table user_workflow_run add column colour text",
            "alter table user_workflow_run alter is_test drop default",
            "alter table user_workflow_run_step alter retry_count set default 1",
            "alter table user_workflow_run_step drop constraint failed_steps_say_why",
            "alter table app_user alter email type varchar(99)",
            "alter table user_workflow_event alter event_data drop not null",
            "alter table user_workflow_node rename column label to title",
            "alter table user_workflow_transition drop constraint user_workflow_transition_org_id_to_node_fkey",
            "drop index queue_ready",
            "alter table user_workflow_signal no force row level security",
            "create table user_workflow_stray (org_id uuid)",
            "drop table user_workflow_template",
        ):
            conn.execute(change)
    assert {
        (finding.kind, finding.object.removeprefix("mainstem.")) for finding in differences(database)
    } == {
        (Kind.COLUMN_UNUSED, "user_workflow_run.colour"),
        (Kind.DEFAULT_MISSING, "user_workflow_run.is_test"),
        (Kind.DEFAULT_DIFFERS, "user_workflow_run_step.retry_count"),
        (Kind.CHECK_MISSING, "user_workflow_run_step.failed_steps_say_why"),
        (Kind.TYPE_DIFFERS, "app_user.email"),
        (Kind.NULLABILITY_DIFFERS, "user_workflow_event.event_data"),
        (Kind.COLUMN_MISSING, "user_workflow_node.label"),
        (Kind.COLUMN_UNFILLED, "user_workflow_node.title"),
        (Kind.FOREIGN_KEY_MISSING, "user_workflow_transition.(org_id, to_node)"),
        (Kind.INDEX_MISSING, "user_workflow_run_queue.queue_ready"),
        (Kind.ROW_SECURITY_UNFORCED, "user_workflow_signal"),
        (Kind.ROW_SECURITY_MISSING, "user_workflow_stray"),
        (Kind.ROW_SECURITY_UNFORCED, "user_workflow_stray"),
        (Kind.TABLE_UNUSED, "user_workflow_stray"),
        (Kind.TABLE_MISSING, "user_workflow_template"),
    }


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """As a tenant, over the driver that mainstem has."""
    engine = create_engine(database.url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    with Session(engine) as opened:
        opened.execute(text("set role mainstem_app"))
        opened.execute(
            text("select set_config('app.current_org_id', :org, false)"), {"org": str(DEFAULT_ORG)}
        )
        yield opened


def test_a_run_is_read_with_its_steps_its_workflow_and_what_is_still_open(
    session: Session, tenant: Tenant
) -> None:
    run_id = session.scalar(
        text("select mainstem.start_workflow_execution(:workflow, 'web', 'order 7', null, null)"),
        {"workflow": tenant.workflow_id},
    )
    for number in (1, 2):
        session.execute(
            text("select mainstem.start_workflow_step(:run, :node, :number)"),
            {"run": run_id, "node": tenant.node_id, "number": number},
        )
    session.execute(
        text("select mainstem.set_workflow_context(:run, 'colour', '\"green\"')"), {"run": run_id}
    )
    run = session.scalars(
        select(Run)
        .where(Run.run_id == run_id, Run.status == "running", Run.channel.in_(["web", "voice"]))
        .options(selectinload(Run.steps).selectinload(Step.node), selectinload(Run.open_context))
    ).one()
    assert (run.external_id, run.workflow.name, run.metadata_) == ("order 7", "intake", {})
    assert [(step.step_number, step.node and step.node.label, step.run) for step in run.steps] == [
        (1, "Read", run),
        (2, "Read", run),
    ]
    assert [(value.key, value.value) for value in run.open_context] == [("colour", "green")]
    assert [node.label for node in run.workflow.nodes] == ["Read"]


def test_the_change_log_is_read_by_transaction(session: Session, tenant: Tenant) -> None:
    before = session.scalar(text("select pg_current_xact_id()::text::bigint"))
    run_id = session.scalar(
        text("select mainstem.start_workflow_execution(:workflow, 'web', null, null, null)"),
        {"workflow": tenant.workflow_id},
    )
    session.commit()
    session.execute(text("select set_config('app.current_org_id', :org, false)"), {"org": str(DEFAULT_ORG)})
    session.execute(text("set role mainstem_app"))
    [change] = session.scalars(select(Change).where(Change.xid >= before)).all()
    assert (change.run_ids, change.step_numbers, isinstance(change.xid, int)) == ([run_id], [0], True)


def test_no_relationship_writes() -> None:
    """A flush must not touch what only functions write."""
    writing = [
        str(relationship)
        for mapper in Ledger.registry.mappers
        for relationship in mapper.relationships
        if not relationship.viewonly
    ]
    assert writing == []


def test_every_column_is_mapped_under_its_name() -> None:
    """`metadata` alone is SQLAlchemy's own word."""
    renamed = {
        (attribute.key, column.name)
        for mapper in Ledger.registry.mappers
        for attribute in mapper.column_attrs
        for column in attribute.columns
        if attribute.key != column.name
    }
    assert renamed == {("metadata_", "metadata")}


def test_the_command_in_the_documentation_says_what_the_page_says(database: Database) -> None:
    words = [
        "review",
        "mainstem.orm:Ledger",
        "--url",
        database.url,
        "--schema",
        "mainstem",
        "--tenant-column",
        "org_id",
    ]
    result = CliRunner().invoke(main, [*words, "--json"])
    assert result.exit_code == 0
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert {(line["kind"], line["object"]) for line in told} == {
        ("table unused", f"mainstem.{name}") for name in INTERNAL if name != "alembic_version"
    }

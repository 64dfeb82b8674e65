"""Our own models against our own catalog, and in use."""

from __future__ import annotations

from conftest import Database
from mainstem.consolidate.review import Finding, Kind, review
from mainstem.orm import Ledger

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

"""Models of SQLModel are SQLAlchemy's metadata, and are reviewed as such."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from review_databases import Reviewed
from sqlmodel import Field, SQLModel

from mainstem.consolidate.review import Kind

pytest_plugins = ["one_review_database"]


class Claim(SQLModel, table=True):
    claim_id: UUID = Field(default_factory=uuid4, primary_key=True)
    number: str = Field(max_length=20, unique=True)
    amount: int | None = None
    filed_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    handler: str = Field(index=True)


SAME = """
create table claim (claim_id uuid primary key, number varchar(20) not null unique, amount integer,
  filed_at timestamptz not null, handler varchar not null);
create index ix_claim_handler on claim (handler);
"""


def test_models_that_fit_have_no_findings(reviewed: Reviewed) -> None:
    assert reviewed.findings(SQLModel.metadata, SAME) == ()


def test_what_the_database_lacks_or_has_otherwise_is_found(reviewed: Reviewed) -> None:
    other = SAME.replace("amount integer", "amount bigint").replace("filed_at timestamptz not null,", "")
    found = reviewed.findings(SQLModel.metadata, other)
    assert {(finding.kind, finding.part) for finding in found} == {
        (Kind.TYPE_DIFFERS, "amount"),
        (Kind.COLUMN_MISSING, "filed_at"),
    }

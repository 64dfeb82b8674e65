"""A database for many reviews: each in a schema of its own, made from SQL as somebody typed it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import MetaData

from mainstem.consolidate.review import Finding, Review, review


class Reviewed:
    """Reviews of models against SQL."""

    def __init__(self, url: str) -> None:
        self.url = url

    @contextmanager
    def schema(self, ddl: str) -> Iterator[str]:
        """The name of a schema in which this SQL has been run."""
        name = f"s_{token_hex(4)}"
        self.run(name, "", create=True)
        self.run(name, ddl)
        yield name

    def run(self, schema: str, sql: str, *, create: bool = False) -> None:
        with psycopg.connect(self.url, autocommit=True) as conn:
            if create:
                conn.execute(SQL("create schema {}").format(Identifier(schema)))
            conn.execute(SQL("set search_path = {}").format(Identifier(schema)))
            if sql:
                conn.execute(sql)

    def review(self, models: MetaData, schema: str, *, tenant_column: str = "") -> Review:
        return review(models, self.url, schema=schema, tenant_column=tenant_column)

    def findings(self, models: MetaData, ddl: str, *, tenant_column: str = "") -> tuple[Finding, ...]:
        with self.schema(ddl) as schema:
            reviewed = self.review(models, schema, tenant_column=tenant_column)
        assert reviewed.unseen == ()
        return reviewed.findings

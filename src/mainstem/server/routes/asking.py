"""What the routes of runs take: the database, a filter, a page."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from mainstem.ledger.search import Query as Filter
from mainstem.ledger.search import parsed
from mainstem.server.access import database_of
from mainstem.server.database import Database

Asked = Annotated[Database, Depends(database_of)]
PageSize = Annotated[int, Query(ge=1, le=200, description="How many the page holds at most.")]
PageToken = Annotated[
    str | None,
    Query(max_length=1000, description="The `next` of the page before, of the same filter and sort."),
]
Sort = Annotated[
    str,
    Query(
        description="created, started, ended or duration; with a minus the last first.", examples=["-created"]
    ),
]

SEARCHED = 0.6
"""Of a request's budget: what is left is for the page itself."""


def filter_of(
    q: Annotated[
        str,
        Query(description="A filter; see GET /filters.", examples=["status:failed,timeout started:>-24h"]),
    ] = "",
) -> Filter:
    """Raises FilterUnreadable."""
    return parsed(q)


Found = Annotated[Filter, Depends(filter_of)]


def seconds_of(database: Asked) -> float:
    """How long a search looks for what is rare."""
    return database.config.budget * SEARCHED


Seconds = Annotated[float, Depends(seconds_of)]

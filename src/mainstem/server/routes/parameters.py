"""Parameters that several routes take."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query

from mainstem.ledger.analytics import Which
from mainstem.ledger.windows import LONGEST, Window
from mainstem.server.access import database_of
from mainstem.server.database import Database

Asked = Annotated[Database, Depends(database_of)]
PageSize = Annotated[int, Query(ge=1, le=200, description="How many the page holds at most.")]
PageToken = Annotated[str | None, Query(description="The `next` of the page before, under the same filter.")]
IfMatch = Annotated[str | None, Header(description="The ETag that reading it gave; required.")]

Days = Annotated[
    int, Query(ge=1, le=LONGEST, description="The window begins so many days ago.", examples=[7])
]
Since = Annotated[datetime | None, Query(description="The window begins then, instead of `days` ago.")]
Before = Annotated[datetime | None, Query(description="The window ends then; now without it.")]


def window_of(days: Days = 30, since: Since = None, before: Before = None) -> Window:
    return Window(days, since, before)


InWindow = Annotated[Window, Depends(window_of)]


def which_of(window: InWindow, workflow_id: UUID | None = None, channel: str | None = None) -> Which:
    return Which(window=window, workflow_id=workflow_id, channel=channel)


WhichRuns = Annotated[Which, Depends(which_of)]

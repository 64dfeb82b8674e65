"""Examinations for a server: the doctor's findings, as its login itself sees them, within a budget of time."""

from __future__ import annotations

from psycopg import errors

from mainstem.errors import QueryBudgetExceeded
from mainstem.ledger.call import translated_errors
from mainstem.ledger.doctor import Finding, examine
from mainstem.postgres import connect


def examine_within(url: str, *, seconds: float, embedded: bool = False) -> list[Finding]:
    """As `examine`. Raises QueryBudgetExceeded when one look takes longer, RightsMissing for a login that sees one tenant."""
    try:
        with translated_errors(), connect(url, role=None, application_name="mainstem server doctor") as conn:
            conn.execute("select set_config('statement_timeout', %s, false)", [str(int(seconds * 1000))])
            return examine(conn, embedded=embedded)
    except errors.QueryCanceled as ended:
        raise QueryBudgetExceeded(
            f"an examination took longer than {seconds:g} s",
            hint="run `mainstem db doctor`, which takes its time",
        ) from ended

"""The fixed list of what old names cannot do as views: each does what the list says, and is found in old code."""

from __future__ import annotations

import psycopg
import pytest

from consolidations import copied_life, old_code
from mainstem.consolidate.life.limits import LIMITS, Limit, find_limits

VALUES = (
    "(context_id, trace_id, key, value) select context_id, trace_id, key, value from workflow_trace_context"
)
ELEMENTS = ("workflow_events", "workflow_trace_screenshot")


def written(limit: Limit) -> str:
    return (
        limit.example.replace("{table}", "workflow_trace_context")
        .replace("{values}", VALUES)
        .replace("{key}", "context_id")
        .replace("{column}", "value")
    )


def answer(conn: psycopg.Connection, text: str) -> str | None:
    """The SQLSTATE, or None when it went through."""
    try:
        with conn.transaction(force_rollback=True):
            if text.startswith("copy"):
                with conn.cursor() as cursor, cursor.copy(text.encode()) as rows:
                    list(rows)
            else:
                conn.execute(text.encode())
    except psycopg.Error as error:
        return error.sqlstate
    return None


def test_each_limit_worked_before_and_does_what_the_list_says_afterwards(server_url: str) -> None:
    with copied_life(server_url) as life, old_code(life.url) as conn:
        before = {limit.name: answer(conn, written(limit)) for limit in LIMITS}
        assert {name: state for name, state in before.items() if state} == {"truncate": "MS403"}
        life.verify()
        life.cut_over()
        after = {limit.name: answer(conn, written(limit)) for limit in LIMITS}
        assert after == {limit.name: limit.sqlstate for limit in LIMITS}
        assert conn.execute("select pg_get_serial_sequence('workflow_trace', 'trace_id')").fetchall() == [
            (None,)
        ]


def test_rows_of_runs_and_steps_are_locked_through_their_old_names(server_url: str) -> None:
    with copied_life(server_url) as life:
        life.verify()
        life.cut_over()
        for table, key, one in (("workflow_trace", "trace_id", 1001), ("workflow_steps", "step_id", 2001)):
            text = f"select {key} from {table} where {key} = {one} for update skip locked".encode()
            with old_code(life.url) as first, old_code(life.url) as second, first.transaction():
                assert first.execute(text).fetchall() == [(one,)]
                with second.transaction():
                    assert second.execute(text).fetchall() == [], table


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_each_limit_is_found_in_old_code_with_its_line(limit: Limit) -> None:
    tables = ["workflow_trace", "workflow_trace_context"]
    text = "select 1;\n" + (
        written(limit) if limit.name != "reflection" else "Table('x', metadata, autoload_with=engine)"
    )
    found = find_limits(text, tables, place="old.sql", elements=["workflow_trace_context"])
    assert [(one.limit.name, one.line) for one in found if one.limit is limit][:1] == [(limit.name, 2)]
    if limit.name != "reflection":
        assert {one.table for one in found} == {"workflow_trace_context"}


def test_what_old_names_can_do_is_not_found() -> None:
    can = """
    insert into workflow_events (trace_id) values (1) returning event_id;
    insert into other (id) values (1) on conflict (id) do nothing;
    update workflow_trace set status = 'active' where trace_id = 1;
    select * from workflow_trace where trace_id = 1 for update skip locked;
    truncate workflow_events_archive;
    """
    assert find_limits(can, ["workflow_trace", "workflow_events"], elements=ELEMENTS) == []

"""Ids in Python and in SQL: twins, tested against each other in both directions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import RFC_4122, UUID

import psycopg
import pytest
from callers import Caller
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import Database, Tenant
from mainstem.ids import MAX_STEP_NUMBER, new_run_id, run_of, step_id, step_number_of, time_of
from mainstem.ledger.runs import Filter, list_runs

MILLISECOND = timedelta(milliseconds=1)
LAST_TIME = datetime(9999, 12, 31, 23, 59, 59, 998_000, tzinfo=UTC)
times = st.datetimes(datetime(1970, 1, 1), LAST_TIME.replace(tzinfo=None), timezones=st.just(UTC))  # noqa: DTZ001
numbers = st.integers(1, MAX_STEP_NUMBER) | st.sampled_from([1, 255, 256, 65_535, 65_536, MAX_STEP_NUMBER])
quick = settings(max_examples=25, deadline=None)


def answers(database: Database, query: str) -> Callable[..., list[dict[str, Any]]]:
    conn = database.connect()
    return lambda *lists: conn.execute(query, lists).fetchall()


def test_sql_and_python_make_and_read_step_ids_alike(database: Database) -> None:
    ask = answers(
        database,
        "select mainstem.step_id(any_id, number) as step_id, mainstem.run_of(any_id) as run_of,"
        " mainstem.step_number_of(any_id) as step_number_of,"
        " mainstem.run_of(mainstem.step_id(any_id, number)) as run_again,"
        " mainstem.step_number_of(mainstem.step_id(any_id, number)) as number_again"
        " from unnest(%s::uuid[], %s::integer[]) with ordinality t (any_id, number, place) order by place",
    )

    @quick
    @given(st.lists(st.tuples(st.uuids(), numbers), min_size=1, max_size=40))
    def agree(pairs: list[tuple[UUID, int]]) -> None:
        for (any_id, number), said in zip(
            pairs, ask([p[0] for p in pairs], [p[1] for p in pairs]), strict=True
        ):
            made = step_id(run_of(any_id), number)
            assert said["step_id"] == made
            assert said["run_of"] == said["run_again"] == run_of(any_id) == run_of(made)
            assert said["step_number_of"] == step_number_of(any_id)
            assert said["number_again"] == step_number_of(made) == number

    agree()


def test_ids_of_either_make_carry_their_time_and_leave_room_for_steps(database: Database) -> None:
    ask = answers(
        database,
        "select mainstem.new_run_id(at) as made, mainstem.first_id_at(at) as bound,"
        " mainstem.first_id_at(at + interval '1 millisecond') as next_bound"
        " from unnest(%s::timestamptz[]) with ordinality t (at, place) order by place",
    )

    @quick
    @given(st.lists(times, min_size=1, max_size=40))
    def agree(moments: list[datetime]) -> None:
        for at, said in zip(moments, ask(moments), strict=True):
            for made in (said["made"], new_run_id(at)):
                assert (made.version, made.variant) == (7, RFC_4122)
                assert step_number_of(made) == 0
                assert time_of(made) <= at < time_of(made) + MILLISECOND
                assert said["bound"].int <= made.int < said["next_bound"].int

    agree()


def test_every_new_id_is_another(database: Database) -> None:
    at = datetime(2031, 5, 6, tzinfo=UTC)
    from_sql = database.rows("select mainstem.new_run_id(%s) as id from generate_series(1, 5000)", at)
    assert len({row["id"] for row in from_sql} | {new_run_id(at) for _ in range(5000)}) == 10_000


@pytest.mark.parametrize("number", [0, -1, MAX_STEP_NUMBER + 1])
def test_python_refuses_a_number_that_is_no_steps(number: int) -> None:
    with pytest.raises(ValueError, match="1 to 16777215"):
        step_id(new_run_id(), number)


@pytest.mark.parametrize(
    "at", [datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)]
)
def test_python_refuses_a_time_before_ids_begin(at: datetime) -> None:
    with pytest.raises(ValueError, match="1970"):
        new_run_id(at)


def test_bounds_of_times_outside_of_what_ids_hold_are_the_first_and_the_last_id(database: Database) -> None:
    first, last = UUID(int=0), UUID(int=((1 << 48) - 1) << 80)
    for at, bound in (
        ("-infinity", first),
        ("1969-12-31", first),
        ("infinity", last),
        ("294276-12-31", last),
    ):
        assert database.value("select mainstem.first_id_at(%s::timestamptz)", at) == bound, at


def test_a_list_since_before_1970_shows_every_run(database: Database, tenant: Tenant) -> None:
    run_id = Caller.at(database, tenant).start_run()
    since = Filter(since=datetime(1950, 1, 1, tzinfo=UTC))
    assert [run.run_id for run in database.perform(list_runs(since)).runs] == [run_id]


def test_step_numbers_at_both_ends_are_stored_and_those_beyond_refused(
    database: Database, tenant: Tenant
) -> None:
    caller = Caller.at(database, tenant)
    run_id = caller.start_run()
    for number in (1, MAX_STEP_NUMBER):
        assert caller.start_step(run_id, number) == step_id(run_id, number)
    beyond: list[int | None] = [0, -1, MAX_STEP_NUMBER + 1, None]
    for refused in beyond:
        assert caller.refusal("start_workflow_step", run_id, tenant.node_id, refused) == "MS010"


def test_no_two_step_numbers_share_an_id_though_the_function_alone_would_let_them(
    database: Database, tenant: Tenant
) -> None:
    """The id keeps 24 bits of the number: without the CHECK on the number, 1 and 16,777,217 would be one step."""
    caller = Caller.at(database, tenant)
    run_id = caller.start_run()
    caller.start_step(run_id, 1)
    assert caller.call("step_id", run_id, MAX_STEP_NUMBER + 2) == step_id(run_id, 1)
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        database.rows(
            "insert into mainstem.user_workflow_run_step (step_id, run_id, step_number, org_id, node_key)"
            " select mainstem.step_id(run_id, 16777217), run_id, 16777217, org_id, 'again'"
            " from mainstem.user_workflow_run where run_id = %s",
            run_id,
        )
    assert refused.value.diag.constraint_name == "step_numbers_fit_in_three_bytes"

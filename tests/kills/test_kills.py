"""Kills with a witness: nothing that was acknowledged is lost, nothing is recorded twice."""

from __future__ import annotations

from uuid import uuid4

from thirty import IN_FLIGHT, disagreements, weather

from witness import Told

KILLS = 30


async def test_what_was_acknowledged_survives_thirty_kills_of_workers_and_postgres_and_every_run_ends() -> (
    None
):
    with weather() as bad:
        tally = await bad.pass_over(KILLS)
    print(tally)
    assert sum(tally.kills.values()) == KILLS
    assert min(tally.kills.values()) > 0
    assert tally.least_in_flight >= IN_FLIGHT
    assert tally.acknowledged > KILLS * IN_FLIGHT
    assert tally.faults == []


def test_the_comparison_finds_a_step_that_is_missing_and_one_that_changed() -> None:
    run_id = uuid4()
    acknowledged = {Told(run_id, 1, "a"), Told(run_id, 2, "b")}
    assert disagreements({(run_id, 1): "a", (run_id, 2): "b"}, acknowledged) == []
    assert len(disagreements({(run_id, 1): "a"}, acknowledged)) == 1
    assert len(disagreements({(run_id, 1): "a", (run_id, 2): "c"}, acknowledged)) == 1

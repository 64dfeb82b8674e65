from serving import serving

from conftest import Database


async def test_a_ledger_without_runs_lists_none(database: Database) -> None:
    async with serving(database.url) as client:
        answer = await client.get("/api/v1/runs")
        assert (answer.status_code, answer.json()["runs"]) == (200, [])


async def test_a_run_that_is_not_there_is_a_problem(database: Database) -> None:
    async with serving(database.url) as client:
        answer = await client.get("/api/v1/runs/01a1f118-f356-7588-91f7-88e91e000000")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "MS001"

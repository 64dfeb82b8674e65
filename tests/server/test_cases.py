from cases import every_case, names_of, seeded_database


def test_the_seeded_tenants_own_runs_of_every_status(server_url: str) -> None:
    with seeded_database(server_url) as seeded:
        for made in (seeded.a, seeded.b):
            rows = seeded.superuser.execute(
                "select distinct status from mainstem.user_workflow_run where org_id = %s", [made["org"]]
            ).fetchall()
            assert {row[0] for row in rows} == {
                "pending", "running", "waiting", "paused", "completed", "failed", "cancelled", "timeout"
            }  # fmt: skip
        assert not names_of(seeded.a) & names_of(seeded.b)
    assert every_case()

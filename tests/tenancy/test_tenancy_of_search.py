"""Search over documents: by an index, and in one's own runs only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tenants import Connection, Neighbours, set_tenant, two_tenants

MANY = 20_000
TIMES = 8
"""More often than a plan is made anew before PostgreSQL thinks of keeping one for all arguments."""

MANY_RUNS = """
insert into mainstem.user_workflow_run
  (run_id, org_id, workflow_id, status, channel, started_at, ended_at, driver, context, input_data, output_data)
select mainstem.new_run_id('2021-03-10'::timestamptz + n * interval '1 second'), t.org, t.workflow, 'completed', 'web',
       '2021-03-10'::timestamptz + n * interval '1 second', '2021-03-11', 'caller',
       jsonb_build_object('claim', n / 2), jsonb_build_object('page', n / 2), jsonb_build_object('decision', n / 2)
  from generate_series(1, %(many)s) n
  join (values (0, %(mine)s::uuid, %(my_workflow)s::uuid), (1, %(theirs)s, %(their_workflow)s)) t (turn, org, workflow)
    on t.turn = n %% 2
"""

SCANS = """
select (select sum(seq_scan) from pg_stat_user_tables where relname = 'user_workflow_run_p20210301t0000'),
       (select sum(idx_scan) from pg_stat_user_indexes where indexrelname ~ '^found_by_')
"""


@pytest.fixture(scope="module")
def neighbours(server_url: str) -> Iterator[Neighbours]:
    """Two tenants with ten thousand old runs each, in a leaf with the indexes that sealing makes."""
    with two_tenants(server_url) as made:
        made.superuser.execute("select mainstem.ensure_workflow_leaf('2021-03-10')")
        made.superuser.execute(MANY_RUNS, {
            "many": MANY, "mine": made.mine["org"], "my_workflow": made.mine["workflow"],
            "theirs": made.theirs["org"], "their_workflow": made.theirs["workflow"],
        })  # fmt: skip
        for column in ("context", "input_data", "output_data"):
            made.superuser.execute(
                f"create index found_by_{column} on mainstem.user_workflow_run_p20210301t0000 using gin ({column} jsonb_path_ops)"
            )
        made.superuser.execute("vacuum analyze mainstem.user_workflow_run")
        yield made


def scans(superuser: Connection) -> Any:
    superuser.execute("select pg_stat_force_next_flush()")  # what this session itself has read is told first
    superuser.execute("select pg_stat_clear_snapshot()")
    return superuser.execute(SCANS).fetchone()


@pytest.mark.parametrize(
    ("argument", "key"), [("context", "claim"), ("input_data", "page"), ("output_data", "decision")]
)
def test_a_search_reads_an_index_and_finds_ones_own_runs_only(
    neighbours: Neighbours, argument: str, key: str
) -> None:
    tables, indexes = scans(neighbours.superuser)
    search = f"select workflow_id from mainstem.search_workflow_runs({argument} => %s)"
    with neighbours.as_role("mainstem_app", str(neighbours.mine["org"])) as app:
        for number in range(1, TIMES + 1):
            assert app.execute(search, [Jsonb({key: number})]).fetchall() == [(neighbours.mine["workflow"],)]
        app.execute("select pg_stat_force_next_flush()")
    assert scans(neighbours.superuser) == (tables, indexes + TIMES)


def test_a_document_of_anothers_is_not_found(neighbours: Neighbours) -> None:
    find = "select count(*) from mainstem.search_workflow_runs(jsonb_build_object('workflow', %s::text))"
    with neighbours.as_role("mainstem_app", str(neighbours.mine["org"])) as app:
        assert app.execute(find, [neighbours.theirs["workflow"]]).fetchone() == (0,)
        set_tenant(app, str(neighbours.theirs["org"]), local=False)
        assert app.execute(find, [neighbours.theirs["workflow"]]).fetchone() == (1,)


def test_only_the_role_of_the_search_functions_reads_across_tenants(neighbours: Neighbours) -> None:
    definers = neighbours.superuser.execute(
        "select proname, proowner::regrole::text, proconfig::text ~ 'search_path=pg_catalog, pg_temp' from pg_proc"
        " where pronamespace = 'mainstem'::regnamespace and prosecdef order by 1"
    ).fetchall()
    assert definers == [
        ("_caller_of_key", "mainstem_owner", True),  # the tenant of who knows the key
        ("_measures", "mainstem_owner", True),  # counts
        ("_retire_due_leaves", "mainstem_owner", True),  # a count of partitions
        ("ensure_workflow_leaf", "mainstem_owner", True),  # nothing
        ("find_workflow_runs", "mainstem_search", True),
        ("org_of_login", "mainstem_owner", True),  # the login's own tenant
        ("search_workflow_runs", "mainstem_search", True),
    ]

from __future__ import annotations

import json

import psycopg

from conftest import Database
from consolidations import Life, copied_life, living, old_code
from mainstem.consolidate.report.standings import NONE
from serving import serving

PATH = "/api/v1/consolidations"


async def test_where_none_was_begun_the_list_is_empty_and_says_why(database: Database) -> None:
    async with serving(database.url) as client:
        assert (await client.get(PATH)).json() == {"consolidations": [], "note": NONE}
        assert (await client.get(f"{PATH}/rcm")).status_code == 404


async def test_a_plan_is_shown_with_the_command_that_comes_next(database: Database) -> None:
    with living(database):
        async with serving(database.url) as client:
            [one] = (await client.get(PATH)).json()["consolidations"]
            assert (one["system"], one["phase"], one["next"]) == (
                "rcm",
                "planned",
                "mainstem consolidate backup rcm",
            )
            assert (one["can_finish"], one["parity"], one["readers"]) == (False, [], [])
            assert (await client.get(f"{PATH}/other")).status_code == 404


async def test_a_consolidation_turns_green_opens_its_gate_and_tells_what_a_way_back_loses(
    server_url: str,
) -> None:
    with copied_life(server_url) as life:
        async with serving(life.url) as client:
            life.verify()
            one = (await client.get(f"{PATH}/rcm")).json()
            assert one["phase"] == "verified"
            assert all(row["digest_equal"] and row["old_rows"] == row["new_rows"] for row in one["parity"])
            assert {row["table"] for row in one["parity"]} >= {"workflow_trace", "workflow_steps"}
            assert "verified" in one["why_not"]
            assert one["rollback"] | {"command": ""} == {
                "possible": True, "lossless": True, "losses": [], "changed_since": 0, "command": ""
            }  # fmt: skip
            life.cut_over()
            one = (await client.get(f"{PATH}/rcm")).json()
            assert (one["phase"], one["rollback"]["lossless"]) == ("cut_over", True)
            assert [entry["name"] for entry in one["phases"]][-2:] == ["proof", "cut-over"]
            assert {reader["name"] for reader in one["readers"]} >= {"workflow_trace", "workflow_steps"}
            _lose_something(life)
            [run] = life.losses()
            one = (await client.get(f"{PATH}/rcm")).json()
            assert one["rollback"]["lossless"] is False
            assert one["rollback"]["losses"] == [
                {"table": run.table, "column": run.column, "why": run.why, "rows": 1}
            ]
            assert one["rollback"]["command"].endswith("--accept-loss")
            life.roll_back(accept_loss=True)
            assert (await client.get(f"{PATH}/rcm")).json()["phase"] == "copied"


def _lose_something(life: Life) -> None:
    """A value that only the new tables have a place for."""
    with psycopg.connect(life.url, autocommit=True) as conn:
        conn.execute(
            "update mainstem.user_workflow_run set output_data = '1' where run_id = ("
            "select new_id from mainstem_consolidation.consolidation_id where old_table = 'workflow_trace' order by old_key limit 1)"
        )


async def test_the_gate_is_shut_while_somebody_reads_the_old_tables(server_url: str) -> None:
    with copied_life(server_url) as life:
        life.verify()
        life.cut_over()
        with old_code(life.url) as conn:
            conn.execute("select count(*) from legacy_rcm.workflow_trace")
            conn.execute("select pg_stat_force_next_flush()")
            conn.execute("select 1")
        async with serving(life.url) as client:
            one = (await client.get(f"{PATH}/rcm")).json()
            assert one["can_finish"] is False
            assert "workflow_trace" in one["why_not"]
            life.finish()
            one = (await client.get(f"{PATH}/rcm")).json()
            assert (one["phase"], one["rollback"]["possible"], one["next"]) == ("finished", False, None)


async def test_what_a_failed_proof_found_in_rows_is_not_shown(server_url: str) -> None:
    with copied_life(server_url) as life:
        conn = life.conn
        facts = {"compared": [{"name": "workflow_trace → user_workflow_run", "rows": 1, "other_rows": 1, "is_equal": False,
                               "digest": "1:2", "differences": [{"key": "7", "left": "Ann's secret", "right": None}]}],
                 "left_out": 0, "secret": "Ann's"}  # fmt: skip
        conn.execute(
            "insert into mainstem_consolidation.journal (source, phase, facts) values ('rcm', 'copied', %s)",
            [json.dumps(facts)],
        )
        async with serving(life.url) as client:
            answer = await client.get(f"{PATH}/rcm")
        assert [row["digest_equal"] for row in answer.json()["parity"]] == [False]
        assert "secret" not in answer.text
        assert "Ann" not in answer.text


def test_the_application_reads_nothing_of_a_consolidation_but_its_standing(server_url: str) -> None:
    with copied_life(server_url) as life, psycopg.connect(life.url, autocommit=True) as conn:
        granted = conn.execute(
            "select p.proname, has_function_privilege('mainstem_app', p.oid, 'execute'), p.prosecdef, p.proowner::regrole::text,"
            " has_function_privilege('mainstem_tenant', p.oid, 'execute'), obj_description(p.oid, 'pg_proc') is not null"
            " from pg_proc p where p.pronamespace = 'mainstem_consolidation'::regnamespace and p.prosecdef"
        ).fetchall()
        assert granted == [("standing", True, True, "mainstem_owner", False, True)]
        readable = conn.execute(
            "select c.relname from pg_class c where c.relnamespace = 'mainstem_consolidation'::regnamespace and c.relkind = 'r'"
            " and (has_table_privilege('mainstem_app', c.oid, 'select, insert, update, delete, truncate')"
            " or has_any_column_privilege('mainstem_app', c.oid, 'select'))"
        ).fetchall()
        assert readable == []

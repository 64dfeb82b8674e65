"""After the finish: nothing notes for a way back any more, and the columns for old ids go when they are asked to."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from conditions import ON_ONE_SERVER
from consolidations import Life, copied_life, old_code
from mainstem.consolidate.compile import compile_mapping
from mainstem.consolidate.mapping import preset, read_mapping
from mainstem.consolidate.review import review
from mainstem.ledger.catalog import drifts, refuse_misfit
from mainstem.ledger.install import upgrade
from mainstem.orm import Ledger, Run, Step
from mainstem.postgres.processes import wait_until
from serving import serving
from typed import Terminal

NOTING = "select count(*) from pg_trigger where tgname ~ '^consolidation_rcm_(insert|update|delete)$'"
GIVING = "select count(*) from pg_trigger where tgname = 'consolidation_rcm_id' and tgparentid = 0"
DROPPING = ("consolidate", "finish", "--typed", "rcm", "--drop-legacy-columns")
COLUMNS = ["user_workflow_run.legacy_trace_id", "user_workflow_run_step.legacy_step_id"]
ID_OF = (
    "select {} from mainstem_consolidation.consolidation_id where old_table = 'workflow_trace' and {} = '{}'"
)


@pytest.fixture
def switched(server_url: str) -> Iterator[Life]:
    with copied_life(server_url) as life:
        life.verify()
        life.cut_over()
        yield life


def value(life: Life, query: str) -> Any:
    [[found]] = life.conn.execute(query.encode()).fetchall()
    return found


def dropped(life: Life) -> list[str]:
    [told] = Terminal(life.url).lines(*DROPPING)
    return sorted(told["columns_dropped"])


def write_by_old_names(life: Life) -> int:
    """A run and a step from their beginning to their end, by functions and by statements: the run's old id."""
    with old_code(life.url) as conn:
        say = conn.execute
        [[workflow, node]] = say("select workflow_id, node_id from user_workflow_node limit 1").fetchall()
        [[user]] = say("select created_by from workflow_trace where trace_id = 1001").fetchall()
        start = "select start_workflow_execution(%s, 'web', 'w', null, %s)"
        [[run]] = say(start, [workflow, user]).fetchall()
        [[step]] = say("select start_workflow_step(%s::bigint, %s::uuid, 1)", [run, node]).fetchall()
        say("select set_workflow_context(%s, 'who', '\"Ann\"')", [run])
        say("select complete_workflow_step(%s, 'completed', '{}')", [step])
        say("select complete_workflow_execution(%s, 'completed')", [run])
        say("update workflow_trace set external_id = 'x' where trace_id = %s", [run])
        say("update workflow_steps set output_data = '{\"a\": 1}' where step_id = %s", [step])
        seen = "select t.status::text, t.external_id, s.output_data from workflow_trace t join workflow_steps s using (trace_id) where trace_id = %s"
        assert say(seen, [run]).fetchall() == [("completed", "x", {"a": 1})]
    return int(run)


def write_by_new_names(life: Life) -> UUID:
    """A run of an old workflow, by new code."""
    with psycopg.connect(life.url, autocommit=True) as conn:
        of = "select org_id, workflow_id from mainstem.user_workflow_run where channel = 'web' limit 1"
        [[org, workflow]] = conn.execute(of).fetchall()
        conn.execute("select set_config('app.current_org_id', %s, false)", [str(org)])
        conn.execute("set role mainstem_app")
        start = "select mainstem.start_workflow_execution(%s, 'web', null, null, null)"
        [[run]] = conn.execute(start, [workflow]).fetchall()
    assert isinstance(run, UUID)
    return run


def test_nothing_notes_for_a_way_back_once_it_is_finished(switched: Life) -> None:
    assert value(switched, NOTING) > 0
    switched.finish()
    assert value(switched, NOTING) == 0
    functions = "select count(*) from pg_proc where proname ~ '^since_' and pronamespace = 'consolidation_rcm'::regnamespace"
    assert value(switched, functions) == 0
    assert value(switched, GIVING) == 2
    write_by_old_names(switched)
    assert int(value(switched, ID_OF.format("old_key", "new_id", write_by_new_names(switched)))) > 1000
    assert value(switched, "select count(*) from mainstem_consolidation.written_since") == 0


@ON_ONE_SERVER
def test_what_a_killed_finish_left_is_done_by_the_next(switched: Life) -> None:
    before = switched.conn.execute(
        "select pg_get_triggerdef(oid), pg_get_functiondef(tgfoid) from pg_trigger where tgname = 'consolidation_rcm_insert'"
    ).fetchall()
    switched.finish()
    for trigger, function in before:
        switched.conn.execute(function)
        switched.conn.execute(trigger)
    assert value(switched, NOTING) == len(before)
    [told] = Terminal(switched.url).lines("consolidate", "finish", "--typed", "rcm")
    assert (value(switched, NOTING), told["dropped"]) == (0, [])


def test_without_the_columns_old_names_and_new_ones_go_on(switched: Life) -> None:
    run = value(switched, ID_OF.format("new_id", "old_key", 1001))
    assert dropped(switched) == COLUMNS
    assert dropped(switched) == []
    assert value(switched, ID_OF.format("count(*)", "old_key", write_by_old_names(switched))) == 1
    assert int(value(switched, ID_OF.format("old_key", "new_id", write_by_new_names(switched)))) > 1000
    document = value(switched, f"select mainstem.read_workflow_run('{run}')")
    assert (document["run"]["run_id"], document["run"]["legacy_trace_id"]) == (str(run), None)
    assert {step["legacy_step_id"] for step in document["steps"]} == {None}
    with psycopg.connect(switched.url, autocommit=True) as conn:
        conn.execute("select mainstem.ensure_workflow_leaf('2041-04-01')")


async def test_whoever_asks_for_an_old_id_is_told_that_its_column_is_gone(switched: Life) -> None:
    [[org]] = switched.conn.execute("select org_id from mainstem.user_workflow_run where legacy_trace_id = 1001").fetchall()  # fmt: skip
    async with serving(switched.url, org_id=org) as client:
        page = (await client.get("/api/v1/runs", params={"q": "legacy:1001"})).json()
        assert [run["legacy_trace_id"] for run in page["runs"]] == [1001]
        assert dropped(switched) == COLUMNS
        for path, asked in (("/api/v1/runs", {"q": "legacy:1001"}), ("/api/workflow-history", {})):
            answer = await client.get(path, params=asked)
            assert (answer.status_code, answer.json()["code"]) == (410, "MS012"), path
        listed = (await client.get("/api/v1/runs")).json()["runs"]
        assert {run["legacy_trace_id"] for run in listed} == {None}
    found = "select count(*) from mainstem.find_by_any_id(null, null, 1001, 'nobody')"
    assert value(switched, found) == 0


def test_the_start_up_and_an_upgrade_do_not_miss_the_columns(switched: Life) -> None:
    switched.finish()
    assert dropped(switched) == COLUMNS
    with psycopg.connect(switched.url, autocommit=True) as conn:
        refuse_misfit(conn)
        upgrade(conn)
        assert drifts(conn) == []
    terminal = Terminal(switched.url)
    assert terminal.type("db", "check").exit_code == 0
    assert terminal.type("db", "upgrade").exit_code == 0
    assert value(switched, "select count(*) from pg_attribute where attname ~ '^legacy_' and not attisdropped and attrelid::regclass::text ~ 'user_workflow_run'") == 0  # fmt: skip
    differences = review(Ledger.metadata, switched.url, schema="mainstem").findings
    assert [one for one in differences if "legacy" in one.object or one.kind.value == "column missing"] == []


@ON_ONE_SERVER
def test_models_read_and_write_runs_with_the_columns_and_without(switched: Life) -> None:
    run = value(switched, ID_OF.format("new_id", "old_key", 1001))
    engine = create_engine(switched.url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    with Session(engine) as session:
        assert session.scalars(select(Run.legacy_trace_id).where(Run.run_id == run)).one() == 1001
        assert session.get_one(Run, run).legacy_trace_id == 1001
    assert dropped(switched) == COLUMNS
    with Session(engine) as session:
        old = session.get_one(Run, run)
        assert [step.run_id for step in session.scalars(select(Step).where(Step.run_id == run))] != []
        new_id = value(switched, "select mainstem.new_run_id(now())")
        given = {name: getattr(old, name) for name in ("workflow_id", "org_id", "channel")}
        session.add(Run(run_id=new_id, driver="recorded", **given))
        session.commit()
        session.expunge_all()
        assert session.get_one(Run, new_id).status == "pending"
    engine.dispose()


@ON_ONE_SERVER
def test_a_mapping_to_the_columns_is_compiled_without_them_once_they_are_gone(switched: Life) -> None:
    mapping = read_mapping(preset("rcm"))
    switched.roll_back()
    assert compile_mapping(mapping, switched.conn).whole.run.mapped.keys() >= {"legacy_trace_id"}  # type: ignore[union-attr]
    with switched.conn.transaction(force_rollback=True):
        switched.conn.execute("alter table mainstem.user_workflow_run drop column legacy_trace_id")
        switched.conn.execute("alter table mainstem.user_workflow_run_step drop column legacy_step_id")
        without = compile_mapping(mapping, switched.conn)
    assert "legacy_trace_id" not in without.whole.run.mapped  # type: ignore[union-attr]


@ON_ONE_SERVER
def test_who_needs_the_columns_is_named_and_nothing_is_dropped(switched: Life) -> None:
    terminal = Terminal(switched.url)

    def refused() -> str:
        result = terminal.type(*DROPPING)
        assert result.exit_code == 4, result.output
        return result.stderr

    copied = "insert into mainstem_consolidation.plan (source, mapping, phase) select 'crm', replace(mapping, 'system: rcm', 'system: crm'), 'copied' from mainstem_consolidation.plan"
    switched.conn.execute(copied)
    result = terminal.type(DROPPING[0], DROPPING[1], "rcm", *DROPPING[2:])
    assert (result.exit_code, "crm is copied" in result.stderr) == (4, True)
    switched.conn.execute("delete from mainstem_consolidation.plan where source = 'crm'")
    switched.conn.execute("create function public.mine() returns bigint language plpgsql as 'begin return (select max(legacy_trace_id) from mainstem.user_workflow_run); end'")  # fmt: skip
    assert "functions name these columns: public.mine()" in refused()
    switched.conn.execute("drop function public.mine()")
    assert switched.plan.phase == "cut_over"
    switched.conn.execute("create view public.own as select legacy_trace_id from mainstem.user_workflow_run")
    assert "view public.own depends on column legacy_trace_id" in refused()
    assert value(switched, "select count(legacy_trace_id) > 0 from mainstem.user_workflow_run")
    switched.conn.execute("drop view public.own")
    assert terminal.error("consolidate", "finish", "--typed", "x", "--drop-legacy-columns")[:2] == (
        4,
        "MS403",
    )
    assert dropped(switched) == COLUMNS


@ON_ONE_SERVER
def test_a_finish_waits_for_who_still_reads_an_old_table(switched: Life) -> None:
    with (
        psycopg.connect(switched.url) as reader,
        psycopg.connect(switched.url, autocommit=True) as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        reader.execute("select from legacy_rcm.workflow_trace limit 1")
        waiting = "select from pg_locks where not granted and mode = 'AccessExclusiveLock'"
        finished = pool.submit(switched.finish)
        assert wait_until(lambda: bool(watcher.execute(waiting).fetchall()), seconds=30)
        assert wait_until(
            lambda: not watcher.execute(waiting).fetchall(), seconds=30
        )  # its time for a lock is over
        assert not finished.done()
        reader.rollback()
        assert "workflow_trace" in finished.result(60)

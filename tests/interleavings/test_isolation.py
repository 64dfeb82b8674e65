"""READ COMMITTED: what decides by something that it waited for refuses every level under which it would not see it."""

from __future__ import annotations

import pytest
from manual_worker import manual_workers
from sessions import refusal, sessions

from conftest import Database, Tenant

ID = "gen_random_uuid()"
REFUSING = {
    "activate_workflow_config": f"({ID})",
    "activate_workflow_version": f"({ID}, 1)",
    "add_workflow_event": f"({ID}, 'note')",
    "ask_of_workflow_runs": "('cancel', '{}')",
    "backfill_workflow_schedule": f"({ID}, '{{}}')",
    "cancel_workflow_run": f"({ID})",
    "cleanup_old_execution_data": "(90)",
    "complete_workflow_execution": f"({ID}, 'completed')",
    "complete_workflow_step": f"({ID}, 'completed')",
    "edit_workflow_schedule": f"({ID}, '{{}}', now(), now())",
    "fork_workflow_run": f"({ID})",
    "patch_workflow_step": f"({ID}, '1')",
    "publish_workflow_graph": f"({ID}, '{{}}', 'checksum')",
    "rebuild_workflow_queue": "()",
    "replace_workflow_context": f"({ID}, 'key', '1', null)",
    "resume_workflow": f"({ID})",
    "resume_workflow_run": f"({ID})",
    "retry_workflow_run": f"({ID})",
    "retry_workflow_step": f"({ID})",
    "roll_back_workflow": f"({ID})",
    "save_workflow_draft": f"({ID}, 1, '{{}}')",
    "send_workflow_signal": f"({ID}, 'go')",
    "send_workflow_signal_by_key": "('intake', 'claim-7', 'go')",
    "answer_workflow_approval": f"({ID}, '1')",
    "_record_transaction_v1": f"({ID}, null)",
    "set_workflow_context": f"({ID}, 'key', '1')",
    "skip_workflow_step": f"({ID})",
    "start_workflow_step": f"({ID}, {ID}, 1)",
    "_claim_v1": f"({ID}, '{{default}}', 1, '{{null}}', '{{null}}')",
    "_end_overdue_v1": "()",
    "_fire_schedule_v1": f"({ID}, {ID}, now(), '{{}}', 0, null, null)",
    "_flush_v1": f"({ID}, 1, false, '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}')",
    "_reap_v1": "()",
    "_start_runs_v1": "(null, '{}')",
}
READS = [
    "find_by_any_id",
    "find_workflow_runs",
    "get_active_workflow_config",
    "get_workflow_context",
    "read_workflow_run",
    "resolve_workflow_config",
    "search_workflow_runs",
    "clock",
    "current_org",
    "first_id_at",
    "new_run_id",
    "org_of_login",
    "run_of",
    "step_id",
    "step_number_of",
]
DECIDES_NOTHING = {
    "clear_step_cache": "it deletes what it sees; what is made meanwhile is as if it came after",
    "create_organization": "it inserts; nobody has the tenant yet",
    "ensure_workflow_leaf": "of two that make one leaf the second fails by its key, and is told",
    "pause_workflow": "it sets a state, whatever that was; of two the second fails, and is told",
    "put_workflow_schedule": "it writes what it is given; of two of one name the second fails, and is told",
    "start_workflow_execution": "it inserts a run of its own",
}


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_what_must_see_what_it_waited_for_refuses_a_stricter_level(
    database: Database, level: str
) -> None:
    async with sessions(database, 1, role="mainstem_worker") as (session,):
        found = {}
        for name, arguments in REFUSING.items():
            await session.begin(level)
            found[name] = await refusal(session.rows(f"select * from mainstem.{name}{arguments}"))
            await session.rollback()
    assert found == dict.fromkeys(REFUSING, "MS008")


async def test_every_public_function_stands_on_one_of_the_lists(database: Database) -> None:
    rows = database.rows(
        "select distinct proname from pg_proc where pronamespace = 'mainstem'::regnamespace and proname !~ '^_'"
    )
    public = {name for name in REFUSING if not name.startswith("_")}
    assert {row["proname"] for row in rows} == public | set(READS) | set(DECIDES_NOTHING)


async def test_a_refused_level_is_named_and_the_hint_says_which_to_take(
    database: Database, tenant: Tenant
) -> None:
    async with manual_workers(database) as (worker,):
        await worker.session.begin("repeatable read")
        with pytest.raises(Exception, match="READ COMMITTED, not repeatable read") as refused:
            await worker.claim()
        assert "ISOLATION LEVEL READ COMMITTED" in refused.value.diag.message_hint  # type: ignore[attr-defined]

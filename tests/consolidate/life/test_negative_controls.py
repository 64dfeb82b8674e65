"""What must not pass: each of these is made wrong on purpose, and stops before the switch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import psycopg
import pytest

from conftest import Database
from consolidations import Life, copied_life, living, old_code
from mainstem.consolidate.compile import Program
from mainstem.consolidate.compile.statements import Apply, Put
from mainstem.consolidate.life import copy
from mainstem.consolidate.life.plan import PLAN, fingerprint
from mainstem.consolidate.mapping import preset
from mainstem.errors import MappingRefused, OldSchemaChanged, PhaseRefused, ProofFailed

NODE = "a1de0000-0000-4000-8000-00000000a002"


@pytest.fixture
def life(server_url: str) -> Iterator[Life]:
    with copied_life(server_url) as found:
        yield found


def stands(life: Life) -> str:
    """The phase, and that the old names are still tables."""
    with old_code(life.url) as conn:
        [(kind,)] = conn.execute(
            "select relkind::text from pg_class where oid = 'public.workflow_events'::regclass"
        ).fetchall()
    assert kind == "r"
    with pytest.raises(PhaseRefused):
        life.cut_over()
    return life.plan.phase


def test_a_trigger_that_is_gone_is_missed(life: Life) -> None:
    with old_code(life.url) as conn:
        conn.execute("drop trigger mainstem_consolidation_update on workflow_steps")
    with pytest.raises(OldSchemaChanged):
        life.verify()
    with pytest.raises(OldSchemaChanged):
        life.copy()
    assert stands(life) == "copied"


def test_a_change_that_no_trigger_saw_is_found_by_the_proof(life: Life) -> None:
    with old_code(life.url) as conn:
        conn.execute("drop trigger mainstem_consolidation_update on workflow_steps")
        conn.execute("update workflow_steps set error_message = 'unseen' where step_id = 2002")
    unseen = fingerprint(life.conn, life.program)
    life.conn.execute(f"update {PLAN} set old_fingerprint = %s", [unseen])
    with pytest.raises(ProofFailed, match=r"(?s)2002, error_message: 'unseen' and None"):
        life.verify()
    assert stands(life) == "copied"


def test_a_trigger_that_is_gone_after_the_proof_stops_the_switch(life: Life) -> None:
    life.verify()
    with old_code(life.url) as conn:
        conn.execute("alter table workflow_events disable trigger mainstem_consolidation_insert")
    with pytest.raises(OldSchemaChanged):
        life.cut_over()
    assert life.plan.phase == "verified"


@pytest.mark.parametrize(
    "change",
    [
        "alter table workflow_events add column late text",
        "alter table workflow_trace_screenshot add unique (screenshot_path, screenshot_id)",
        "alter table workflow_trace_context drop constraint workflow_trace_context_trace_id_key_key",
        "alter table workflow_steps alter column retry_count set not null",
    ],
)
def test_an_old_table_that_changes_on_the_way_stops_it(life: Life, change: str) -> None:
    with old_code(life.url) as conn:
        conn.execute("update workflow_steps set retry_count = 0 where retry_count is null")
        conn.execute(change.encode())
    with pytest.raises((OldSchemaChanged, MappingRefused)):
        life.verify()
    assert life.plan.phase == "copied"


class _Wrong(Program):
    """A program whose batches do something wrong."""

    wrong: Callable[[Apply], Apply]

    def apply(self, root: object) -> Apply:
        return type(self).wrong(super().apply(root))  # type: ignore[arg-type]


def _carelessly(text: str) -> str:
    """The same insert, which leaves what is there."""
    if "\nreturning" in text:
        return text.replace("\nreturning", " on conflict do nothing\nreturning")
    return f"{text} on conflict do nothing"


def copied_wrongly(life: Life, wrong: Callable[[Apply], Apply]) -> None:
    program = life.program
    made = type("_Made", (_Wrong,), {"wrong": staticmethod(wrong)})
    copy(life.conn, made(program.mapping, program.catalog, program.whole, program.linked), life.plan)


def test_a_copy_that_leaves_what_is_there_is_found_by_the_proof(life: Life) -> None:
    """DO NOTHING in place of folding a root anew: what changed since its batch is not there."""
    with old_code(life.url) as conn:
        conn.execute("update workflow_trace set external_id = 'changed' where trace_id = 1002")

    def do_nothing(apply: Apply) -> Apply:
        return replace(
            apply,
            take_out=[],
            put_in=[Put(_carelessly(put.text)) for put in apply.put_in if "conflict" not in put.text],
        )

    copied_wrongly(life, do_nothing)
    with pytest.raises(ProofFailed, match="1002, external_id: 'changed' and 'EXT-1002'"):
        life.verify()
    assert stands(life) == "copied"


def test_a_copy_that_forgets_an_id_of_a_child_is_found_by_the_proof(life: Life) -> None:
    life.conn.execute(
        "update mainstem.user_workflow_run_step set events = (select jsonb_agg(j - 'event_id') from jsonb_array_elements(events) j)"
        " where legacy_step_id = 2003"
    )
    with pytest.raises(ProofFailed, match=r"workflow_events ← .*329 rows here, 329 there|3006|3007"):
        life.verify()
    assert stands(life) == "copied"


def test_a_mapping_that_forgets_the_id_of_a_child_is_refused(database: Database) -> None:
    wrong = preset("rcm").replace("      screenshot_id: screenshot_id\n", "", 1)
    with pytest.raises(MappingRefused, match="screenshot_id"), living(database, wrong):
        pass


def test_two_values_that_become_one_are_refused_unless_the_original_is_kept(database: Database) -> None:
    there = "cancelled: cancelled, timeout: timeout}"
    assert there in preset("rcm")
    wrong = preset("rcm").replace(there, "cancelled: cancelled, timeout: cancelled}", 1)
    with pytest.raises(MappingRefused, match="keep: true"), living(database, wrong):
        pass


def test_two_values_that_become_one_come_back_where_the_original_is_kept(database: Database) -> None:
    there = "cancelled: cancelled, timeout: timeout}"
    kept = preset("rcm").replace(there, "cancelled: cancelled, timeout: cancelled}\n        keep: true", 1)
    with living(database, kept) as life:
        life.copy()
        assert life.verify().holds
        [(merged,)] = life.conn.execute(
            "select count(*) from mainstem.user_workflow_run where status = 'timeout'"
        ).fetchall()
        assert merged == 0


def test_a_fold_without_an_order_is_refused(database: Database) -> None:
    wrong = preset("rcm").replace("    order: [timestamp, event_id]\n", "    order: [timestamp]\n", 1)
    with pytest.raises(MappingRefused, match="order"), living(database, wrong):
        pass
    with (
        pytest.raises(MappingRefused, match="order"),
        living(database, wrong.replace("    order: [timestamp]\n", "", 1), sample=False),
    ):
        pass


def test_a_row_of_ours_that_is_changed_behind_its_back_is_found_by_the_proof(life: Life) -> None:
    life.conn.execute(
        "update mainstem.user_workflow_run set external_id = 'other' where legacy_trace_id = 1001"
    )
    with pytest.raises(ProofFailed, match="1001, external_id: 'EXT-1001' and 'other'"):
        life.verify()
    assert stands(life) == "copied"


def test_a_row_that_is_gone_from_quarantine_is_found_by_the_proof(life: Life) -> None:
    life.abandon()
    with old_code(life.url) as conn:
        conn.execute("alter table workflow_events drop constraint workflow_events_trace_id_fkey")
        conn.execute(
            "insert into workflow_events (event_id, trace_id, event_type, event_data) values (3999, 77777, 'orphan', '{}')"
        )
    life.copy()
    life.verify()
    gone = life.conn.execute(
        "delete from mainstem_consolidation.quarantine where old_key = '3999' returning reason"
    ).fetchall()
    assert gone == [("has no parent",)]
    with pytest.raises(ProofFailed, match="3999"):
        life.verify()
    assert stands(life) == "copied"


def test_a_value_that_the_mapping_does_not_name_stops_the_copy(database: Database) -> None:
    wrong = preset("rcm").replace("cancelled: cancelled, timeout: timeout}", "cancelled: cancelled}", 1)
    with (
        living(database, wrong) as life,
        pytest.raises(psycopg.errors.Error, match="'timeout' has no home in the mapping"),
    ):
        life.copy()

"""The four config tables moved: old and new code write configs side by side, and each sees what the other activated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import yaml

from consolidations import Life, copied_life, old_code, rows
from mainstem.consolidate.compile import compile_mapping
from mainstem.consolidate.mapping import preset, read_mapping
from mainstem.errors import MappingRefused

Conn = psycopg.Connection[Any]

ALDER = "a1de0000-0000-4000-8000-000000000001"
INTAKE = "123e4567-e89b-12d3-a456-426614174000"
ANN = "123e4567-e89b-12d3-a456-426614174001"
LEAST = "0a000000-0000-4000-8000-000000000001"
"""The least user of Alder: who belongs to nobody belongs to it, by decision."""
SECOND = "c0000000-0000-4000-8000-000000000002"
TABLES = ("workflow_configs", "channel_configs", "workflow_channel_configs", "config_status")
OLD_ACTIVE = f"select get_active_workflow_config('{ALDER}', '{INTAKE}', 'workflow')"
NEW_ACTIVE = f"select mainstem.get_active_workflow_config('{ALDER}', '{INTAKE}', 'workflow')"


@pytest.fixture
def life(server_url: str) -> Iterator[Life]:
    with copied_life(server_url) as copied:
        yield copied


def switched(life: Life) -> Life:
    life.verify()
    life.cut_over()
    return life


def active(conn: Conn) -> list[Any]:
    return [conn.execute(query.encode()).fetchall()[0][0] for query in (OLD_ACTIVE, NEW_ACTIVE)]


def new_version(conn: Conn) -> None:
    """New code writes the next version of `limits`, and activates it; nobody is named."""
    conn.execute(
        "insert into mainstem.user_workflow_config (org_id, config_id, config_type, workflow_id, name, version, config_data)"
        f" values ('{ALDER}', '{SECOND}', 'workflow', '{INTAKE}', 'limits', 2, '{{\"limit\": 2}}')"
    )
    conn.execute(f"select mainstem.activate_workflow_config('{SECOND}')".encode())


def old_version(conn: Conn) -> None:
    conn.execute(
        "insert into workflow_configs (config_id, org_id, workflow_id, name, config_type, config_data, created_by)"
        f" values ('c0000000-0000-4000-8000-000000000003', '{ALDER}', '{INTAKE}', 'third', 'workflow', '{{\"limit\": 3}}', '{ANN}')"
    )
    conn.execute(
        "update config_status set active_config_id = 'c0000000-0000-4000-8000-000000000003', activated_at = now()"
        f" where org_id = '{ALDER}' and entity_id = '{INTAKE}' and config_type = 'workflow'"
    )


def old_rows(conn: Conn) -> dict[str, list[tuple[Any, ...]]]:
    return {table: rows(conn, f"select to_jsonb(t)::text from {table} t") for table in TABLES}


def test_the_scope_s_last_activation_is_what_is_active(life: Life) -> None:
    found = life.conn.execute(
        "select name, version from mainstem.user_workflow_config where is_active and config_type <> 'workflow_channel' order by name"
    ).fetchall()
    assert found == [("house rules", 1), ("limits", 1), ("off", 1), ("portal", 1)]


def test_what_ours_cannot_hold_is_in_quarantine(life: Life) -> None:
    found = life.conn.execute(
        "select old_table, count(*) from mainstem_consolidation.quarantine where old_table = any(%s) group by 1 order by 1",
        [list(TABLES)],
    ).fetchall()
    assert found == [("config_status", 6), ("workflow_configs", 1)]


def test_old_code_gets_the_version_that_new_code_activated(life: Life) -> None:
    switched(life)
    with old_code(life.url) as conn:
        new_version(conn)
        assert active(conn) == [{"limit": 2}, {"limit": 2}]
        shown = conn.execute(
            f"select name, created_by::text from workflow_configs where config_id = '{SECOND}'"
        )
        assert shown.fetchall() == [("limits (version 2)", LEAST)]
        once = f"select count(*) from config_status where org_id = '{ALDER}' and entity_id = '{INTAKE}' and config_type = 'workflow'"
        assert conn.execute(once.encode()).fetchall() == [(1,)]


def test_new_code_gets_what_old_code_activated(life: Life) -> None:
    switched(life)
    with old_code(life.url) as conn:
        old_version(conn)
        assert active(conn) == [{"limit": 3}, {"limit": 3}]
        conn.execute("delete from workflow_configs where name = 'third'")
        assert active(conn) == [None, None]


def test_configs_of_both_come_back_with_the_old_tables_and_go_forward_again(life: Life) -> None:
    switched(life)
    with old_code(life.url) as conn:
        new_version(conn)
        old_version(conn)
        conn.execute("delete from workflow_channel_configs where priority < 2")
        conn.execute(
            "update config_status set active_config_id = null where org_id = 'b1c40000-0000-4000-8000-000000000001'"
        )
        was = old_rows(conn)
        assert life.roll_back() == []
        assert old_rows(conn) == was
        assert conn.execute(OLD_ACTIVE.encode()).fetchall() == [({"limit": 3},)]
        life.forward()
        assert old_rows(conn) == was
        assert active(conn) == [{"limit": 3}, {"limit": 3}]


def test_what_old_code_writes_while_rows_are_copied_is_folded(life: Life) -> None:
    with old_code(life.url) as conn:
        conn.execute("delete from workflow_configs where name = 'limits'")
        old_version(conn)
        conn.execute(
            "delete from config_status where active_config_id = 'a1de0000-0000-4000-8000-00000000c107'"
        )
        life.verify()
        assert active(conn) == [{"limit": 3}, {"limit": 3}]
        off = "select is_active from mainstem.user_workflow_config where name = 'off'"
        assert conn.execute(off).fetchall() == [(False,)]
        life.cut_over()
        assert active(conn) == [{"limit": 3}, {"limit": 3}]


def test_a_rollback_before_the_switch_leaves_no_config_of_the_old_system(life: Life) -> None:
    life.abandon()
    found = life.conn.execute(
        "select (select count(*) from mainstem.user_workflow_config), (select count(*) from mainstem.user_workflow_config_activation),"
        " (select count(*) from mainstem_consolidation.beside)"
    ).fetchall()
    assert found == [(0, 0, 0)]


def test_a_second_table_of_runs_in_one_mapping_is_refused(life: Life) -> None:
    said = yaml.safe_load(preset("rcm"))
    said["tables"]["workflow_trace_v8"] = said["tables"]["workflow_trace"]
    with psycopg.connect(life.url, autocommit=True) as conn:
        conn.execute("create table workflow_trace_v8 (like workflow_trace including all)")
        with pytest.raises(MappingRefused, match="workflow_trace becomes runs already"):
            compile_mapping(read_mapping(yaml.safe_dump(said)), conn)

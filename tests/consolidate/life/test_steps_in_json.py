"""Steps that stand in a JSON column of their run: each becomes a row, and the column is read and written as ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from conftest import Database
from consolidations import Life, living, old_code, rows
from mainstem.consolidate.compile import compile_mapping
from mainstem.consolidate.life.batch import perform
from mainstem.consolidate.life.plan import install_ground
from mainstem.consolidate.life.session import migrator, seeing_ours
from mainstem.consolidate.life.verify import compare
from mainstem.consolidate.mapping import read_mapping
from mainstem.errors import MappingRefused
from mainstem.model import DEFAULT_ORG

STEPS: dict[str, Any] = {
    "column": "steps",
    "number": "position",
    "columns": {
        "name": "node_key",
        "state": {"to": "status", "values": {"ok": "completed", "bad": "failed", "doing": "running"}},
        "started": "started_at",
        "ended": "ended_at",
        "result": "output_data",
        "tries": "retry_count",
    },
    "remainder": ["note", "tags"],
}
CONSTANTS = {
    "driver": "recorded",
    "status": "pending",
    "channel": "web",
    "org_id": {"sql": f"'{DEFAULT_ORG}'::uuid"},
    "workflow_id": {"workflow": "'old jobs'"},
}


def mapping(**steps: Any) -> str:
    job = {
        "becomes": "run",
        "key": "id",
        "time": ["made"],
        "columns": {"made": "created_at", "title": "metadata.title"},
        "constants": CONSTANTS,
        "steps_from": STEPS | steps,
    }
    return str(
        yaml.safe_dump(
            {"mapping": 1, "system": "jobs", "source": {"kind": "postgres"}, "tables": {"job": job}}
        )
    )


ODD: list[str | None] = [
    None,
    "[]",
    "{}",
    "null",
    '"text"',
    '[{"name": "a", "state": "ok", "started": "2024-01-01T10:00:00Z", "ended": "2024-01-01T10:00:01.5Z"}]',
    '[{"name": "b", "state": "ok"}, {"name": "a", "state": "doing", "note": null}, {"state": "bad", "tags": ["x", 1.0]}]',
    '[{"name": null, "state": "doing"}, {"name": 7, "state": "ok", "started": "yesterday", "tries": "2"}, {}]',
    '[{"state": "ok", "ended": "2023-01-01T00:00:00Z", "started": "2024-01-01T00:00:00+02:00", "result": null, "tries": 2.0}]',
    '[1, {"name": "after a number", "state": "ok"}, [], "x", null, {"name": "last"}]',
    '[{"name": "", "state": null, "tries": 1e3}, {"tries": 99999999999999999999}]',
]


def build(url: str, kind: str, values: list[str | None], *, not_null: bool = False) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            f"create table public.job (id bigserial primary key, made timestamptz default now(), title text, steps {kind}{' not null' * not_null})".encode()
        )
        for value in values:
            conn.execute(f"insert into public.job (title, steps) values ('t', %s::{kind})".encode(), [value])


@pytest.fixture(params=["jsonb", "text"])
def life(database: Database, request: pytest.FixtureRequest) -> Iterator[Life]:
    more = [] if request.param != "text" else ["", "no json", '[{"name":"a",  "state" : "ok"}]']
    build(database.url, request.param, [*ODD, *more])
    with living(database, mapping(), sample=False) as found:
        yield found


def jobs(url: str) -> list[tuple[Any, ...]]:
    with old_code(url) as conn:
        return rows(conn, "select id, title, steps::text from job")


def ours(life: Life, key: int) -> list[tuple[Any, ...]]:
    return life.conn.execute(
        "select s.step_number, s.node_key, s.status, k.old_key from mainstem.user_workflow_run_step s"
        "  join mainstem_consolidation.consolidation_id kr on kr.new_id = s.run_id and kr.old_key = %s"
        "  left join mainstem_consolidation.consolidation_id k on k.new_id = s.step_id order by 1",
        [str(key)],
    ).fetchall()


def test_each_element_is_a_step_and_the_column_reads_as_it_did_until_the_end(life: Life) -> None:
    before = jobs(life.url)
    life.forward()
    assert jobs(life.url) == before
    assert ours(life, 7) == [
        (1, "b", "completed", "7/1"),
        (2, "a", "running", "7/2"),
        (3, "unknown", "failed", "7/3"),
    ]
    assert [number for number, *_ in ours(life, 10)] == [2, 6]
    life.roll_back()
    assert jobs(life.url) == before
    life.forward()
    life.finish()
    assert jobs(life.url) == before


def test_old_code_writes_the_column_and_the_steps_are_rewritten(life: Life) -> None:
    life.forward()
    three = [
        {"name": "one", "state": "ok"},
        {"name": "two", "state": "bad"},
        {"name": "new", "state": "doing"},
    ]
    with old_code(life.url) as conn:
        conn.execute("update job set steps = %s where id = 6", [json.dumps(three)])
        assert [row[:3] for row in ours(life, 6)] == [
            (1, "one", "completed"),
            (2, "two", "failed"),
            (3, "new", "running"),
        ]
        conn.execute("update job set steps = %s where id = 7", [json.dumps(three[2:])])
        assert ours(life, 7) == [(1, "new", "running", "7/1")]
        conn.execute("update job set title = 'other' where id = 6")
        [(key,)] = conn.execute(
            "insert into job (title, steps) values ('late', %s) returning id", [json.dumps(three[:1])]
        ).fetchall()
        assert ours(life, key) == [(1, "one", "completed", f"{key}/1")]
        found = conn.execute("select steps::text from job where id in (6, 7) order by id").fetchall()
        assert [json.loads(text) for (text,) in found] == [three, three[2:]]
        with pytest.raises(psycopg.errors.DatabaseError, match="key 'colour' of an element has no home"):
            conn.execute("update job set steps = %s where id = 6", ['[{"colour": 1}]'])
        conn.execute("delete from job where id = 5")
    before = jobs(life.url)
    assert life.losses() == []
    life.roll_back()
    assert jobs(life.url) == before
    life.forward()
    assert jobs(life.url) == before


def test_new_code_changes_a_step_and_old_code_reads_it(life: Life) -> None:
    life.forward()
    a_step = "where (run_id, step_number) in (select mainstem.run_of(new_id), mainstem.step_number_of(new_id) from mainstem_consolidation.consolidation_id where old_key = '7/2')"
    life.conn.execute(
        f"update mainstem.user_workflow_run_step set node_key = 'renamed', retry_count = 4 {a_step}".encode()
    )
    life.conn.execute(
        "insert into mainstem.user_workflow_run_step (run_id, step_id, step_number, org_id, node_key, status)"
        f" select run_id, mainstem.step_id(run_id, 9), 9, org_id, 'ninth', 'running' from mainstem.user_workflow_run_step {a_step}".encode()
    )
    with old_code(life.url) as conn:
        [(text,)] = conn.execute("select steps::text from job where id = 7").fetchall()
    assert [(one.get("name"), one.get("tries")) for one in json.loads(text)] == [
        ("b", None),
        ("renamed", 4),
        (None, None),
        ("ninth", 0),
    ]
    before = jobs(life.url)
    life.roll_back()
    assert jobs(life.url) == before


def test_an_object_of_objects_gives_each_step_its_name(database: Database) -> None:
    named = ['{"b": {"state": "ok"}, "a": {"state": "doing"}}', '{"": {}, "x": 1}', "[]", "{}"]
    build(database.url, "jsonb", [*named, *named[:1]], not_null=True)
    said = {"columns": {"state": STEPS["columns"]["state"]}, "remainder": [], "name": "node_key"}
    with living(database, mapping(**said), sample=False) as life:
        before = jobs(life.url)
        life.forward()
        assert jobs(life.url) == before
        assert [row[1:3] for row in ours(life, 1)] == [("a", "running"), ("b", "completed")]
        with old_code(life.url) as conn:
            conn.execute("""update job set steps = '{"c": {"state": "bad"}}' where id = 1""")
            conn.execute("update job set steps = '{}' where id = 2")
        assert [row[1:3] for row in ours(life, 1)] == [("c", "failed")]
        before = jobs(life.url)
        life.roll_back()
        assert jobs(life.url) == before


def test_what_is_written_during_the_copy_is_folded_and_a_key_of_nobody_stops_it(database: Database) -> None:
    build(database.url, "jsonb", ODD)
    with living(database, mapping(), sample=False) as life, old_code(life.url) as conn:
        life.copy()
        conn.execute("""update job set steps = '[{"name": "z", "state": "ok"}]' where id in (7, 10)""")
        conn.execute("update job set steps = null where id = 6")
        conn.execute("delete from job where id = 9")
        life.verify()
        assert [ours(life, key) for key in (6, 7, 10)] == [
            [],
            [(1, "z", "completed", "7/1")],
            [(1, "z", "completed", "10/1")],
        ]
        conn.execute("""update job set steps = '[{"hue": 1}]' where id = 6""")
        with pytest.raises(psycopg.errors.DatabaseError, match=r"job\.steps: key 'hue' of an element"):
            life.cut_over()
        life.abandon()
        assert conn.execute("select count(*) from mainstem.user_workflow_run_step").fetchall() == [(0,)]


def test_steps_that_nothing_gives_a_status_are_refused_by_name(database: Database) -> None:
    build(database.url, "jsonb", [])
    said = {"columns": {"name": "node_key"}, "remainder": []}
    with (
        pytest.raises(MappingRefused, match="nothing gives a step its status"),
        living(database, mapping(**said), sample=False),
    ):
        pass


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["ok", "", "2024-02-29T10:00:00", "2024-02-29 10:00", "7", "00000000-0000-0000-0000-00000000000a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", ""]), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip
DRAWN: dict[str, Any] = {
    "state": {"to": "status", "values": STEPS["columns"]["state"]["values"]},
    "plain": "metadata.plain",
    "deep": {"to": "metadata.deep.key", "default": "-"},
    "number": "retry_count",
    "zoned": {"to": "started_at", "zone": "America/Los_Angeles"},
    "time": {"to": "ended_at", "times": [{"like": "^....-..-..T", "zone": "UTC"}]},
    "scaled": {"to": "duration_ms", "scale": 1000},
    "node": "node_id",
    "text": "error_message",
    "packed": {"to": "input_data", "json": True},
    "raw": "output_data",
    'it\'s "odd", {key}': "metadata.odd",
}
elements = st.fixed_dictionaries(
    {},
    optional={"state": st.sampled_from(["ok", "bad", "doing", None]), "left": values}
    | {name: values for name in DRAWN if name != "state"},
)
others = values.filter(lambda found: not isinstance(found, dict))
arrays = st.none() | (st.lists(elements | others, max_size=4) | st.integers() | elements).map(json.dumps)
OTHERS = {
    "status": ["'running'", "'failed'"], "retry_count": ["71", "72"], "duration_ms": ["7100", "7200"], "error_message": ["'q'", "'r'"],
    "input_data": ["'7'", "'8'"], "output_data": ["'7'", "'8'"], "started_at": ["'1961-01-01Z'", "'1962-01-01Z'"],
    "metadata": ["metadata || '{\"plain\": 71}'", "metadata || '{\"odd\": 72}'", "metadata || '{\"legacy\": {\"left\": 73}}'"],
}  # fmt: skip


@given(drawn=st.lists(arrays, min_size=1, max_size=3), kind=st.sampled_from(["jsonb", "json", "text"]))
@settings(max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_whatever_the_elements_hold_comes_back_and_each_change_of_a_step_shows(
    empty_life: psycopg.Connection[Any], drawn: list[str | None], kind: str
) -> None:
    conn = empty_life
    with conn.transaction(force_rollback=True):
        conn.execute(
            f"create table public.job (id int primary key, made timestamptz, title text, steps {kind})".encode()
        )
        for n, text in enumerate(drawn):
            conn.execute("insert into public.job (id, steps) values (%s, %s)", [n, text])
        program = compile_mapping(read_mapping(mapping(columns=DRAWN, remainder=["left"])), conn)
        conn.execute(program.views().encode())
        assert program.whole.run
        perform(conn, program.apply(program.whole.run), list(range(len(drawn))))
        for side in program.proofs():
            assert (found := compare(conn, side, [])).is_equal, found
        conn.execute("set local session_replication_role = replica")  # no guard of endings
        before = shown(conn)
        for column, others in OTHERS.items():
            for other in others:
                with conn.transaction(force_rollback=True):
                    changed = (
                        f"update mainstem.user_workflow_run_step set {column} = {other}{ended(column, other)}"
                    )
                    if conn.execute(f"{changed} where {column} is distinct from {other}".encode()).rowcount:
                        assert shown(conn) != before, (column, other)


def ended(column: str, other: str) -> str:
    if column != "status":
        return ""
    end = "null" if other == "'running'" else "coalesce(ended_at, greatest(started_at, now()))"
    return f", ended_at = {end}, error_message = coalesce(error_message, '')"


def shown(conn: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    with seeing_ours(conn):
        return conn.execute("select steps::text from consolidation_jobs.unfold_job order by id").fetchall()


@pytest.fixture
def empty_life(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with migrator(database.url, "jobs") as found:
        install_ground(found)
        yield found

"""Every answer that a preset offers: it compiles, changes what is compiled, and is proved on the sample."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from conftest import Database
from consolidations import OLD_TABLES, living, old_code, rows
from mainstem.consolidate.mapping import preset, read_mapping
from mainstem.errors import MappingRefused

SAID: dict[str, Any] = yaml.safe_load(preset("rcm"))
OTHERS = [
    (name, answer)
    for name, decision in SAID["decisions"].items()
    for answer in decision.get("answers", {})
    if answer != decision["answer"]
]
EFFECTS = {
    ("ended_but_open", "ended"): "select count(*) from mainstem.user_workflow_run where status = 'failed'",
    (
        "end_before_start",
        "the end",
    ): "select string_agg(started_at::text, chr(32) order by legacy_trace_id) from mainstem.user_workflow_run",
}


def answered(name: str, answer: str) -> str:
    said = yaml.safe_load(preset("rcm"))
    said["decisions"][name]["answer"] = answer
    return str(yaml.safe_dump(said, sort_keys=False))


@pytest.mark.parametrize(("name", "answer"), OTHERS)
def test_another_answer_compiles_to_another_program_and_is_proved(
    database: Database, name: str, answer: str
) -> None:
    effect = EFFECTS[name, answer]
    with living(database) as life:
        life.copy()
        before = life.conn.execute(effect.encode()).fetchall()
        life.abandon()
    with living(database, answered(name, answer), sample=False) as life, old_code(life.url) as conn:
        old = [rows(conn, f"select t::text from {table} t") for table in OLD_TABLES]
        life.forward()
        assert life.conn.execute(effect.encode()).fetchall() != before
        assert [rows(conn, f"select t::text from {table} t") for table in OLD_TABLES] == old
        life.roll_back()
        assert [rows(conn, f"select t::text from {table} t") for table in OLD_TABLES] == old


def test_an_answer_that_is_not_offered_is_refused_with_those_that_are() -> None:
    with pytest.raises(
        MappingRefused,
        match=r"end_before_start\.answer: 'both' is not offered; there are: the start, the end",
    ):
        read_mapping(answered("end_before_start", "both"))


def test_an_answer_may_take_something_away() -> None:
    text = """
mapping: 1
system: one
decisions:
  extra: {question: needed, answer: 'no', answers: {'yes': null, 'no': {tables: {t: {remainder: null, drop: {b: unused}}}}}}
tables:
  t: {becomes: run, key: a, time: [], remainder: [b]}
"""
    table = read_mapping(text).moving["t"]
    assert (table.remainder, table.drop) == ([], {"b": "unused"})

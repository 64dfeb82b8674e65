"""A value's form is told apart from what only looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_files import do

from mainstem.consolidate.sources.sqlite.forms import form_of, forms
from mainstem.consolidate.sources.sqlite.opening import Text, Value, reading
from mainstem.consolidate.sources.sqlite.tables import table_of

CASES: list[tuple[Value, str]] = [
    (Text(b"2025-11-19 07:08:51"), "time with a blank, no zone"),
    (Text(b"2025-11-19T07:08:51.123456"), "time with T, no zone"),
    (Text(b"2025-11-19T07:08:51Z"), "time with T and a zone"),
    (Text(b"2025-11-19 07:08:51-0800"), "time with a blank and a zone"),
    (Text(b"2025-11-19"), "date"),
    (Text(b"2025-13-19 07:08:51"), "no time, though it looks like one"),
    (Text(b'{"a": 1}'), "JSON object"),
    (Text(b"[]"), "JSON array"),
    (Text(b'"{\\"a\\": 1}"'), "JSON encoded twice"),
    (Text(b'"word"'), "JSON text"),
    (Text(b"null"), "JSON null"),
    (Text(b"{'a': 1}"), "no JSON, though it looks like it"),
    (Text(b"0012"), "number as text"),
    (Text(b""), "empty"),
    (Text(b"plain"), "text"),
    (Text(b"\xff"), "text"),
    (b"\xff", "blob"),
    (1, "0 or 1"),
    (2, "whole number"),
    (1_763_500_000, "number that may be a time"),
    (1_763_500_000_000, "number that may be a time"),
    (1.0, "number"),
]


@pytest.mark.parametrize(("value", "form"), CASES, ids=lambda case: str(case)[:30])
def test_a_value_has_this_form(value: Value, form: str) -> None:
    assert form_of(value) == form


def test_a_large_table_is_looked_at_all_over(tmp_path: Path) -> None:
    path = tmp_path / "large.db"
    do(path, "create table t (at text)")
    do(path, "insert into t values (?)", many=[("2025-01-01",)] * 900 + [("late",)] * 100)
    with reading(path) as conn:
        found = forms(conn, table_of(conn, "t"), most=100)["at"]
    assert found == {"date": 90, "text": 10}

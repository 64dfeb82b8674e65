"""Times that only PostgreSQL has are read as the first or the last of Python's, and none is an error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from conftest import Database
from mainstem.postgres.times import FIRST, LAST, read_time

TIMES = {
    "infinity": LAST,
    "-infinity": FIRST,
    "0044-03-15 12:00:00+00 BC": FIRST,
    "10000-01-01 00:00:00+00": LAST,
    "294276-12-31 23:59:59.999999+00": LAST,
    "9999-12-31 23:59:59.999999+00": LAST,
    "2024-02-29 12:00:00.000001+00": datetime(2024, 2, 29, 12, 0, 0, 1, tzinfo=UTC),
}


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("written", TIMES)
def test_a_connection_reads_any_time_in_both_formats(
    database: Database, written: str, *, binary: bool
) -> None:
    cursor = database.connect().cursor(binary=binary)
    row = cursor.execute("select %s::timestamptz as at, to_json(%s::timestamptz) #>> '{}' as text", [written, written]).fetchone()  # fmt: skip
    assert row is not None
    assert (row["at"], read_time(row["text"])) == (TIMES[written], TIMES[written])


@pytest.mark.parametrize("text", ["", "tomorrow", "2024-13-01T00:00:00+00:00"])
def test_what_is_no_time_is_not_read_as_one(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the words are Python's)
        read_time(text)

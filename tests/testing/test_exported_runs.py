"""Files of exported runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mainstem import testing
from mainstem.errors import BadArgument


@pytest.mark.parametrize("line", ["no json", "[]", json.dumps({"run_id": "x"})])
def test_a_file_that_holds_no_runs_is_refused_with_its_line(line: str, tmp_path: Path) -> None:
    file = tmp_path / "runs.ndjson"
    file.write_text(f"\n{line}\n")
    with pytest.raises(BadArgument, match=r"runs\.ndjson:2"):
        testing.runs_of(file)

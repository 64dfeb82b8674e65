"""The file in which the demo counts executions."""

import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from mainstem.demo.executions import EXECUTIONS, Execution, append, count_execution, executions

RUN = UUID("01a1f118-f356-7588-91f7-88e91e000000")
WRITER = """
import sys
from mainstem.demo.executions import append
for number in range(1, 501):
    append(sys.argv[1], f"{sys.argv[2]} {number} read_document 1\\n")
"""


def test_an_execution_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "executions"
    append(str(file), f"{RUN} 3 check_eligibility 2\n")
    append(str(file), f"{RUN} 3 check_eligibility 3\n")
    assert executions(file) == [Execution(RUN, 3, "check_eligibility", attempt) for attempt in (2, 3)]


def test_the_lines_of_several_processes_never_mix(tmp_path: Path) -> None:
    file = tmp_path / "executions"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, file, str(RUN)]) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    numbers = sorted(found.step_number for found in executions(file))
    assert numbers == sorted(list(range(1, 501)) * 3)


def test_without_a_file_nothing_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EXECUTIONS, raising=False)
    monkeypatch.chdir(tmp_path)
    count_execution("read_document")
    assert list(tmp_path.iterdir()) == []

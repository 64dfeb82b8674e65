"""The tutorial on consolidation is typed as it stands, but for its first block, which makes the database."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem.cli.main import main
from mainstem.postgres.wheel import installation

PAGE = Path(__file__).parent.parent.parent / "docs/tutorial-consolidate.md"
BLOCK = re.compile(r"```sh\n(.*?)```\n(?:```text\n(.*?)```)?", re.DOTALL)


@dataclass
class Shell:
    """Types a line: mainstem's commands in this process, which saves their start, all others in a shell."""

    place: Path
    url: str
    behind: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def type(self, line: str) -> str:
        if line.startswith("mainstem "):
            done = CliRunner().invoke(main, shlex.split(line)[1:], catch_exceptions=False)
            assert done.exit_code == 0, f"{line}\n{done.stdout}\n{done.stderr}"
            return done.stdout
        if line.endswith("&"):
            self.behind.append(subprocess.Popen(["bash", "-c", line[:-1]], cwd=self.place))
            return ""
        if line == "wait":
            assert [process.wait(timeout=120) for process in self.behind] == [0] * len(self.behind)
            return ""
        said = subprocess.run(["bash", "-c", line], cwd=self.place, capture_output=True, text=True, check=False)  # fmt: skip
        assert said.returncode == 0, f"{line}\n{said.stdout}\n{said.stderr}"
        return said.stdout


def not_printed(shown: str, printed: str) -> list[str]:
    """Shown lines that are not among the printed ones, in their order; `…` is anything."""
    lines, missing = [line.rstrip() for line in printed.splitlines()], []
    for line in shown.splitlines():
        wanted = re.compile(".*".join(map(re.escape, line.split("…"))))
        at = next((n for n, found in enumerate(lines) if wanted.fullmatch(found)), None)
        if at is None:
            missing.append(line)
        else:
            lines = lines[at + 1 :]
    return missing


@pytest.fixture
def shell(empty_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    paths = [str(Path(sys.executable).parent), str(installation() / "bin"), os.environ["PATH"]]
    monkeypatch.setenv("PATH", ":".join(paths))
    monkeypatch.setenv("MAINSTEM_URL", empty_database.url)
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path, empty_database.url)


@ON_ONE_SERVER
def test_every_command_of_the_tutorial_runs_and_prints_what_it_shows(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    began, wrong = time.monotonic(), []
    for commands, shown in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        printed = "".join(shell.type(line) for line in commands.splitlines())
        wrong += [f"{line!r} is not in\n{printed}" for line in not_printed(shown, printed)]
    with capsys.disabled():
        sys.stdout.write(f"\nthe tutorial took {time.monotonic() - began:.0f} s\n")
    assert "\n".join(wrong) == ""
    assert (shell.place / "rcm.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_line_that_was_not_printed_is_found() -> None:
    assert not_printed("one …\nthree", "one 2\ntwo\nthree\n") == []
    assert not_printed("three\none …", "one 2\ntwo\nthree\n") == ["one …"]

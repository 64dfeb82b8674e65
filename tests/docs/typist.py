"""A typist: does what a page says, in the order in which it stands there.

Files are written, commands typed, SQL sent. mainstem's commands run in this process, which saves their start; workers and
whatever else is no command of ours are processes.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import psycopg
from click.testing import CliRunner
from documented import ROOT, Block, is_shown

from conftest import QUICK
from mainstem.cli.main import main
from mainstem.server.app import create_app
from mainstem.server.config import ServerConfig
from servers import place_for

PATIENCE = 20.0
LOOKS_ONLY = re.compile(
    r"mainstem (approvals|breakpoints|cache|queues|runs|schedules|workflows) (count|diff|firings|list|next|show|versions)\b"
)
"""Commands that a reader types again when what the page shows is not there yet."""
GOING_ON = "select from mainstem.user_workflow_run where status in ('pending', 'running')"
FOR_A_SHELL = re.compile(r"[|>]")
ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


@dataclass(frozen=True, slots=True)
class Program:
    """A program that runs; what it says is in a file."""

    forker: Forker
    pid: int
    said: Path

    def ended(self) -> int:
        """Its exit code, once it has one."""
        return self.forker.answer(wait=self.pid)

    def stop(self) -> int:
        os.kill(self.pid, signal.SIGTERM)
        return self.ended()


class Forker:
    """Starts programs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).parent / "forker.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def start(self, words: list[str], place: Path, environment: dict[str, str]) -> Program:
        said = place.parent / f"said-{time.monotonic_ns()}.log"
        pid = self.answer(run=words, place=str(place), environment=environment, said=str(said))
        return Program(self, pid, said)

    def answer(self, **asked: Any) -> int:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{json.dumps(asked)}\n".encode())
        stdin.flush()
        return int(stdout.readline())

    def close(self) -> None:
        self._process.communicate()


@dataclass
class Typist:
    """Where a page is typed. `ids` are the last ones that it has seen: what RUN_ID and STEP_ID stand for."""

    place: Path
    url: str
    forker: Forker
    ids: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    """Commands of a block that did not end with 0, which only a page that shows what it prints may have."""
    behind: list[Program] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)
    """What stands on a page for something that is here: an address for that of a server of the test's own."""

    def __post_init__(self) -> None:
        paths = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
        memory = place_for(QUICK)
        self.environment = {
            **os.environ,
            **({} if memory is None else {"TMPDIR": str(memory)}),
            "MAINSTEM_URL": self.url,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": ":".join(filter(None, paths)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def do(self, block: Block, shown: str | None) -> None:
        """Type a block of commands, and hold what they print against what is shown, if anything is."""
        printed, self.refused = "", ""
        lines = block.commands
        for n, line in enumerate(lines):
            printed += self._until_shown(line, shown, printed) if n == len(lines) - 1 else self.type(line)
        assert shown is not None or not self.refused, f"{block.place}: {self.refused}"
        assert shown is None or is_shown(shown, printed), (
            f"{block.place} shows\n{shown}\nand there came\n{printed}"
        )

    def write(self, block: Block) -> None:
        """The file whose name is its first line."""
        path = self.place / (block.file or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.filled(block.text), encoding="utf-8")

    def ask(self, block: Block) -> None:
        """Requests, a line each: they are operations of the server."""
        for line in block.text.splitlines():
            method, path = line.split()[:2]
            asked = re.sub(r"\{\w+\}|\b[A-Z_]{2,}\b", "{}", path.partition("?")[0])
            assert f"{method} {asked}" in operations(), f"{block.place}: {line}"

    def send(self, block: Block, shown: str | None) -> None:
        """Statements, by the database's owner; what the last one gives, a row a line."""
        with psycopg.connect(self.url, autocommit=True) as conn:
            cursor = conn.execute(self.filled(block.text).encode())
            while cursor.nextset():
                pass
            rows = cursor.fetchall() if cursor.description else []
        printed = "\n".join("|".join("" if cell is None else str(cell) for cell in row) for row in rows)
        assert shown is None or is_shown(shown, printed), f"{block.place}\n{printed}"

    def type(self, line: str) -> str:
        """What one line prints. A command that fails says so in what it prints: `error: …`."""
        if line.startswith("mainstem runs tail"):
            self._let_runs_rest()
        line = self.filled(line)
        if kept := re.fullmatch(r"(\w+)=\$\((.*)\)", line):
            self.environment[kept[1]] = self.type(kept[2]).strip()
            return ""
        words = shlex.split(line, comments=True)
        printed = self._answer(line, words) if words else ""
        self._note_ids(printed)
        return printed

    def stop(self) -> None:
        while self.behind:
            self.behind.pop().stop()

    def _answer(self, line: str, words: list[str]) -> str:
        match words:
            case ["pip", "install", *_]:
                return ""
            case ["cd", directory]:
                self.place = self.place / directory
                os.chdir(self.place)
                return ""
            case ["export", setting]:
                name, _, value = setting.partition("=")
                self.environment[name] = self.url if name == "MAINSTEM_URL" else value
                return ""
            case ["kill", "%1"]:
                self.behind.pop().stop()
                return ""
            case [*_, "&"]:
                return self._leave(words[:-1])
            case ["pytest", *_] | ["python", _]:
                program = self.forker.start(words, self.place, self.environment)
                code = program.ended()
                return self._whole(line, program.said.read_text(encoding="utf-8"), code)
            case ["mainstem", *rest] if not FOR_A_SHELL.search(re.sub(r"'[^']*'", "", line)):
                return self._command([Template(word).safe_substitute(self.environment) for word in rest])
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.place,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return self._whole(line, done.stdout + done.stderr, done.returncode)

    def _command(self, words: list[str]) -> str:
        before = set(sys.modules), list(sys.path)
        try:
            done = CliRunner(env=self.environment).invoke(main, words, input="y\n", catch_exceptions=False)
        finally:  # as a process of its own would: the next command finds the files as they are then
            sys.path[:] = before[1]
            for name in set(sys.modules) - before[0]:
                if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(self.place)):
                    del sys.modules[name]
            importlib.invalidate_caches()
        return self._whole(shlex.join(["mainstem", *words]), done.output, done.exit_code)

    def _whole(self, line: str, printed: str, exit_code: int) -> str:
        if exit_code != 0:
            self.refused += f"\n{line} ended with {exit_code}\n{printed}"
        return printed

    def _leave(self, words: list[str]) -> str:
        left = self.forker.start(words, self.place, self.environment)
        self.behind.append(left)
        deadline = time.monotonic() + PATIENCE
        while not (said := left.said.read_text(encoding="utf-8") if left.said.exists() else "").endswith(
            "\n"
        ):
            assert time.monotonic() < deadline, f"{words} says {said!r}"
            time.sleep(0.01)
        return said

    def _until_shown(self, line: str, shown: str | None, before: str) -> str:
        printed = self.type(line)
        deadline = time.monotonic() + PATIENCE
        while shown is not None and LOOKS_ONLY.match(line) and not is_shown(shown, before + printed):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
            printed = self.type(line)
        return printed

    def _let_runs_rest(self) -> None:
        """A reader types more slowly than a worker works."""
        deadline = time.monotonic() + PATIENCE
        with psycopg.connect(self.url, autocommit=True) as conn:
            while conn.execute(GOING_ON).fetchall() and time.monotonic() < deadline:
                time.sleep(0.02)

    def filled(self, line: str) -> str:
        for there, here in self.elsewhere.items():
            line = line.replace(there, here)
        for name, found in self.ids.items():
            line = re.sub(rf"\b{name}\b", found, line)
        return line

    def _note_ids(self, printed: str) -> None:
        """A run's id ends in six zeros; that of a step in its number."""
        for found in ID.findall(printed):
            self.ids["RUN_ID" if found.endswith("000000") else "STEP_ID"] = found


@cache
def operations() -> frozenset[str]:
    """The server's methods and paths, their parameters as `{}`."""
    described = create_app(ServerConfig(url="postgresql://nowhere.invalid/")).openapi()
    return frozenset(
        f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}"
        for path, found in described["paths"].items()
        for method in found
    )


def perform(blocks: list[Block], typist: Typist) -> None:
    """Do what the blocks say; `text` is what the block before it prints."""
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
        shown = after.text if after is not None and after.language == "text" else None
        if block.mark or block.language == "text":
            continue
        if block.file is not None:
            typist.write(block)
        elif block.language == "sh":
            typist.do(block, shown)
        elif block.language == "sql":
            typist.send(block, shown)
        else:
            raise AssertionError(f"{block.place} is neither a file nor commands: {block.language!r}")

"""A server in a process of its own, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("mainstem")


@contextmanager
def started(
    *words: str, directory: Path, url: str | None = None, told: str = "stdout"
) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The process and what it told when it answered. Killed at the end, unless it has gone by itself."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAINSTEM_")}
    if url is not None:
        environment["MAINSTEM_URL"] = url
    said = {name: directory / f"{name}.log" for name in ("stdout", "stderr")}
    with (
        said["stdout"].open("w") as out,
        said["stderr"].open("w") as err,
    ):  # a pipe that nobody reads stops who writes
        process = subprocess.Popen(
            [str(COMMAND), "--json", *words],
            cwd=directory,
            env=environment,
            stdout=out,
            stderr=err,
            text=True,
        )
    process.errors = said["stderr"]  # type: ignore[attr-defined]
    try:
        yield process, _announced(process, said[told])
    finally:
        process.kill()
        process.wait()


def _announced(process: subprocess.Popen[str], said: Path) -> dict[str, Any]:
    while True:
        gone = process.poll() is not None
        lines = said.read_text().splitlines(keepends=True)
        if found := [line for line in lines if '"url"' in line and line.endswith("\n")]:
            told: dict[str, Any] = json.loads(found[0])
            return told
        assert not gone, (said.read_text(), process.errors.read_text())  # type: ignore[attr-defined]
        time.sleep(0.05)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code, and what it said on stderr."""
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    return process.returncode, process.errors.read_text()  # type: ignore[attr-defined]

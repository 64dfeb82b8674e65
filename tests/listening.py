"""A server in a process of its own, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
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
    process = subprocess.Popen(
        [str(COMMAND), "--json", *words],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        stream = getattr(process, told)
        line = stream.readline()
        while line and '"url"' not in line:
            line = stream.readline()
        assert line, process.communicate()
        yield process, json.loads(line)
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors

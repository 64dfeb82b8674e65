"""The machine that figures were taken on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def machine() -> str:
    """Processor, memory, system and drivers, in two lines."""
    return (
        f"{_named('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores, "
        f"{int(_named('/proc/meminfo', 'MemTotal').split()[0]) // 2**20} GiB, "
        f"{platform.system()} {platform.release()}, load {os.getloadavg()[0]:.2f} at the start\n"
        f"Python {platform.python_version()}, {', '.join(map(_package, ('psycopg', 'uvloop')))}"
    )


def _named(file: str, name: str) -> str:
    lines = Path(file).read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "unknown")


def _package(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"no {name}"

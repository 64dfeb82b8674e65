"""What several verbs are given in the same way: documents as they stand, from @FILE or from standard input; directories."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from mainstem.errors import BadArgument

migrations_option = click.option(
    "--migrations",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Also show the migrations whose states `mainstem migrate` keeps here.",
)


def given_text(given: str) -> str:
    """Raises OSError for a file that cannot be read."""
    if given == "-":
        return sys.stdin.read()
    return Path(given[1:]).read_text(encoding="utf-8") if given.startswith("@") else given


def given_object(given: str, name: str) -> dict[str, Any]:
    """A JSON object. Raises BadArgument."""
    try:
        found = json.loads(given_text(given))
    except (OSError, ValueError) as refusal:
        raise BadArgument(f"{name}: {refusal}", hint="""give '{"limit": 3}', @FILE, or -""") from refusal
    if not isinstance(found, dict):
        raise BadArgument(f"{name} is no object", hint="""give '{"limit": 3}', @FILE, or -""")
    return found


def given_value(text: str, name: str) -> Any:
    """A JSON value as it is given. Raises BadArgument."""
    try:
        return json.loads(given_text(text))
    except (OSError, ValueError) as refusal:
        raise BadArgument(f"{name}: {refusal}", hint="""give '{"limit": 3}', @FILE, or -""") from refusal

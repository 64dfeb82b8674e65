"""The preset for the `history` table of a SQLite file: its mapping for both shapes, and a sample file."""

from __future__ import annotations

from collections.abc import Collection
from importlib.resources import files

RENAMED = {"submission_hour": "hour_of_day", "submission_day_of_week": "day_of_week"}


def mapping_for(columns: Collection[str]) -> str:
    """The mapping's text for a table with these columns: its time columns go by the one pair of names or the other."""
    text = files(__name__).joinpath("mapping.yaml").read_text(encoding="utf-8")
    for name, other in RENAMED.items():
        if name not in columns:
            text = text.replace(f"      {name}: ", f"      {other}: ")
    return text

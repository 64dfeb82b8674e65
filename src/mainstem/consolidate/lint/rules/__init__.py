"""The hazards. Importing this fills the registry in the order in which it is documented."""

from mainstem.consolidate.lint.rules import (
    destruction,
    locks,
    mapping,
    notes,
    programs,
    rows,
    sessions,
    sqlite,
    surroundings,
    types,
    values,
)

__all__ = [
    "destruction",
    "locks",
    "mapping",
    "notes",
    "programs",
    "rows",
    "sessions",
    "sqlite",
    "surroundings",
    "types",
    "values",
]

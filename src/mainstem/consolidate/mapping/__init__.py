"""The mapping of one old system: a YAML file that says what becomes of each of its tables and columns."""

from mainstem.consolidate.mapping.lenses import Constant, Joined, Lens, Split, SqlDefault, TimeFormat
from mainstem.consolidate.mapping.model import (
    Context,
    Decision,
    Derived,
    Elements,
    Mapping,
    Mirror,
    OldTable,
    Row,
    Run,
    Source,
    Stays,
    Step,
    StepsFrom,
)
from mainstem.consolidate.mapping.read import json_schema, preset, read_mapping

__all__ = [
    "Constant",
    "Context",
    "Decision",
    "Derived",
    "Elements",
    "Joined",
    "Lens",
    "Mapping",
    "Mirror",
    "OldTable",
    "Row",
    "Run",
    "Source",
    "Split",
    "SqlDefault",
    "Stays",
    "Step",
    "StepsFrom",
    "TimeFormat",
    "json_schema",
    "preset",
    "read_mapping",
]

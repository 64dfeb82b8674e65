"""The mapping of one old system: a YAML file that says what becomes of each of its tables and columns."""

from mainstem.consolidate.mapping.model import (
    Constant,
    Context,
    Decision,
    Elements,
    Lens,
    Mapping,
    Mirror,
    OldTable,
    Row,
    Run,
    Source,
    SqlDefault,
    Stays,
    Step,
    TimeFormat,
)
from mainstem.consolidate.mapping.read import json_schema, preset, read_mapping

__all__ = [
    "Constant",
    "Context",
    "Decision",
    "Elements",
    "Lens",
    "Mapping",
    "Mirror",
    "OldTable",
    "Row",
    "Run",
    "Source",
    "SqlDefault",
    "Stays",
    "Step",
    "TimeFormat",
    "json_schema",
    "preset",
    "read_mapping",
]

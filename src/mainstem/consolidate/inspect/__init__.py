"""Inspection: what is in somebody's database or file, without touching it."""

from mainstem.consolidate.inspect.examine import inspect
from mainstem.consolidate.inspect.facts import (
    Column,
    Dependant,
    Family,
    Fold,
    Inspection,
    Key,
    Link,
    Oddity,
    Role,
    Table,
)
from mainstem.consolidate.inspect.kinds import KINDS
from mainstem.consolidate.inspect.postgres import postgres
from mainstem.consolidate.inspect.reader import Limits, Reader, Survey
from mainstem.consolidate.inspect.sqlite import sqlite

__all__ = [
    "KINDS",
    "Column",
    "Dependant",
    "Family",
    "Fold",
    "Inspection",
    "Key",
    "Limits",
    "Link",
    "Oddity",
    "Reader",
    "Role",
    "Survey",
    "Table",
    "inspect",
    "postgres",
    "sqlite",
]

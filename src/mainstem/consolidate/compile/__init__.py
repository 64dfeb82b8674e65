"""A mapping as SQL: fold and unfold views, triggers, compatibility views, and the statements that move and compare."""

from mainstem.consolidate.compile.catalog import Catalog, read_catalog
from mainstem.consolidate.compile.program import Program, compile_mapping

__all__ = ["Catalog", "Program", "compile_mapping", "read_catalog"]

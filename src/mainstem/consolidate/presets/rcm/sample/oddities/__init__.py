"""Everything odd that the old tables are known to hold, each with rows that do it and the query that finds them."""

from mainstem.consolidate.presets.rcm.sample.oddities.children import CHILDREN, SECOND_SHAPE
from mainstem.consolidate.presets.rcm.sample.oddities.definitions import DEFINITIONS
from mainstem.consolidate.presets.rcm.sample.oddities.oddity import Oddity
from mainstem.consolidate.presets.rcm.sample.oddities.runs import RUNS
from mainstem.consolidate.presets.rcm.sample.oddities.steps import STEPS

ODDITIES: tuple[Oddity, ...] = DEFINITIONS + RUNS + STEPS + CHILDREN
"""In the order in which their rows go in: later ones build on earlier ones."""

__all__ = ["ODDITIES", "SECOND_SHAPE", "Oddity"]

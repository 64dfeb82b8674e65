"""The old `rcm` database as a sample: its schema, rows with every oddity, and an application that goes on writing.

world       the ordinary rows
oddities    what real rows do, one by one
rows        the sample as a whole, and as many plain runs as a bench wants
statements  what the old application says, as data
writer      the old application, running
"""

from mainstem.consolidate.presets.rcm.sample.oddities import ODDITIES, SECOND_SHAPE, Oddity
from mainstem.consolidate.presets.rcm.sample.rows import grow, install

__all__ = ["ODDITIES", "SECOND_SHAPE", "Oddity", "grow", "install"]

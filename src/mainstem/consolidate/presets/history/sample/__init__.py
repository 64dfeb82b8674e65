"""The old `history` file as a sample: its schema, rows with every oddity, and an application that goes on writing.

schema     the table of seventy columns in its two shapes, and the archive
rows       the ordinary rows
oddities   what real rows do, one by one
build      the file as a whole, and as many plain rows as a bench wants
writer     the old application, running
queries    the old application's questions, for SQLite and for the view of the old name
"""

from mainstem.consolidate.presets.history.sample.build import ROWS, build, grow
from mainstem.consolidate.presets.history.sample.oddities import ODDITIES, Oddity
from mainstem.consolidate.presets.history.sample.schema import SHAPES, Shape

__all__ = ["ODDITIES", "ROWS", "SHAPES", "Oddity", "Shape", "build", "grow"]

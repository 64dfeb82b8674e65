"""Search: one language of filters for URL, console and command line, and the pages of runs that it finds."""

from mainstem.ledger.search.filters import Field, Path, Query, Word
from mainstem.ledger.search.grammar import parsed
from mainstem.ledger.search.pages import (
    Count,
    Facets,
    Histogram,
    count_runs,
    facets_of_runs,
    find_runs,
    histogram_of_runs,
)

__all__ = [
    "Count",
    "Facets",
    "Field",
    "Histogram",
    "Path",
    "Query",
    "Word",
    "count_runs",
    "facets_of_runs",
    "find_runs",
    "histogram_of_runs",
    "parsed",
]

"""SQLite as a source: a snapshot, landed as it is into PostgreSQL, caught up by triggers in the file, and the way back."""

from mainstem.consolidate.sources.sqlite.bringing_back import BroughtBack, bring_back
from mainstem.consolidate.sources.sqlite.comparing import Difference, compare
from mainstem.consolidate.sources.sqlite.digest import Digest, landed_digest
from mainstem.consolidate.sources.sqlite.dirty import (
    CaughtUp,
    catch_up,
    follow,
    install_triggers,
    remove_triggers,
)
from mainstem.consolidate.sources.sqlite.findings import Finding
from mainstem.consolidate.sources.sqlite.holdings import LandedType
from mainstem.consolidate.sources.sqlite.landed import LandedTable, landed_table
from mainstem.consolidate.sources.sqlite.landing import Landed, land
from mainstem.consolidate.sources.sqlite.snapshots import Snapshot, snapshot
from mainstem.consolidate.sources.sqlite.write_stop import allow_writes, is_stopped, stop_writes

__all__ = [
    "BroughtBack",
    "CaughtUp",
    "Difference",
    "Digest",
    "Finding",
    "Landed",
    "LandedTable",
    "LandedType",
    "Snapshot",
    "allow_writes",
    "bring_back",
    "catch_up",
    "compare",
    "follow",
    "install_triggers",
    "is_stopped",
    "land",
    "landed_digest",
    "landed_table",
    "remove_triggers",
    "snapshot",
    "stop_writes",
]

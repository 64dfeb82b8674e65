"""Another PostgreSQL as a source: landed as it is into the ledger's database, followed by triggers in it, and the way back."""

from mainstem.consolidate.sources.remote.bringing_back import BroughtBack, bring_back
from mainstem.consolidate.sources.remote.digest import Digest
from mainstem.consolidate.sources.remote.following import CaughtUp, follow
from mainstem.consolidate.sources.remote.landing import Landed, land
from mainstem.consolidate.sources.remote.links import wake
from mainstem.consolidate.sources.remote.making import follower_of, prepare
from mainstem.consolidate.sources.remote.opening import opened
from mainstem.consolidate.sources.remote.tables import present
from mainstem.consolidate.sources.remote.watching import install_triggers, is_followed, remove_triggers
from mainstem.consolidate.sources.remote.write_stop import allow_writes, is_stopped_at, stop_writes

__all__ = [
    "BroughtBack",
    "CaughtUp",
    "Digest",
    "Landed",
    "allow_writes",
    "bring_back",
    "follow",
    "follower_of",
    "install_triggers",
    "is_followed",
    "is_stopped_at",
    "land",
    "opened",
    "prepare",
    "present",
    "remove_triggers",
    "stop_writes",
    "wake",
]

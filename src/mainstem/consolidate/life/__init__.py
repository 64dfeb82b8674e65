"""The life of a consolidation: plan, copy, verify, cut over, roll back, finish. Each can be killed anywhere and run again."""

from mainstem.consolidate.life.catch_up import catch_up
from mainstem.consolidate.life.copy import Progress, copy
from mainstem.consolidate.life.cutover import Switched, cut_over
from mainstem.consolidate.life.facts import mapping_facts
from mainstem.consolidate.life.finish import days_of_soak, finish, still_read, stop_noting
from mainstem.consolidate.life.indexes import Lacking, lacking_indexes
from mainstem.consolidate.life.legacy_columns import drop_legacy_columns, legacy_columns, refuse_needed
from mainstem.consolidate.life.losses import Loss, losses
from mainstem.consolidate.life.origin import Origin, origin_of
from mainstem.consolidate.life.plan import (
    Plan,
    adopt,
    compiled,
    every_plan,
    find_plan,
    forget,
    planned,
    read_plan,
    remember,
    the_plan,
)
from mainstem.consolidate.life.rights import refuse_without_rights
from mainstem.consolidate.life.rollback import abandon, roll_back
from mainstem.consolidate.life.safety import back_up, refuse_unbacked
from mainstem.consolidate.life.session import Connection, migrator
from mainstem.consolidate.life.standing import Standing, following, set_aside, standing
from mainstem.consolidate.life.throttle import Throttle
from mainstem.consolidate.life.verify import Proof, verify

__all__ = [
    "Connection",
    "Lacking",
    "Loss",
    "Origin",
    "Plan",
    "Progress",
    "Proof",
    "Standing",
    "Switched",
    "Throttle",
    "abandon",
    "adopt",
    "back_up",
    "catch_up",
    "compiled",
    "copy",
    "cut_over",
    "days_of_soak",
    "drop_legacy_columns",
    "every_plan",
    "find_plan",
    "finish",
    "following",
    "forget",
    "lacking_indexes",
    "legacy_columns",
    "losses",
    "mapping_facts",
    "migrator",
    "origin_of",
    "planned",
    "read_plan",
    "refuse_needed",
    "refuse_unbacked",
    "refuse_without_rights",
    "remember",
    "roll_back",
    "set_aside",
    "standing",
    "still_read",
    "stop_noting",
    "the_plan",
    "verify",
]

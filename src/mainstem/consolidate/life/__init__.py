"""The life of a consolidation: plan, copy, verify, cut over, roll back, finish. Each can be killed anywhere and run again."""

from mainstem.consolidate.life.catch_up import catch_up
from mainstem.consolidate.life.copy import Progress, copy
from mainstem.consolidate.life.cutover import Switched, cut_over
from mainstem.consolidate.life.facts import mapping_facts
from mainstem.consolidate.life.finish import days_of_soak, finish, still_read
from mainstem.consolidate.life.losses import Loss, losses
from mainstem.consolidate.life.plan import Plan, adopt, compiled, read_plan, remember, the_plan
from mainstem.consolidate.life.rollback import abandon, roll_back
from mainstem.consolidate.life.safety import back_up, refuse_unbacked
from mainstem.consolidate.life.session import Connection, migrator
from mainstem.consolidate.life.standing import Standing, following, set_aside, standing
from mainstem.consolidate.life.throttle import Throttle
from mainstem.consolidate.life.verify import Proof, verify

__all__ = [
    "Connection",
    "Loss",
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
    "finish",
    "following",
    "losses",
    "mapping_facts",
    "migrator",
    "read_plan",
    "refuse_unbacked",
    "remember",
    "roll_back",
    "set_aside",
    "standing",
    "still_read",
    "the_plan",
    "verify",
]

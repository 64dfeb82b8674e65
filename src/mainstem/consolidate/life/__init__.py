"""The life of a consolidation: plan, copy, verify, cut over, roll back, finish. Each can be killed anywhere and run again."""

from mainstem.consolidate.life.copy import Progress, catch_up, copy
from mainstem.consolidate.life.cutover import Switched, cut_over
from mainstem.consolidate.life.finish import finish
from mainstem.consolidate.life.plan import Plan, adopt, compiled, read_plan
from mainstem.consolidate.life.rollback import Loss, abandon, losses, roll_back
from mainstem.consolidate.life.session import migrator
from mainstem.consolidate.life.verify import Proof, verify

__all__ = [
    "Loss",
    "Plan",
    "Progress",
    "Proof",
    "Switched",
    "abandon",
    "adopt",
    "catch_up",
    "compiled",
    "copy",
    "cut_over",
    "finish",
    "losses",
    "migrator",
    "read_plan",
    "roll_back",
    "verify",
]

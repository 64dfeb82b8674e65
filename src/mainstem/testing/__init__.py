"""Testing: a ledger of its own whose clock moves, and recorded runs replayed against new code, without a database.

async with testing.ledger(claim_intake) as t:
    run = await t.start(claim_intake, claim)
    await t.until_waiting(run)
    await t.advance(days=3)
    assert (await run.result()).verdict == "nobody answered"
"""

from mainstem.errors import NotReached
from mainstem.testing.ledgers import Ledger, ledger
from mainstem.testing.replaying import Replayed, replay, runs_of

__all__ = ["Ledger", "NotReached", "Replayed", "ledger", "replay", "runs_of"]

"""Chaos: mixed runs under all weather for so many seconds, and then the checks.

python tests/chaos/chaos.py --seconds 300 --seed 7
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from weather import weather  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = random.randrange(10**6) if given.seed is None else given.seed
    logging.disable(logging.WARNING)  # of connections that are lost
    print(f"seed {seed}", flush=True)
    with weather(seed) as bad:
        tally = asyncio.run(bad.pass_over(seconds=given.seconds))
    print(tally)
    print("\n".join(tally.faults[:50]))
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""Other processes that use an embedded server, and what a test does to them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mainstem.postgres.processes import command_of

_OWNER = """
import sys
from pathlib import Path
from mainstem.postgres import connect, embedded
{before}
with embedded(Path(sys.argv[1])) as server:
    {inside}
    print(server.pid, flush=True)
    sys.stdin.readline()
"""


@dataclass
class Owner:
    process: subprocess.Popen[str]

    def server_pid(self) -> int:
        """The postmaster that it uses; waits until it has entered."""
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def leave(self) -> None:
        self.process.communicate("\n")
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def owner(data: Path, *, before: str = "", inside: str = "", home: Path | None = None) -> Iterator[Owner]:
    """A process that enters the server in `data` and leaves when told; `before` and `inside` are run there."""
    environment = os.environ | ({"HOME": str(home)} if home else {})
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _OWNER.format(before=before, inside=inside.replace("\n", "\n    ")), str(data)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    try:
        yield Owner(process)
    finally:
        process.kill()
        process.communicate()


def become(uid: int) -> str:
    """What a root's process runs to be an ordinary user from then on."""
    return f"import os; os.setgroups([]); os.setgid({uid}); os.setuid({uid})"


def lives(pid: int) -> bool:
    return bool(command_of(pid))

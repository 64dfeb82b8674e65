"""Shares: which tests of a run go to one process together, when several processes divide it (pytest-xdist)."""

from __future__ import annotations

import re
from typing import Any

from xdist.scheduler import LoadScopeScheduling

_SERVER = re.compile(r"\[(?:.*-)?(1[58])(?:-.*)?\]$")


class SharesOfFiles(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests on one server: what its fixtures made is used up, and the shares are small enough to come out even."""

    def _split_scope(self, nodeid: str) -> str:
        return share_of(nodeid)


def share_of(nodeid: str) -> str:
    """The file, and the server when the test's parameters name one."""
    file, _, test = nodeid.partition("::")
    server = _SERVER.search(test)
    return f"{file}@{server[1]}" if server else file


def scheduler(config: Any, log: Any) -> SharesOfFiles:
    """In the order of the files: by the number of tests, the few long ones would come last and leave the others idle."""
    config.option.loadscopereorder = False
    return SharesOfFiles(config, log)

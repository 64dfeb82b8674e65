"""The server that a process works with, whoever runs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mainstem.postgres.embedded import embedded


class Server(Protocol):
    """Where to connect, and whether this machine's mainstem runs it."""

    @property
    def url(self) -> str: ...

    @property
    def embedded(self) -> bool: ...

    def ensure_running(self) -> None:
        """Start it again if it is ours and was killed."""


@dataclass(frozen=True)
class GivenServer:
    """A server that somebody else runs; its `url` is used as given."""

    url: str
    embedded: bool = False

    def ensure_running(self) -> None:
        """Its keeper's business."""


@contextmanager
def serving(url: str | None, *, data: Path | None = None) -> Iterator[Server]:
    """The server at `url`; without one the embedded server, in `data`."""
    if url is not None:
        yield GivenServer(url)
        return
    with embedded(data) as server:
        yield server

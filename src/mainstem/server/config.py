"""What a server is told when it is made: where its ledger is, and whom it lets in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from mainstem.model import DEFAULT_ORG


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """The door (the CLI, or the application that mounts us) fills it."""

    url: str
    """The database, for the role mainstem_app."""
    open_to_all: bool = False
    """Whoever connects is an admin of `org_id`: for loopback only; the CLI refuses it elsewhere."""
    org_id: UUID = DEFAULT_ORG
    """The tenant of callers without a key, where `open_to_all`."""
    origins: tuple[str, ...] = ()
    """Origins besides our own that may open sockets and call with cookies."""
    budget: float = 3.0
    """Seconds that one request's queries may take."""
    largest_body: int = 4 * 1024 * 1024
    """Bytes of a request."""
    streams: int = 1000
    """Live connections of one tenant."""
    pool: int = 10
    """Connections to the database."""
    history_timezone: str = "UTC"
    """Of the hour and the day that the old history API tells of native runs."""
    history_native_status: bool = False
    """The old history API's `status` is one of the ledger's eight; old clients know four."""
    embedded: bool = False
    """The database is the embedded server: that its login is a superuser is nobody's oversight."""
    migrations: Path | None = None
    """Where `mainstem migrate` keeps its states: a directory with one for each migration."""

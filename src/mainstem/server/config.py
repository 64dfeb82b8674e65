"""What a server is told when it is made: where its ledger is, and whom it lets in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from mainstem.model import DEFAULT_ORG
from mainstem.server.caller import Authenticator


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """The door (the CLI, or the application that mounts us) fills it."""

    url: str
    """The database, for the role mainstem_app."""
    open_to_all: bool = False
    """Whoever connects without a key is an admin of `org_id`: on loopback only; serve() refuses it elsewhere."""
    org_id: UUID = DEFAULT_ORG
    """The tenant of callers without a key, where `open_to_all`."""
    authenticators: tuple[Authenticator, ...] = ()
    """Other ways to tell who calls, asked before API keys."""
    origins: tuple[str, ...] = ()
    """Origins besides our own whose pages may open sockets and change things."""
    hosts: tuple[str, ...] = ()
    """Names that requests may call us by; any when empty. On loopback it keeps out pages that rebind their name."""
    budget: float = 3.0
    """Seconds that one request's queries may take."""
    patience: float = 5.0
    """Seconds that a request waits for a connection to the database."""
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

"""The database a process works with: the embedded PostgreSQL server, or yours; and the way in, by role."""

from mainstem.postgres.connect import aconnect, aset_up, check_server, connect, set_up
from mainstem.postgres.embedded import EmbeddedServer, embedded
from mainstem.postgres.serving import GivenServer, Server, serving
from mainstem.postgres.session import Limits, Role, Session

__all__ = [
    "EmbeddedServer",
    "GivenServer",
    "Limits",
    "Role",
    "Server",
    "Session",
    "aconnect",
    "aset_up",
    "check_server",
    "connect",
    "embedded",
    "serving",
    "set_up",
]

"""What a server refuses, before the ledger is asked."""

from __future__ import annotations

from mainstem.errors.ledger import AccessRefused, DatabaseError
from mainstem.errors.root import MainstemError


class OriginRefused(AccessRefused, code="MS603"):
    """The page that sent this is from another site. Name its origin in `origins` if it may."""


class BodyTooLarge(MainstemError, code="MS604", exit_code=2):
    """The request's body has more bytes than the server takes. Store it elsewhere and send where."""


class OpenToTheWorld(MainstemError, code="MS605", exit_code=2):
    """A server that asks for no keys only listens on loopback. Ask for keys, or listen on 127.0.0.1."""


class PortTaken(MainstemError, code="MS606", exit_code=5):
    """Another process listens on this port, or this one may not. Give another port; 0 takes a free one."""


class DatabaseReadOnly(DatabaseError, code="MS114"):
    """The database takes no writes now: it is a replica, or it is set to read only. Write to the primary."""

"""The door: a client, or a connection, where the settings say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from getpass import getuser
from socket import gethostname
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from mainstem.ledger.audit import Audit, AuditOf, entry
from mainstem.ledger.call import Call, perform, translated_errors
from mainstem.postgres import Role, Server, connect, serving
from mainstem.postgres.connect import Connection
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.client.mainstem import Mainstem

T = TypeVar("T")


class Performing(Protocol):
    """Performs calls for one tenant. audit: what is written down of a change in its own transaction: both or neither."""

    def __call__(self, call: Call[T], audit: AuditOf | None = None) -> T: ...


def did(action: str, target: object, **details: Any) -> Audit:
    """A change by whoever types here, for the audit trail."""
    return Audit(actor=actor(), action=action, target=str(target), details=details)


def actor() -> str:
    """Whoever types here."""
    return f"cli {_user()}@{gethostname()}"


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # an account without a name, as containers have them
        return str(os.getuid())


def client_of(settings: Settings) -> Mainstem:
    """The tenant's client; `with` closes it."""
    from mainstem.client.mainstem import Mainstem

    return Mainstem(settings.url, org_id=settings.org_id, data=settings.data)


@contextmanager
def ledger_of(settings: Settings) -> Iterator[Performing]:
    """The tenant's ledger, for calls that the client has no verb for, and for changes that are written down."""
    with (
        client_of(settings) as client,
        connect(client.url, role=Role.APP, application_name="mainstem cli") as conn,
    ):

        def performing(call: Call[T], audit: AuditOf | None = None) -> T:
            written = None if audit is None else partial(entry, audit)
            return perform(conn, call, org_id=client.org_id, then=written)

        yield performing


@contextmanager
def server_of(settings: Settings) -> Iterator[Server]:
    """The server; what it refuses comes out as an error of ours."""
    with serving(settings.url, data=settings.data) as server, translated_errors():
        yield server


def login(server: Server) -> Connection:
    """As the URL's login itself, whatever it may do: for who installs and examines."""
    return connect(server.url, role=None, application_name="mainstem db")


def owner(server: Server) -> Connection:
    """As the schema's owner: for who seals and drops."""
    return connect(server.url, role=Role.OWNER, application_name="mainstem db")

"""The door: a client, or a connection, where the settings say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from mainstem.client import Mainstem
from mainstem.ledger.call import Call, perform, translated_errors
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import Role, Server, connect, serving
from mainstem.postgres.connect import Connection
from mainstem.settings import Settings

T = TypeVar("T")


def client_of(settings: Settings) -> Mainstem:
    """The tenant's client; `with` closes it."""
    return Mainstem(settings.url, org_id=settings.org_id, data=settings.data)


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


@dataclass(frozen=True)
class Tenant:
    """Performs calls to the ledger as one tenant, as a server does."""

    conn: Connection
    org_id: UUID

    def __call__(self, call: Call[T]) -> T:
        return perform(self.conn, call, org_id=self.org_id)


@contextmanager
def tenant_of(settings: Settings) -> Iterator[Tenant]:
    """The settings' tenant."""
    with (
        server_of(settings) as server,
        connect(server.url, role=Role.APP, application_name="mainstem") as conn,
    ):
        yield Tenant(conn, settings.org_id or DEFAULT_ORG)

"""A session: where it connects, in which role, within which limits; and what must be true before it is used."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mainstem.errors import BadArgument, RightsMissing, Unreachable

_KNOWS_TRANSACTION_TIMEOUT = 170000


class Role(StrEnum):
    """The roles that `mainstem db upgrade` makes."""

    OWNER = "mainstem_owner"
    APP = "mainstem_app"
    WORKER = "mainstem_worker"
    READER = "mainstem_reader"
    SEARCH = "mainstem_search"
    TENANT = "mainstem_tenant"


_SEE_EVERY_TENANT = (Role.OWNER, Role.WORKER, Role.SEARCH)
_STRONGER: Mapping[str, tuple[Role, ...]] = {
    Role.OWNER: (),
    Role.WORKER: (Role.OWNER,),
    Role.SEARCH: (Role.OWNER, Role.WORKER),
    Role.APP: _SEE_EVERY_TENANT,
    Role.READER: (*_SEE_EVERY_TENANT, Role.APP),
    Role.TENANT: (*_SEE_EVERY_TENANT, Role.APP),
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long the server lets a session hang, in seconds. None leaves what the server or the login has.

    A worker that is stopped inside a transaction holds its row locks, and with them the fence.
    `idle_in_transaction` ends it between two statements; in a pipeline only `transaction` does, which
    PostgreSQL has from 17 on.
    """

    idle_in_transaction: float | None = None
    transaction: float | None = None

    def settings(self, server_version: int) -> dict[str, str]:
        seconds = {"idle_in_transaction_session_timeout": self.idle_in_transaction}
        if server_version >= _KNOWS_TRANSACTION_TIMEOUT:
            seconds["transaction_timeout"] = self.transaction
        return {name: str(int(value * 1000)) for name, value in seconds.items() if value is not None}


_WORKER_LIMITS = Limits(idle_in_transaction=10, transaction=10)

_DEFAULTS: Mapping[str, Any] = {
    "connect_timeout": 10,
    # A peer whose machine is gone is noticed within a lease, not within the two hours of the kernel's defaults.
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15000,
}

SET = """
select set_config(name, setting, false) from unnest(%(names)s::text[], %(settings)s::text[]) as t (name, setting)
"""

STANDING = """
select current_user::text as name, r.rolsuper as superuser, r.rolbypassrls as bypasses_rls,
       pg_backend_pid() as backend_pid,
       array(select ours.rolname::text from pg_catalog.pg_roles ours
              where ours.rolname = any(%(ours)s) and pg_has_role(current_user, ours.oid, 'usage')) as roles,
       array(select ours.rolname::text from pg_catalog.pg_roles ours
              where ours.rolname = any(%(ours)s) and pg_has_role(current_user, ours.oid, 'member')) as within_reach
  from pg_catalog.pg_roles r
 where r.rolname = current_user
"""


@dataclass(frozen=True)
class Standing:
    """Who a session is in the server's eyes: the roles that it acts with, and those that it could SET itself to."""

    name: str
    superuser: bool
    bypasses_rls: bool
    backend_pid: int
    roles: list[str]
    within_reach: list[str]


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a process wants of a connection.

    `pooler` comes from the URL's own parameter of that name, which says what stands before the server:
    `pooler=transaction` keeps nothing between transactions (PgBouncer's usual mode), so nothing is set and the
    login must have the role's rights, and no more, by itself; `pooler=session` keeps what is set.
    """

    conninfo: str
    role: str | None
    limits: Limits
    pooler: str | None = None

    @classmethod
    def at(cls, url: str, *, role: str | None, application_name: str, limits: Limits | None = None) -> Self:
        address, pooler = _without_pooler(url)
        given = _parts(address)
        conninfo = make_conninfo(**{**_DEFAULTS, **given, "application_name": application_name})
        return cls(conninfo=conninfo, role=role, limits=limits or _limits_of(role), pooler=pooler)

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments of psycopg's connection (or a pool's `kwargs`) that go with `conninfo`."""
        return {"autocommit": True} | ({"prepare_threshold": None} if self.pooler == "transaction" else {})

    def settings(self, server_version: int) -> dict[str, list[str]]:
        """What is set for the session, the role among it, as `SET` takes it; nothing where it would not be kept."""
        role = {"role": str(self.role)} if self.role else {}
        kept = self.pooler != "transaction"
        chosen = role | self.limits.settings(server_version) if kept else {}
        return {"names": [*chosen], "settings": [*chosen.values()]}

    @property
    def roles(self) -> list[str]:
        """The roles that a standing is asked for."""
        return [*Role, *([self.role] if self.role else [])]

    def judge(self, standing: Standing, *, backend_pid: int) -> None:
        """Refuse a session that may do less than its role, or more, or that may lose the role on its way."""
        if self.role is None:
            return
        if self.pooler is None and standing.backend_pid != backend_pid:
            raise RightsMissing(
                "A pooler stands before the server, and may not keep the role that was set",
                hint="add pooler=transaction or pooler=session, whichever it is, to the parameters of the URL",
            )
        if self.role not in standing.roles:
            raise RightsMissing(
                f"{standing.name} has not the rights of {self.role}",
                hint=f"after `mainstem db upgrade`, run as an administrator: {grant(self.role, standing.name)}",
            )
        if standing.superuser or standing.bypasses_rls:
            raise RightsMissing(
                f"{standing.name} is above row level security, which keeps tenants apart",
                hint=f'ALTER ROLE "{standing.name}" NOSUPERUSER NOBYPASSRLS, or log in as another role',
            )
        if excess := sorted(set(_STRONGER.get(self.role, ())) & set(standing.within_reach)):
            raise RightsMissing(
                f"{standing.name} should be {self.role} only, and may be {', '.join(excess)} too",
                hint=f'REVOKE {", ".join(excess)} FROM "{standing.name}", or log in as another role',
            )


def grant(role: str, login: str) -> str:
    return f'GRANT {role} TO "{login}"'


def _limits_of(role: str | None) -> Limits:
    return _WORKER_LIMITS if role == Role.WORKER else Limits()


def _parts(address: str) -> dict[str, Any]:
    """What libpq reads in the address. What it cannot read is not repeated: a piece of the password may be in it."""
    try:
        given = conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        given = {"port": "?"}
    if not re.fullmatch(r"[0-9,]*", str(given.get("port", ""))):
        raise Unreachable(
            "The database's address is not one that PostgreSQL's libpq understands",
            hint="write postgresql://user:password@host:5432/database, with %-escapes in the password",
        )
    return given


def _without_pooler(url: str) -> tuple[str, str | None]:
    """The URL as libpq takes it, and its `pooler` parameter. A libpq keyword string has none."""
    if "://" not in url:
        return url, None
    base, _, query = url.partition("?")
    parameters = query.split("&")
    named = {parameter.removeprefix("pooler=") for parameter in parameters if parameter.startswith("pooler=")}
    if unknown := named - {"transaction", "session"}:
        raise BadArgument(
            f"There is no pooler={unknown.pop()}", hint="write pooler=transaction or pooler=session"
        )
    kept = "&".join(parameter for parameter in parameters if not parameter.startswith("pooler="))
    return f"{base}?{kept}", min(named, default=None)

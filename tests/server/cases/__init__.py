"""Cases: for each operation of the server a call that succeeds, and the two tenants that it is tried on.

A file a resource beside this one exports `CASES: list[Case]`; test_doors, test_faults and test_specification
collect them, and fail for an operation that has none.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute

import tenants
from mainstem.consolidate.life.plan import install_ground
from mainstem.ledger import keys
from mainstem.ledger.call import perform
from mainstem.server.access import Access


@dataclass
class Seeded:
    """A database with the tenants A and B. `a` and `b` name what each owns: org, user, workflow, node, config,
    and runs with steps, events, screenshots and context: caller_run (running), ended_run, failed_run, cancelled_run,
    timeout_run, engine_run (pending), waiting_run, paused_run, owned_run, lost_run, old_run; caller_step, failed_step.
    """

    url: str
    superuser: Any
    a: dict[str, Any]
    b: dict[str, Any]
    keys: dict[tuple[UUID, str], str] = field(default_factory=dict)

    def key(self, made: dict[str, Any], access: Access) -> str:
        """A living key of the tenant."""
        return self.keys[made["org"], access.role]

    def bad_key(self, what: str) -> str:
        """Tenant A's: expired, revoked; unknown, mistyped, malformed."""
        return self.keys[self.a["org"], what]


@dataclass(frozen=True)
class Case:
    """A call that an operation answers with 2xx to tenant A's key of role `least`, and with 403 to a lower one."""

    method: str
    path: str
    """As in the app, with {names}."""
    least: Access
    ids: Callable[[Seeded], dict[str, str]] = lambda seeded: {}  # noqa: ARG005
    """Values of the path's names and of query parameters, real in tenant A."""
    body: object = None
    """JSON, or a function of Seeded that gives it."""
    headers: dict[str, str] = field(default_factory=dict)
    tenantless: bool = False
    """Answers the same whatever the tenant, and without a key: health, docs."""
    without_database: bool = False
    """Answers 2xx when the database is gone, too."""
    changes_elsewhere: bool = False
    """The change, and its line in the audit trail, are another tenant's: a new one's."""
    changes: bool | None = None
    """Whether it changes something, and so leaves a line in the audit trail: by its method when None."""

    @property
    def is_change(self) -> bool:
        return self.method != "GET" if self.changes is None else self.changes


ENDED_OTHERWISE = """
select mainstem.complete_workflow_execution(%(cancelled_run)s, 'cancelled');
select mainstem.complete_workflow_execution(%(timeout_run)s, 'timeout', 'took too long');
update mainstem.user_workflow_run_step
   set screenshots = '[{"url": "https://files.example.test/1.png", "action": "click", "timestamp": "2026-01-02T03:04:05Z"}]'
 where run_id in (%(caller_run)s, %(failed_run)s, %(ended_run)s);
update mainstem.user_workflow_run set status = 'waiting' where run_id = %(waiting_run)s;
update mainstem.user_workflow_run set tags = '{urgent}', external_id = 'claim-7' where run_id = %(ended_run)s
"""


@contextmanager
def seeded_database(server_url: str) -> Iterator[Seeded]:
    """Tenant A is the default organization, B another; both own the same kinds of rows."""
    with tenants.two_tenants(server_url) as two:
        for made in (two.mine, two.theirs):
            _end_otherwise(two.superuser, made)
        seeded = Seeded(two.url, two.superuser, two.mine, two.theirs)
        for made in (seeded.a, seeded.b):
            _make_keys(seeded, made)
        _adopt_a_plan(two.superuser)
        yield seeded


def _end_otherwise(conn: Any, made: dict[str, Any]) -> None:
    with conn.transaction():
        tenants.set_tenant(conn, str(made["org"]), local=True)
        for name in ("cancelled_run", "timeout_run"):
            made[name] = tenants.value(
                conn,
                "select mainstem.start_workflow_execution(%(workflow)s, 'voice', null, null, null)",
                made,
            )
        tenants.run_all(conn, ENDED_OTHERWISE, made)


def _adopt_a_plan(conn: Any) -> None:
    install_ground(conn)
    conn.execute(
        "insert into mainstem_consolidation.plan (source, mapping, phase) values ('old', '', 'planned')"
    )


def _make_keys(seeded: Seeded, made: dict[str, Any]) -> None:
    org = made["org"]
    for role in keys.ROLES:
        seeded.keys[org, role], made[f"{role}_key"] = _make_key(seeded, org, role)
    _, made["spare_key"] = _make_key(seeded, org, "viewer")
    for name, column in (("expired", "expires_at"), ("revoked", "revoked_at")):
        seeded.keys[org, name], made[f"{name}_key"] = _make_key(seeded, org, "admin")
        seeded.superuser.execute(
            f"update mainstem.user_api_key set {column} = now() - interval '1 minute' where key_id = %s",
            [made[f"{name}_key"]],
        )
    good = seeded.keys[org, "admin"]
    seeded.keys[org, "unknown"] = keys.mint().text
    seeded.keys[org, "mistyped"] = good[:-1] + ("a" if good[-1] != "a" else "b")
    seeded.keys[org, "malformed"] = "ms_' or true"


def _make_key(seeded: Seeded, org: UUID, role: str) -> tuple[str, UUID]:
    minted = keys.mint()
    perform(seeded.superuser, keys.create_key(minted, name=role, role=role), org_id=org)
    return minted.text, minted.key_id


def names_of(made: dict[str, Any]) -> set[str]:
    """The ids by which a tenant's rows would be known in an answer."""
    shared = {"worker"}
    return {str(value) for name, value in made.items() if isinstance(value, UUID) and name not in shared}


def url_of(case: Case, ids: dict[str, str]) -> str:
    """The path with its names filled; what the path does not name is asked in the query."""
    path = case.path.replace(":path}", "}").format(**ids)
    return path + (f"?{urlencode(asked)}" if (asked := _unnamed(case, ids)) else "")


def body_of(case: Case, seeded: Seeded) -> Any:
    """What is sent as JSON; None for nothing."""
    return case.body(seeded) if callable(case.body) else case.body


def _unnamed(case: Case, ids: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in ids.items() if not re.search(rf"{{{name}(:path)?}}", case.path)}


def operations(app: FastAPI) -> set[tuple[str, str]]:
    """Method and path of everything that the app answers; sockets as WEBSOCKET. Mounted files are not among it."""
    return {
        (method, path)
        for path, route in _routes(app.routes, "")
        for method in getattr(route, "methods", None) or ("WEBSOCKET",)
        if method not in ("HEAD", "OPTIONS")
    }


def _routes(routes: Iterable[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Those of included routers too, as FastAPI keeps them."""
    for route in routes:
        if included := getattr(route, "original_router", None):
            yield from _routes(included.routes, prefix + route.include_context.prefix)
        elif isinstance(route, Route | WebSocketRoute):
            yield prefix + route.path, route


def every_case() -> list[Case]:
    """Those of all files beside this one."""
    files = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return [case for file in files for case in file.CASES]

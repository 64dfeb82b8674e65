"""Cases: for each operation of the server a call that succeeds, and the two tenants that it is tried on.

A file a resource beside this one exports `CASES: list[Case]`; test_doors, test_faults and test_specification
collect them, and fail for an operation that has none.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mainstem.server.access import Access
from tenancy import tenants  # type: ignore[import-not-found]


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
        yield Seeded(two.url, two.superuser, two.mine, two.theirs)


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


def names_of(made: dict[str, Any]) -> set[str]:
    """The ids by which a tenant's rows would be known in an answer."""
    shared = {"worker"}
    return {str(value) for name, value in made.items() if isinstance(value, UUID) and name not in shared}


def every_case() -> list[Case]:
    """Those of all files beside this one."""
    files = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return [case for file in files for case in file.CASES]

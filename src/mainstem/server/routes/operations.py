"""Operations: workers, queue, partitions, doctor, channels, organizations."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from mainstem.errors import NotFound, RightsMissing
from mainstem.ledger import analytics, operations
from mainstem.ledger.analytics import Channel
from mainstem.ledger.examination import examine_within
from mainstem.ledger.operations import Organization, Partition, Queues, Workers
from mainstem.server.access import Viewer
from mainstem.server.answers import described, linked
from mainstem.server.installation import Installer
from mainstem.server.routes.parameters import Asked, InWindow, PageSize, PageToken
from mainstem.server.shapes import operations as examples
from mainstem.server.shapes.analytics import CHANNEL
from mainstem.server.shapes.operations import CreatedOrganization, Finding, OrganizationMade

router = APIRouter(tags=["operations"])


@router.get(
    "/workers",
    operation_id="list_workers",
    summary="List workers",
    responses=described(example=examples.WORKERS),
)
async def list_workers(
    request: Request,
    response: Response,
    caller: Viewer,
    database: Asked,
    *,
    page_size: PageSize = 50,
    page_token: PageToken = None,
) -> Workers:
    """Those that live first. They serve every tenant; `owned_runs` counts this one's."""
    call = operations.list_workers(limit=page_size, after=page_token)
    page = await database.perform(call, org_id=caller.org_id)
    linked(request, response, page.next)
    return page


@router.get(
    "/queue",
    operation_id="read_queue",
    summary="Read the queue",
    responses=described(example=examples.QUEUES),
)
async def read_queue(caller: Viewer, database: Asked) -> Queues:
    """This tenant's runs that are not over, by queue and state, and the signals that they wait for."""
    return await database.perform(operations.read_queues(), org_id=caller.org_id)


@router.get(
    "/partitions",
    operation_id="list_partitions",
    summary="List partitions",
    responses=described(example=[examples.PARTITION]),
)
async def list_partitions(caller: Viewer, database: Asked) -> list[Partition]:
    """By time. Rows are estimates, of all tenants together."""
    return await database.perform(operations.list_partitions(), org_id=caller.org_id)


@router.get(
    "/doctor",
    operation_id="examine",
    summary="Examine the ledger, its workers and its server",
    responses=described(NotFound, RightsMissing, example=[examples.FINDING]),
)
async def examine(caller: Installer, database: Asked) -> list[Finding]:
    """As `mainstem db doctor`, with the server's own login: one that sees a single tenant is a problem and no clean bill."""
    config = database.config
    # a database that serves nobody is refused here, in the words of every other request
    await database.perform(operations.list_organizations(), org_id=caller.org_id)
    found = await asyncio.to_thread(
        examine_within, config.url, seconds=config.budget, embedded=config.embedded
    )
    return [
        Finding(finding=one.name, severity=one.level.value, place=one.what, remedy=one.remedy)
        for one in found
    ]


@router.get(
    "/channels",
    operation_id="list_channels",
    summary="List channels, with the statistics of their runs",
    responses=described(example=[CHANNEL]),
)
async def list_channels(caller: Viewer, database: Asked, window: InWindow) -> list[Channel]:
    """All that the organization has, those with most runs first."""
    return await database.perform(analytics.channels(window), org_id=caller.org_id)


@router.get(
    "/organizations",
    operation_id="list_organizations",
    summary="List organizations",
    responses=described(example=[examples.ORGANIZATION]),
)
async def list_organizations(caller: Viewer, database: Asked) -> list[Organization]:
    """The caller's own: nobody sees another."""
    return await database.perform(operations.list_organizations(), org_id=caller.org_id)


@router.post(
    "/organizations",
    status_code=201,
    operation_id="create_organization",
    summary="Create an organization",
    responses=described(
        NotFound, example={"org_id": examples.ORGANIZATION["org_id"], "name": "north clinic"}, status=201
    ),
)
async def create_organization(
    body: CreatedOrganization,
    caller: Installer,
    database: Asked,
) -> OrganizationMade:
    """For admins of the organization that the server was set up with: another's admin makes no neighbours."""
    org_id = uuid4()
    await database.perform(
        operations.create_organization(body.name, org_id),
        org_id=org_id,
        audit=caller.did("organizations.create", org_id, name=body.name),
    )
    return OrganizationMade(org_id=org_id, name=body.name)

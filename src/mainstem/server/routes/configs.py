"""Configs: per organization, channel, workflow, and workflow in a channel; versions, and which of them apply."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from mainstem.errors import NotFound, PreconditionFailed, PreconditionRequired, StateRefused
from mainstem.ledger import configs
from mainstem.ledger.configs import Config, ConfigChange, ConfigFilter, Configs, NewConfig, Trail
from mainstem.server.access import Operator, Viewer
from mainstem.server.answers import demand_tag, described, linked, tagged
from mainstem.server.routes.parameters import Asked, IfMatch, PageSize, PageToken
from mainstem.server.shapes import configs as examples
from mainstem.server.shapes.configs import Activated, ChangedConfig, CreatedConfig

router = APIRouter(prefix="/configs", tags=["configs"])
Type = Literal["global", "channel", "workflow", "workflow_channel"]


@router.get(
    "",
    operation_id="list_configs",
    summary="List configs",
    responses=described(example=examples.CONFIGS),
)
async def list_configs(
    request: Request,
    response: Response,
    caller: Viewer,
    database: Asked,
    *,
    workflow_id: UUID | None = None,
    channel: str | None = None,
    config_type: Annotated[Type | None, Query(description="Which scope it has.")] = None,
    active: Annotated[
        bool | None, Query(description="Only those that apply now, or only the others.")
    ] = None,
    page_size: PageSize = 50,
    page_token: PageToken = None,
) -> Configs:
    """What changed last first."""
    which = ConfigFilter(workflow_id=workflow_id, channel=channel, config_type=config_type, active=active)
    page = await database.perform(
        configs.list_configs(which, limit=page_size, after=page_token), org_id=caller.org_id
    )
    linked(request, response, page.next)
    return page


@router.post(
    "",
    status_code=201,
    operation_id="create_config",
    summary="Create the next version of a config",
    response_model=Config,
    responses=described(NotFound, StateRefused, example=examples.CONFIG, status=201),
)
async def create_config(request: Request, body: CreatedConfig, caller: Operator, database: Asked) -> Response:
    """It applies to nothing until it is activated."""
    call = configs.create_config(NewConfig(**dict(body)), created_by=caller.user_id)
    config_id = await database.perform(
        call,
        org_id=caller.org_id,
        audit=lambda made: caller.did("configs.create", made, channel=body.channel, name=body.name),
    )
    made = await database.perform(configs.read_config(config_id), org_id=caller.org_id)
    answer = tagged(request, made, _tag(made))
    answer.status_code = 201
    answer.headers["Location"] = f"{request.scope.get('root_path', '')}{request.url.path}/{config_id}"
    return answer


@router.get(
    "/{config_id}",
    operation_id="read_config",
    summary="Read a config",
    response_model=Config,
    responses=described(NotFound, example=examples.CONFIG),
)
async def read_config(request: Request, config_id: UUID, caller: Viewer, database: Asked) -> Response:
    """Its ETag is what a change of it sends as If-Match."""
    found = await database.perform(configs.read_config(config_id), org_id=caller.org_id)
    return tagged(request, found, _tag(found))


@router.put(
    "/{config_id}",
    operation_id="update_config",
    summary="Change a config",
    response_model=Config,
    responses=described(
        NotFound, StateRefused, PreconditionRequired, PreconditionFailed, example=examples.CONFIG
    ),
)
async def update_config(
    request: Request,
    config_id: UUID,
    body: ChangedConfig,
    caller: Operator,
    database: Asked,
    *,
    if_match: IfMatch = None,  # noqa: ARG001  (documented here, read from the request)
) -> Response:
    """The data of a version that was active once is not changed: create the next one."""
    found = await database.perform(configs.read_config(config_id), org_id=caller.org_id)
    demand_tag(request, _tag(found))
    call = configs.update_config(config_id, ConfigChange(**dict(body)), unchanged_since=found.updated_at)
    await database.perform(call, org_id=caller.org_id, audit=caller.did("configs.update", config_id))
    changed = await database.perform(configs.read_config(config_id), org_id=caller.org_id)
    return tagged(request, changed, _tag(changed))


@router.post(
    "/{config_id}/activate",
    operation_id="activate_config",
    summary="Make it the one that applies to its scope",
    responses=described(
        NotFound,
        example={
            "activation_id": examples.ACTIVATION["activation_id"],
            "config_id": examples.CONFIG["config_id"],
        },
    ),
)
async def activate_config(config_id: UUID, caller: Operator, database: Asked) -> Activated:
    """In place of the one before; runs that have begun keep theirs. The trail says who did it, and when."""
    call = configs.activate_config(config_id, activated_by=caller.user_id)
    activation_id = await database.perform(
        call, org_id=caller.org_id, audit=caller.did("configs.activate", config_id)
    )
    return Activated(activation_id=activation_id, config_id=config_id)


@router.get(
    "/{config_id}/activations",
    operation_id="list_config_activations",
    summary="Read the trail of its scope",
    responses=described(NotFound, example=examples.TRAIL),
)
async def list_activations(
    request: Request,
    response: Response,
    config_id: UUID,
    caller: Viewer,
    database: Asked,
    *,
    page_size: PageSize = 50,
    page_token: PageToken = None,
) -> Trail:
    """Which versions applied to what this one applies to, latest first."""
    call = configs.trail_of(config_id, limit=page_size, after=page_token)
    page = await database.perform(call, org_id=caller.org_id)
    linked(request, response, page.next)
    return page


def _tag(config: Config) -> str:
    return f"{config.version}-{config.updated_at.timestamp():.6f}"

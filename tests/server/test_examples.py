"""What the specification says of workflows, configs, analytics, home, consolidations, migrations and operations."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from mainstem.server import ServerConfig, create_app
from mainstem.server.routes import analytics, configs, consolidations, home, migrations, operations, workflows

ROUTES = [
    route
    for module in (analytics, configs, consolidations, home, migrations, operations, workflows)
    for route in module.router.routes
    if isinstance(route, APIRoute)
]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id)
def test_an_operation_is_named_and_its_example_is_what_it_answers(route: APIRoute) -> None:
    assert route.operation_id
    assert route.summary
    assert route.description
    success = route.status_code or 200
    example: Any = route.responses[success]["content"]["application/json"]["example"]
    TypeAdapter(route.response_model).validate_python(example)
    assert {401, 403, 422, 503} <= set(route.responses)


def test_the_specification_has_every_operation_once() -> None:
    paths = create_app(ServerConfig(url="postgresql://nowhere.invalid/")).openapi()["paths"]
    named = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(named) == len(set(named))
    assert {route.operation_id for route in ROUTES} <= set(named)

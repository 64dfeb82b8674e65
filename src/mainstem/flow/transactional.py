"""Transactional steps: functions that are given the connection whose commit records them too."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_origin, get_type_hints

from mainstem.errors import BadArgument


def connection_parameter(function: Callable[..., Any]) -> str:
    """The name of the parameter that takes the connection: the one annotated as psycopg's AsyncConnection, else the first.

    Raises BadArgument for a function that cannot be given one.
    """
    names = list(inspect.signature(function).parameters)
    if not inspect.iscoroutinefunction(function) or not names:
        raise BadArgument(
            f"{function.__qualname__} cannot be a transactional step",
            hint="make it `async def`, its first parameter a psycopg.AsyncConnection",
        )
    hints = get_type_hints(function)
    return next((name for name in names if _is_connection(hints.get(name))), names[0])


def _is_connection(annotation: Any) -> bool:
    """By its name: the author's words know no driver."""
    found = get_origin(annotation) or annotation
    return isinstance(found, type) and any(
        kind.__name__ == "AsyncConnection" and kind.__module__.partition(".")[0] == "psycopg"
        for kind in found.__mro__
    )


async def given_connection(
    function: Callable[..., Any], name: str | None, connection: Any, /, *args: Any, **kwargs: Any
) -> Any:
    """What the function gives, called with the other arguments as its caller wrote them."""
    signature = inspect.signature(function)
    others = [one for one in signature.parameters.values() if one.name != name]
    given = signature.replace(parameters=others).bind(*args, **kwargs).arguments
    bound = inspect.BoundArguments(signature, {str(name): connection, **given})
    return await function(*bound.args, **bound.kwargs)

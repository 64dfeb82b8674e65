"""Forms: what an answer must look like, as a JSON schema (2020-12)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from mainstem.errors import BadArgument
from mainstem.flow.values import dumped


def schema_of(form: Any) -> dict[str, Any] | None:
    """The JSON schema of a pydantic model or another type, or the schema itself. Raises BadArgument for none."""
    if form is None:
        return None
    schema = form if isinstance(form, dict) else TypeAdapter(form).json_schema()
    _validator(dumped(schema, "a form").decode())
    return schema


def faults_in(schema: Any, value: Any, place: str = "$") -> list[str]:
    """Everything in a value that is not as its JSON schema has it, each with its place."""
    faults = _validator(dumped(schema, "a form").decode()).iter_errors(value)
    return [f"{place}{_place(fault.instance_path)}: {fault.message}" for fault in faults]


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    import jsonschema_rs

    try:
        return jsonschema_rs.Draft202012Validator(schema, validate_formats=True, offline=True)
    except (ValueError, jsonschema_rs.ReferencingError) as refusal:
        raise BadArgument(
            f"the form is no JSON schema: {refusal}",
            hint="give a schema of draft 2020-12, or a pydantic model",
        ) from refusal


def _place(path: list[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)

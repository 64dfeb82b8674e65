"""Reading a mapping: YAML to model, `$decision` to its answer, and every error with its place."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import yaml
from pydantic import ValidationError

from mainstem.consolidate.mapping.model import UNANSWERED, Mapping
from mainstem.errors import MappingRefused

_ANSWER = re.compile(r"\$([a-z_][a-z0-9_]*)")
_LITERAL = re.compile(r"\{decision\.([a-z_][a-z0-9_]*)\}")
"""In SQL: the answer as a literal."""


def read_mapping(text: str, *, place: str = "mapping") -> Mapping:
    """Raises MappingRefused with every fault, each with its path; unanswered decisions are faults too."""
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MappingRefused(f"{place} is no YAML: {error}", hint="Mend the line that is named.") from error
    if not isinstance(said, dict):
        raise MappingRefused(
            f"{place} holds {type(said).__name__}, not a mapping", hint="Begin with `mapping: 1`."
        )
    answers = {
        name: decision.get("answer", UNANSWERED)
        for name, decision in (said.get("decisions") or {}).items()
        if isinstance(decision, dict)
    }
    faults = [f"decisions.{name}: not answered" for name, answer in answers.items() if answer == UNANSWERED]
    said = _with_answers(said, faults)
    tables = _answered(said.get("tables"), answers, "tables", faults)
    try:
        head = Mapping.model_validate({**said, "tables": {}})
        mapping = Mapping.model_validate({**said, "tables": _with_schemas(tables, head.old_schema)})
    except ValidationError as error:
        faults += [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
    if faults:
        raise MappingRefused(
            f"{place}: {len(faults)} faults:\n  " + "\n  ".join(faults),
            hint="Answer each `?`, and mend the places that are named.",
        )
    return mapping


def preset(name: str) -> str:
    """The text of a mapping that comes with us. Raises MappingRefused for one that does not."""
    place = files("mainstem.consolidate").joinpath("presets", name, "mapping.yaml")
    if not place.is_file():
        there = sorted(
            path.name for path in files("mainstem.consolidate").joinpath("presets").iterdir() if path.is_dir()
        )
        raise MappingRefused(f"no preset {name!r}", hint=f"There are: {', '.join(there)}.")
    return place.read_text(encoding="utf-8")


def json_schema() -> str:
    """The JSON Schema of a mapping, for editors; published as docs/reference/mapping.schema.json."""
    said = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Mapping.model_json_schema()}
    return json.dumps(said, indent=2) + "\n"


def _with_answers(said: dict[str, Any], faults: list[str]) -> dict[str, Any]:
    """The same with what each answer changes; one that is not offered is a fault."""
    for name, decision in (said.get("decisions") or {}).items():
        offered = decision.get("answers") if isinstance(decision, dict) else None
        answer = decision.get("answer", UNANSWERED) if offered else UNANSWERED
        if not isinstance(offered, dict) or answer == UNANSWERED:
            continue
        if answer not in offered:
            choices = ", ".join(map(str, offered))
            faults.append(f"decisions.{name}.answer: {answer!r} is not offered; there are: {choices}")
        elif offered[answer]:
            said = _merged(said, {**offered[answer]})
    return said


def _merged(said: Any, patch: Any) -> Any:
    if not isinstance(said, dict) or not isinstance(patch, dict):
        return patch
    found = {key: value for key, value in said.items() if patch.get(key, "") is not None}
    return found | {key: _merged(said.get(key), value) for key, value in patch.items() if value is not None}


def _with_schemas(said: Any, old_schema: str) -> Any:
    """The same with `{old}` and `{new}` in its SQL as names of schemas."""
    if isinstance(said, dict):
        return {key: _with_schemas(value, old_schema) for key, value in said.items()}
    if isinstance(said, list):
        return [_with_schemas(value, old_schema) for value in said]
    return (
        said.replace("{old}", f'"{old_schema}"').replace("{new}", "mainstem")
        if isinstance(said, str)
        else said
    )


def _answered(said: Any, answers: dict[str, Any], place: str, faults: list[str]) -> Any:
    """The same with each `$name` replaced by the answer to that decision; `?` anywhere is a fault."""
    if isinstance(said, dict):
        return {key: _answered(value, answers, f"{place}.{key}", faults) for key, value in said.items()}
    if isinstance(said, list):
        return [_answered(value, answers, f"{place}.{n}", faults) for n, value in enumerate(said)]
    if said == UNANSWERED:
        faults.append(f"{place}: not answered")
    if not isinstance(said, str):
        return said
    if (whole := _ANSWER.fullmatch(said)) and whole[1] in answers:
        return answers[whole[1]]
    said = _LITERAL.sub(
        lambda found: "'" + str(answers.get(found[1], found[0])).replace("'", "''") + "'", said
    )
    return _ANSWER.sub(lambda found: str(answers.get(found[1], found[0])), said)

"""Parameters of a function: its arguments as a JSON object and back, and what speaks against an object as its arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NotRequired, get_type_hints

from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from mainstem.errors import InputRefused
from mainstem.flow.values import reader

_MANY = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}


@dataclass(frozen=True)
class Parameters:
    """A function's parameters: its arguments as a JSON object, and back."""

    names: tuple[str, ...]
    signature: inspect.Signature
    readers: dict[str, Callable[[Any], Any]] = field(compare=False)
    hints: dict[str, Any] = field(compare=False, default_factory=dict)

    @classmethod
    def of(cls, function: Callable[..., Any], *, without: str | None = None) -> Parameters:
        signature = inspect.signature(function)
        hints = get_type_hints(function)
        if without is not None:
            others = [one for one in signature.parameters.values() if one.name != without]
            signature = signature.replace(parameters=others)
        names = tuple(signature.parameters)
        return cls(names, signature, {name: reader(hints.get(name, Any)) for name in names}, hints)

    def named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments by name. Raises TypeError as the call itself would."""
        if not kwargs and len(args) == len(self.names):
            return dict(zip(self.names, args, strict=True))
        return dict(self.signature.bind(*args, **kwargs).arguments)

    def read(self, recorded: dict[str, Any] | None) -> dict[str, Any]:
        """Recorded arguments as the function's annotations have them."""
        return {
            name: self.readers[name](value) if name in self.readers else value
            for name, value in (recorded or {}).items()
        }

    def faults(self, text: bytes) -> list[str]:
        """Everything in an object, as JSON, that the function does not take, each with its place."""
        if self._adapter is None:
            return []
        try:
            self._adapter.validate_json(text)
        except ValidationError as refusal:
            return [f"{_place(one['loc'])}: {_reason(one)}" for one in refusal.errors(include_url=False)]
        return []

    def schema(self) -> dict[str, Any] | None:
        """The JSON Schema of the object; None where the annotations have none."""
        if self._adapter is None:
            return None
        try:
            return self._adapter.json_schema()
        except PydanticUserError:  # a type that is read, and has no schema
            return None

    @cached_property
    def _adapter(self) -> TypeAdapter[Any] | None:
        parameters = self.signature.parameters.values()
        if any(one.kind in _MANY for one in parameters):
            return None
        fields = {one.name: self._field(one) for one in parameters}
        make: Any = TypedDict  # what it makes has fields that are known only here
        taken = make("taken", fields)
        taken.__pydantic_config__ = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
        return TypeAdapter(taken)

    def _field(self, one: inspect.Parameter) -> Any:
        hint = self.hints.get(one.name, Any)
        return hint if one.default is one.empty else NotRequired[hint]


def refuse_arguments(name: str, parameters: Parameters, text: bytes) -> None:
    """Raises InputRefused with every fault of an object, as JSON, that is to be the arguments of the workflow of this name."""
    if faults := parameters.faults(text):
        raise InputRefused.of(name, faults)


def _place(path: tuple[int | str, ...]) -> str:
    return "input" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def _reason(fault: Any) -> str:
    match fault["type"]:
        case "missing":
            return "required, and not given"
        case "extra_forbidden":
            return "there is no such parameter"
        case _:
            told = str(fault["msg"])
            return told[0].lower() + told[1:]

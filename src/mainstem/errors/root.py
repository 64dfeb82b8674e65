"""The root of every error."""

from __future__ import annotations

from typing import ClassVar


class MainstemError(Exception):
    """The root. `code` is stable and documented; `hint` is what to do about it; `exit_code` is the command line's."""

    code: ClassVar[str] = "MS000"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __init_subclass__(cls, code: str | None = None, exit_code: int | None = None) -> None:
        super().__init_subclass__()
        if code is not None:
            cls.code = code
        if exit_code is not None:
            cls.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


def every_error() -> dict[str, type[MainstemError]]:
    """Code → class, for all classes that have a code of their own."""
    found: dict[str, type[MainstemError]] = {}
    todo: list[type[MainstemError]] = [MainstemError]
    while todo:
        cls = todo.pop()
        todo += cls.__subclasses__()
        if "code" in vars(cls):
            found[cls.code] = cls
    return found

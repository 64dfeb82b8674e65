"""A user's modules, found as Python finds them from where the command was typed."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

from mainstem.errors import BadArgument, MainstemError


def module_named(name: str, *, missing: type[MainstemError] = BadArgument) -> ModuleType:
    """Import it. An error in it is its author's, and comes out whole; that there is none is told as `missing`."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise missing(
            f"there is no module {name!r} in {here}",
            hint="name it as in `import`, from its project's directory",
        ) from error

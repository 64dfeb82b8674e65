"""Programs for commands to run, beside the terminal where those are typed."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from terminal import Terminal

__all__ = ["PROGRAM", "Terminal", "write_program"]

PROGRAM = """
from mainstem import ONCE, add_event, step, wait_for_signal, workflow


@step(retry=ONCE)
async def greet(name: str) -> str:
    if name == "nobody":
        raise ValueError("whom?")
    add_event("greeted", {"name": name})
    return f"Hello, {name}!"


@workflow("greeting")
async def greeting(name: str) -> str:
    return await greet(name)


@workflow("asking")
async def asking(channel: str = "web") -> str:
    return str(await wait_for_signal("supervisor"))
"""


def write_program(directory: Path, text: str = PROGRAM) -> str:
    """The name of a module that is imported for the first time."""
    name = f"app_{uuid4().hex[:8]}"
    (directory / f"{name}.py").write_text(text)
    return name

"""`mainstem init`: a project to begin from."""

from __future__ import annotations

from pathlib import Path

import click

from mainstem.cli.output import json_option, say
from mainstem.errors import BadArgument

APP = """\
import asyncio
import os

from mainstem import Mainstem, Worker, step, workflow


@step
async def compose(name: str) -> str:
    return f"Hello, {name}!"


@workflow("greeting")
async def greeting(name: str) -> str:
    return await compose(name)


async def main() -> None:
    async with Mainstem(os.environ.get("MAINSTEM_URL")) as ms, Worker(ms, [greeting]):
        run = await ms.start(greeting, "world")
        print(await run.result())


if __name__ == "__main__":
    asyncio.run(main())
"""


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
@json_option
def init(directory: Path) -> None:
    """Write app.py, a workflow of one step that runs, into DIRECTORY (here). What is there is not overwritten.

    Example: mainstem init shop && cd shop && python app.py
    """
    app = directory / "app.py"
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with app.open("x", encoding="utf-8") as file:
            file.write(APP)
    except FileExistsError as there:
        raise BadArgument(f"{app} is there already", hint="mainstem init ANOTHER_DIRECTORY") from there
    say(f"{app}\ntry: {_next(directory)}", file=str(app))


def _next(directory: Path) -> str:
    return "python app.py" if directory == Path() else f"cd {directory} && python app.py"

"""What deploy/ and docs/server.md say to run is what there is to run."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import click
import httpx
import pytest

from conftest import Database
from mainstem.cli.main import main

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy").glob("*.service"))


def commands() -> list[str]:
    """Those of the units, the image, and the two documents."""
    started = [
        line
        for unit in UNITS
        for line in re.findall(r"^ExecStart=\S+/(mainstem .*)$", unit.read_text(), re.MULTILINE)
    ]
    [image] = re.findall(r"^CMD (\[.*\])$", (ROOT / "deploy/Containerfile").read_text(), re.MULTILINE)
    documents = [ROOT / "docs/server.md", ROOT / "deploy/README.md"]
    written = [
        line
        for path in documents
        for line in re.findall(r"^(mainstem [a-z-].*)$", path.read_text(), re.MULTILINE)
    ]
    return [*started, shlex.join(["mainstem", *json.loads(image)]), *written]


@pytest.mark.parametrize("typed", commands())
def test_each_command_is_one_that_the_command_line_takes(typed: str) -> None:
    words = shlex.split(typed.replace("KEY_ID", str(uuid4())), comments=True)[1:]
    command: click.Command = main
    context = None
    while isinstance(command, click.Group):
        context = command.make_context(command.name, list(words), parent=context)
        _, found, words = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        command = found
    command.make_context(command.name, list(words), parent=context, resilient_parsing=False)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_understands_the_units() -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, UNITS)], check=False, capture_output=True, text=True
    )
    assert "Unknown" not in done.stderr


async def test_the_application_of_the_documentation_serves(database: Database) -> None:
    [text] = re.findall(r"```python\n(.*?)```", (ROOT / "docs/server.md").read_text(), re.DOTALL)
    module = ModuleType("documented")
    exec(text.replace("postgresql://mainstem_server@db.example/app", database.url), vars(module))
    inner = vars(module)["mainstem"]
    inner.state.config = inner.state.config.__class__(url=database.url, open_to_all=True)
    app = vars(module)["app"]
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://server") as client,
    ):
        assert (await client.get("/mainstem/readyz")).json() == {"status": "ok"}
        assert (await client.get("/mainstem/api/v1/runs")).json()["runs"] == []

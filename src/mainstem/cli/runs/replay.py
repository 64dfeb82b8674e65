"""`mainstem runs replay`: recorded runs against the code as it is now."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from mainstem.cli.output import json_option, note, show
from mainstem.cli.program import workflow_at


@click.command()
@click.argument("workflow")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@click.pass_context
def replay(context: click.Context, workflow: str, file: Path) -> None:
    """Replay the runs in FILE, which `mainstem runs export --steps` wrote, against WORKFLOW, as MODULE:NAME.

    No database is asked and no step is executed. Exit code 1 when the code does not fit one of them.

    Example: mainstem runs replay app:intake runs.ndjson
    """
    from mainstem.testing.replaying import replay as replayed
    from mainstem.testing.replaying import runs_of

    told = asyncio.run(replayed(workflow_at(workflow), runs_of(file)))
    rows = [{"run": str(one.run_id), "verdict": one.verdict, "reason": one.reason} for one in told]
    show(rows, none="the file has no run of this workflow")
    misfits = sum(not one.fits for one in told)
    note(f"{len(told)} replayed, {misfits} do not fit", replayed=len(told), misfits=misfits)
    if misfits:
        context.exit(1)

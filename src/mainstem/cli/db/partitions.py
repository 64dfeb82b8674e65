"""`mainstem db partitions`: make, seal and drop what is due."""

from __future__ import annotations

from typing import Any

import click

from mainstem.cli.door import owner, server_of
from mainstem.cli.output import json_option, show, steps, wants_json
from mainstem.ledger.partitions import Leaf, Task, alone, leaves, tasks
from mainstem.postgres import Server
from mainstem.settings import Settings


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show what is due.")
@json_option
@click.pass_obj
def partitions(settings: Settings, dry_run: bool) -> None:
    """Make partitions four weeks ahead, seal those that are past, drop those that cleanup retired; then show them.

    Run it daily. Interrupted, it is carried on by the next call. It needs a direct connection, not a pooler's.

    Example: mainstem db partitions --dry-run
    """
    with server_of(settings) as server, owner(server) as conn:
        if dry_run:
            show((_task(task) for task in tasks(conn)), none="nothing is due")
            return
        _do(server)
        show(_leaf(leaf) for leaf in leaves(conn))


def _do(server: Server) -> None:
    with owner(server) as guard, owner(server) as conn, alone(guard):
        due = tasks(conn)
        with steps([task.leaf for task in due]) as tell:
            for task in due:
                tell(f"{task.verb} {task.leaf}")
                task.do(conn)


def _task(task: Task) -> dict[str, str]:
    return {"due": task.verb, "partition": task.leaf}


def _leaf(leaf: Leaf) -> dict[str, Any]:
    return {
        "partition": leaf.suffix,
        "from": leaf.lower,
        "until": leaf.upper,
        "runs": leaf.runs,
        "steps": leaf.steps,
        "size": leaf.size if wants_json() else f"{leaf.size / 2**20:.1f} MiB",
        "state": "retired" if leaf.retired_at else "sealed" if leaf.sealed_at else "open",
    }

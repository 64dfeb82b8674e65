"""`mainstem workflows check`: whether a graph can run, and every reason why not."""

from __future__ import annotations

import click

from mainstem.cli.output import json_option, say
from mainstem.graph.model import dependencies
from mainstem.graph.read import graph_in


@click.command()
@click.argument("file")
@json_option
def check(file: str) -> None:
    """Check the graph in FILE (YAML, JSON, or Python at MODULE:NAME) whole, and name every fault with its place.

    Example: mainstem workflows check claim-intake.yaml
    """
    graph = graph_in(file)
    calls = dependencies(graph.nodes)
    said = f"; it calls {', '.join(calls)}" if calls else ""
    say(
        f"{file}: {len(graph.nodes)} nodes, {len(graph.edges)} edges, no fault{said}; next: mainstem workflows publish {file}",
        name=graph.name,
        nodes=len(graph.nodes),
        edges=len(graph.edges),
        calls=calls,
    )

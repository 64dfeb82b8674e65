"""`mainstem worker`: run the workflows of some modules until told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

import click

from mainstem.cli.door import client_of
from mainstem.cli.loop import run_loop
from mainstem.cli.observed import observers
from mainstem.cli.program import workflows_of
from mainstem.cli.published import graph_options
from mainstem.client.mainstem import Mainstem
from mainstem.engine.executors import ProcessPool
from mainstem.engine.worker import Terms, Worker
from mainstem.settings import Settings

log = logging.getLogger(__name__)
USUAL = Terms()


@click.command()
@click.argument("modules", nargs=-1, metavar="MODULE...")
@click.option("--slots", type=click.IntRange(1), default=USUAL.slots, show_default=True, help="Runs at once.")
@click.option("--queue", "queues", multiple=True, help="Serve this queue; those of the workflows without it.")
@click.option(
    "--ttl", type=click.FloatRange(1), default=USUAL.ttl, show_default=True, help="Seconds its lease lasts."
)
@click.option(
    "--processes",
    type=click.IntRange(1),
    help="Steps that run in processes of their own at once; the cores without it.",
)
@click.option(
    "--metrics", type=click.IntRange(1, 65535), metavar="PORT", help="Serve Prometheus' metrics at this port."
)
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Where that port is open.")
@graph_options
@click.option("--until-stdin-ends", "with_parent", is_flag=True, hidden=True)
@click.pass_obj
def worker(
    settings: Settings,
    modules: tuple[str, ...],
    *,
    slots: int,
    queues: tuple[str, ...],
    ttl: float,
    processes: int | None,
    metrics: int | None,
    metrics_host: str,
    graphs: bool,
    databases: dict[str, str],
    with_parent: bool,
) -> None:
    """Run the workflows in MODULE until SIGTERM or Ctrl-C.

    Then it drains: it claims nothing more, lets steps in progress end, and gives its runs to others. A second Ctrl-C
    does not wait; others then take its runs when its lease has ended.

    A tracer provider of OpenTelemetry that MODULE sets gets spans of its runs and steps.

    \b
    Example:
      mainstem worker app --slots 50 --metrics 9464
      mainstem worker --graphs --database claims=postgresql://reader@db/claims
    """  # noqa: D301  (click's mark for lines that stay as they are)
    if not modules and not graphs:
        raise click.UsageError("name a MODULE, or say --graphs")
    logging.getLogger("mainstem").setLevel(logging.INFO)
    terms = Terms(slots=slots, queues=queues, ttl=ttl, graphs=graphs, databases=databases)
    programs = workflows_of(modules, may_be_none=graphs)
    watching = observers(slots, port=metrics, host=metrics_host)
    executors = {"process": ProcessPool(processes)}

    async def work() -> None:
        async with client_of(settings) as client:
            worker = Worker(client, programs, terms, executors=executors, observers=watching)
            await _work(client, worker, with_parent=with_parent)

    run_loop(work())


async def _work(client: Mainstem, worker: Worker, *, with_parent: bool) -> None:
    workflows, terms = worker.workflows.values(), worker.terms
    async with worker as working:
        for workflow in workflows:  # so that they can be started by name
            await client.register(workflow)
        own = {workflow.queue for workflow in workflows} | ({"default"} if terms.graphs else set())
        queues = sorted(set(terms.queues) or own)
        names = sorted(workflow.name for workflow in workflows) + (
            ["published graphs"] if terms.graphs else []
        )
        log.info("worker %s runs %s from %s", working.worker_id, ", ".join(names), ", ".join(queues))
        await _told_to_stop(working, with_parent=with_parent)
        log.info("worker %s drains", working.worker_id)


async def _told_to_stop(working: Worker, *, with_parent: bool) -> None:
    """Until a signal comes, or the worker cannot go on and raises why.

    with_parent: also when standard input ends, as it does when the process that holds its other end is killed.
    """
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    if with_parent:
        loop.add_reader(sys.stdin.fileno(), told.set)
    stopped, failed = asyncio.create_task(told.wait()), asyncio.create_task(working.wait())
    await asyncio.wait((stopped, failed), return_when=asyncio.FIRST_COMPLETED)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)
    if with_parent:
        loop.remove_reader(sys.stdin.fileno())
    if failed.done():
        failed.result()
    for task in (stopped, failed):
        task.cancel()

"""`mainstem demo`: a day of claims intake, with a worker killed half-way, and what the ledger says of it afterwards."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import click
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from mainstem.demo.day import Day, live, results
from mainstem.demo.homecoming import come_home
from mainstem.demo.mailroom import ORGANIZATIONS
from mainstem.demo.manifest import compare
from mainstem.ledger.call import Call, Row, perform
from mainstem.postgres import connect, serving
from mainstem.postgres.databases import renewed
from mainstem.settings import Settings

DATABASE = "mainstem_demo"

BY_CHANNEL: LiteralString = """
select o.name as organization, p.channel, p.execution_count as runs, p.success_count as completed, p.failure_count as failed,
       p.success_rate as rate, round(p.median_duration_ms::numeric) as median_ms, round(p.p95_duration_ms::numeric) as p95_ms
  from mainstem.v_workflow_channel_performance p join mainstem.organization o using (org_id)
 order by 1, 2"""

BY_NODE: LiteralString = """
select node_code as node, sum(execution_count) as steps, sum(success_count) as completed, sum(failure_count) as failed,
       round(sum(avg_duration_ms * execution_count) / sum(execution_count), 1) as mean_ms, max(max_retry_count) as most_retries
  from mainstem.v_node_execution_stats where org_id = any(%s) group by node_code order by min(workflow_id::text), 2 desc, 1"""

FAILED: LiteralString = """
select r.external_id as document, f.node_code as node, f.retry_count as retries, f.error_message as error
  from mainstem.v_failed_steps_analysis f join mainstem.user_workflow_run r using (run_id) where r.driver = 'engine' order by 1, 2"""

TIMELINE: LiteralString = """
select to_char(t."timestamp", 'HH24:MI:SS.MS') as at, coalesce(t.node_code, '') as node, t.event_type as event,
       coalesce(t.event_data ->> 'status', t.event_data ->> 'external_id', 'step ' || (t.event_data ->> 'step_number'), t.event_data::text) as data
  from mainstem.v_workflow_execution_timeline t where t.run_id = %s"""

DOUBLES: LiteralString = """
select s.run_id, s.node_key, s.iteration, s.metadata ->> 'branch' as branch, count(*) as records
  from mainstem.user_workflow_run_step s join mainstem.user_workflow_run r using (run_id) where r.driver = 'engine'
 group by 1, 2, 3, 4 having count(*) > 1"""

RECORDED: LiteralString = """
select count(*) as steps from mainstem.user_workflow_run_step s join mainstem.user_workflow_run r using (run_id) where r.driver = 'engine'"""

OLD_AND_NEW: LiteralString = """
select case driver when 'recorded' then 'old' else 'new' end as runs, w.name as workflow, r.channel, count(*) as runs_there,
       count(*) filter (where r.status = 'completed') as completed, min(r.legacy_trace_id) as first_old_id
  from mainstem.user_workflow_run r join mainstem.user_workflow w using (org_id, workflow_id)
 group by 1, 2, 3 having count(*) > 4 order by 1, 2, 3"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What makes the demo fail."""

    differences: list[str]
    doubles: int
    in_flight: int
    faults: list[str] = field(default_factory=list)
    """Of the old tables' way home."""

    @property
    def is_good(self) -> bool:
        return not self.differences and not self.doubles and self.in_flight > 0 and not self.faults


@click.command()
@click.option("--picture", type=click.Path(path_type=Path), help="Write what is printed as an SVG here.")
@click.pass_obj
def demo(settings: Settings, picture: Path | None) -> None:
    r"""An old system comes home, then sixty documents go through a durable workflow, a worker killed half-way.

    Exit code 1: an old row was lost or changed, something came out otherwise than the manifest says, a step was recorded twice, or the
    kill met nothing.

    Example: mainstem demo
    """
    console = Console(record=picture is not None)
    began = time.monotonic()
    with serving(settings.url, data=settings.data) as server:
        console.print(
            "PostgreSQL",
            "is embedded" if server.embedded else "is yours",
            "· a database of its own:",
            DATABASE,
        )
        url = renewed(server.url, DATABASE)
        with connect(url, role=None, application_name="mainstem demo") as conn:
            from mainstem.ledger.install import upgrade

            upgrade(conn)
        faults = _home(url, console)
        day = _watched(url, console)
        verdict = replace(_report(url, day, console), faults=faults)
        console.print(_table("Old and new runs, on the same tables", _look(url, OLD_AND_NEW)))
    console.print(f"{time.monotonic() - began:.0f} s in all")
    if picture is not None:
        console.save_svg(str(picture), title="mainstem demo", code_format=without_web_fonts())
    sys.exit(0 if verdict.is_good else 1)


def without_web_fonts() -> str:
    """Rich's SVG with the reader's own fonts: nothing is loaded from elsewhere."""
    return re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def _watched(url: str, console: Console) -> Day:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("documents", total=None)
        told = False

        def tell(day: Day) -> None:
            nonlocal told
            progress.update(task, completed=day.over, total=len(day.run_ids))
            if day.kill and not told:
                told = True
                progress.console.print(_told_kill(day))

        return asyncio.run(live(url, tell))


def _home(url: str, console: Console) -> list[str]:
    """Old tables first: station after station, as they are reached. Gives what went wrong."""
    console.print("[bold]An old system's tables come home[/]")
    faults = []
    for number, station in enumerate(come_home(url), 1):
        console.print(_table(f"{number}. {station.title}", station.rows))
        console.print(f"[dim]   look: {station.look}[/]")
        for fault in station.faults:
            console.print(f"[red]✗[/] {fault}")
        faults += station.faults
    console.print("\n[bold]And new runs begin on the same tables[/]")
    return faults


def _told_kill(day: Day) -> str:
    kill = day.kill
    return "" if kill is None else (
        f"[bold red]kill -9 {kill.pid}[/]: the worker held {len(kill.owned)} runs, with {len(kill.in_flight)} steps in flight "
        f"({', '.join(sorted({one.step for one in kill.in_flight}))})"
    )  # fmt: skip


def _report(url: str, day: Day, console: Console) -> Verdict:
    kill = day.kill
    shown = day.taken_over[0] if day.taken_over else next(iter(day.run_ids))
    console.print(_table("Runs by channel  (v_workflow_channel_performance)", _look(url, BY_CHANNEL)))
    console.print(
        _table("Steps by node  (v_node_execution_stats)", _look(url, BY_NODE, list(ORGANIZATIONS.values())))
    )
    console.print(_table("Failed steps  (v_failed_steps_analysis)", _look(url, FAILED)))
    console.print(
        _table(f"Timeline of {day.run_ids[shown]}, which went on on another worker  (v_workflow_execution_timeline)",
               _look(url, TIMELINE, shown))
    )  # fmt: skip
    doubles = _look(url, DOUBLES)
    [recorded] = _look(url, RECORDED)
    differences = compare(asyncio.run(results(url)))
    told = [
        ("documents that arrived / runs, as copies share one", f"{len(day.arrived)} / {len(day.run_ids)}"),
        ("steps in flight at the kill", str(len(kill.in_flight) if kill else 0)),
        ("runs taken over", f"{len(day.taken_over)} of {len(kill.owned) if kill else 0}"),
        (
            "executions of steps / of them begun again after the kill",
            f"{len(day.executed)} / {day.executed_again}",
        ),
        ("steps recorded / recorded twice", f"{recorded['steps']} / {len(doubles)}"),
        ("differences from the manifest", str(len(differences))),
    ]
    console.print(_table("The day", [{"what": what, "count": count} for what, count in told]))
    for sentence in differences:
        console.print(f"[red]✗[/] {sentence}")
    verdict = Verdict(differences, len(doubles), len(kill.in_flight) if kill else 0)
    console.print(
        "[bold green]✓ as the manifest says, nothing lost, nothing twice[/]"
        if verdict.is_good
        else "[bold red]✗ not as it must be[/]"
    )
    return verdict


def _look(url: str, query: LiteralString, *parameters: UUID | list[UUID]) -> list[Row]:
    """Read with SQL, as anybody could with psql; every tenant, as the role of the workers may."""
    with connect(url, role="mainstem_worker", application_name="mainstem demo") as conn:
        return perform(conn, Call(query, parameters, lambda rows: rows))


def _table(title: str, rows: list[Row]) -> Table:
    """Rows as they come; where the terminal is too narrow the last column is cut."""
    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", pad_edge=False, box=None
    )
    names = list(rows[0]) if rows else ["(none)"]
    for name in names:
        shown = [len(str(row[name])) for row in rows if row[name] is not None]
        table.add_column(
            name,
            justify="right" if any(isinstance(row[name], int | float | Decimal) for row in rows) else "left",
            no_wrap=True,
            overflow="ellipsis",
            min_width=None if name == names[-1] else max([len(name), *shown]),
        )
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    return table

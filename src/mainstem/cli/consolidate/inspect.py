"""`mainstem consolidate inspect`: what is in old tables, and what is odd about it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from mainstem.cli.consolidate.source import Source, inspected, source_options
from mainstem.cli.output import json_option, note, show, wants_json
from mainstem.consolidate.inspect import Dependant, Inspection, Oddity, Table
from mainstem.settings import Settings


@click.command()
@source_options
@json_option
@click.pass_obj
def inspect(settings: Settings, /, **options: Any) -> None:
    """Look at old tables, without touching them: what they seem to hold, what hangs on them, what is odd in their rows.

    Safe on production: read-only, a statement at a time, within --timeout; large tables are sampled.

    \b
    Examples:
      mainstem consolidate inspect --source postgresql://reader@db.example/app
      mainstem consolidate inspect --sqlite history.db --json > found.json
    """  # noqa: D301  (click's mark for lines that stay as they are)
    found = inspected(settings, Source(**options))
    if wants_json():
        click.echo(found.to_json())
        return
    show((_table(table, found) for table in found.tables), title=_title(found))
    click.echo()
    show(
        (_dependant(each) for each in found.dependants),
        title="What hangs on them",
        none="nothing hangs on them",
    )
    click.echo()
    show((_oddity(each) for each in found.oddities), title="What is odd", none="nothing is odd")
    for told in found.notes:
        note(told)


def _title(found: Inspection) -> str:
    return f"{found.database}, schema {found.schema} ({found.engine} {found.version})"


def _table(table: Table, found: Inspection) -> dict[str, Any]:
    odd = Counter(oddity.table for oddity in found.oddities)
    return {
        "table": table.name,
        "seems to be": table.role.value,
        "rows": f"{'' if table.is_rows_exact else '~'}{table.rows:,}",
        "size": _size(table.bytes),
        "key": ", ".join(table.primary_key),
        "names": ", ".join(
            f"{','.join(link.columns)} → {link.parent}{'' if link.is_declared else '?'}"
            for link in table.links
        ),
        "odd": odd[table.name],
    }


def _dependant(each: Dependant) -> dict[str, str]:
    return {"on": each.table, "kind": each.kind, "name": each.name, "": each.detail[:80]}


def _oddity(each: Oddity) -> dict[str, Any]:
    return {
        "oddity": each.kind,
        "where": f"{each.table}.{each.column}" if each.column else each.table,
        "rows": f"{each.rows:,}{' (sampled)' if each.is_sampled else ''}",
        "what it means": each.means,
        "found": ", ".join(f"{what}: {rows}" for what, rows in each.counted.items())
        or ", ".join(each.examples),
    }


def _size(bytes_: int) -> str:
    if bytes_ < 2**20:
        return f"{bytes_ / 2**10:.0f} KiB"
    return f"{bytes_ / 2**20:.1f} MiB" if bytes_ < 2**30 else f"{bytes_ / 2**30:.1f} GiB"

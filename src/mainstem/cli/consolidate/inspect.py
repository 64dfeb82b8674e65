"""`mainstem consolidate inspect`: what is in old tables, and what is odd about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import click

from mainstem.cli.consolidate.source import Source, inspected, source_options
from mainstem.cli.output import json_option, note, show, wants_json
from mainstem.consolidate.inspect import Inspection, Oddity, Table
from mainstem.settings import Settings

_NAMED = 4


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
        _dependants(found),
        title="What hangs on them",
        none="nothing hangs on them",
    )
    click.echo()
    show(_oddities(found), title="What is odd", none="nothing is odd")
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


def _dependants(found: Inspection) -> Iterator[dict[str, Any]]:
    """A line for each table and kind."""
    named: dict[tuple[str, str], list[str]] = {}
    for each in found.dependants:
        named.setdefault((each.table, each.kind), []).append(each.name)
    for (table, kind), names in named.items():
        more = f", and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield {"on": table, "kind": kind, "names": ", ".join(names[:_NAMED]) + more}


def _oddities(found: Inspection) -> Iterator[dict[str, Any]]:
    """A line for each kind of a table, with its columns when there are several."""
    alike: dict[tuple[str, str], list[Oddity]] = {}
    for each in found.oddities:
        alike.setdefault((each.table, each.kind), []).append(each)
    for (table, kind), those in alike.items():
        first, rows = those[0], sum(each.rows for each in those)
        yield {
            "where": f"{table}.{first.column}" if len(those) == 1 and first.column else table,
            "oddity": kind,
            "rows": f"{rows:,}{' (sampled)' if first.is_sampled else ''}",
            "what it means": first.means,
            "found": _found(first)
            if len(those) == 1
            else ", ".join(f"{each.column} {each.rows:,}" for each in those),
        }


def _found(each: Oddity) -> str:
    return ", ".join(f"{what}: {rows:,}" for what, rows in each.counted.items()) or ", ".join(each.examples)


def _size(bytes_: int) -> str:
    if bytes_ < 2**20:
        return f"{bytes_ / 2**10:.0f} KiB"
    return f"{bytes_ / 2**20:.1f} MiB" if bytes_ < 2**30 else f"{bytes_ / 2**30:.1f} GiB"

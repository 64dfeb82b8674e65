"""The document: a report's facts in sections, in the order in which a person asks for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from mainstem.consolidate.report.facts import Backup, Report, Return, WayBack


class Form(StrEnum):
    """How the cells of a column are set."""

    TEXT = "text"
    NUMBER = "number"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: columns as (title, form), and rows of as many cells."""

    columns: tuple[tuple[str, Form], ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, sentences, points, and perhaps a table."""

    title: str
    sentences: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    grid: Grid | None = None
    command: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What both forms say."""

    title: str
    verdict: str
    is_good: bool
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    signers: tuple[str, ...]
    digest: str


def document(report: Report) -> Document:
    """The report in words. What it has nothing of is said too, never left out."""
    return Document(
        title=f"Consolidation of {report.system}",
        verdict=_verdict(report),
        is_good=report.is_proved,
        facts=(
            ("From", report.source),
            ("Into", report.target),
            ("Phase", report.phase),
            ("Written", moment(report.written_at)),
        ),
        sections=(
            _found(report),
            _decided(report),
            _moved(report),
            _dropped(report),
            _backup(report.backup),
            _phases(report),
            _locks(report),
            _limits(report),
            _way_back(report.way_back),
        ),
        signers=report.signers,
        digest=report.digest,
    )


def _verdict(report: Report) -> str:
    if not report.moved:
        return "Nothing has been moved yet."
    rows = sum(moved.rows_before for moved in report.moved)
    unequal = [moved.table for moved in report.moved if not moved.is_equal]
    if unequal:
        return f"Not proved: {', '.join(unequal)} did not come back equal."
    return f"Proved: all {rows:,} rows of {len(report.moved)} tables can be rebuilt, equal, from what they became."


def _found(report: Report) -> Section:
    columns = (("Table", Form.CODE), ("Rows", Form.NUMBER), ("Size", Form.NUMBER), ("What is odd", Form.TEXT))
    rows = tuple(
        (table.table, f"{table.rows:,}", size(table.size), "; ".join(table.oddities) or "nothing")
        for table in report.found
    )
    return _grid("Found", columns, rows, "Nothing was inspected.")


def _decided(report: Report) -> Section:
    columns = (("Question", Form.TEXT), ("Answer", Form.TEXT), ("By", Form.TEXT), ("When", Form.TEXT))
    rows = tuple((one.question, one.answer, one.by, moment(one.at)) for one in report.decided)
    return _grid("Decided", columns, rows, "No decision was needed.")


def _moved(report: Report) -> Section:
    columns = (
        ("Table", Form.CODE),
        ("Became", Form.CODE),
        ("Rows", Form.NUMBER),
        ("Rows back", Form.NUMBER),
        ("Set aside", Form.NUMBER),
        ("Digest of the old rows, and of the rows given back", Form.CODE),
        ("", Form.TEXT),
    )
    rows = tuple(
        (
            moved.table,
            moved.becomes,
            f"{moved.rows_before:,}",
            f"{moved.rows_back:,}",
            f"{moved.quarantined:,}",
            moved.digest_before if moved.is_equal else f"{moved.digest_before} {moved.digest_back}",
            "equal" if moved.is_equal else "NOT EQUAL",
        )
        for moved in report.moved
    )
    grid = _grid("Moved", columns, rows, "Nothing has been moved yet.")
    if not report.left_out:
        return grid
    written = f"{report.left_out:,} were being written during the proof and are compared at the switch."
    return replace(grid, sentences=(*grid.sentences, written))


def _dropped(report: Report) -> Section:
    columns = (
        ("What", Form.CODE),
        ("Rows that held something", Form.NUMBER),
        ("Why it does not come along", Form.TEXT),
    )
    rows = tuple(
        (one.object, "unknown" if one.filled is None else f"{one.filled:,}", one.why)
        for one in report.dropped
    )
    return _grid("Dropped", columns, rows, "Nothing: every column has a place.")


def _backup(backup: Backup | None) -> Section:
    if backup is None:
        return Section("Backup", ("None was taken.",))
    taken = f"{backup.place}, {size(backup.size)}, taken {moment(backup.taken_at)}."
    if backup.restored_at is None:
        return Section("Backup", (taken, "It was never restored: nothing proves it."))
    verdict = "its digests are equal" if backup.digests_equal else "its digests are NOT equal"
    return Section("Backup", (taken, f"Restored elsewhere {moment(backup.restored_at)}: {verdict}."))


def _phases(report: Report) -> Section:
    columns = (("Phase", Form.TEXT), ("Began", Form.TEXT), ("Took", Form.NUMBER), ("Attempts", Form.NUMBER))
    rows = tuple((one.name, moment(one.began_at), span(one.took), str(one.attempts)) for one in report.phases)
    return _grid("Times", columns, rows, "No phase has ended yet.")


def _locks(report: Report) -> Section:
    columns = (("On", Form.CODE), ("Mode", Form.TEXT), ("Held", Form.NUMBER))
    rows = tuple((lock.object, lock.mode, span(lock.held)) for lock in report.locks)
    return _grid("Locks that others could have waited for", columns, rows, "None was held.")


def _limits(report: Report) -> Section:
    if not report.limits:
        return Section("What old code cannot do any more", ("Nothing is known of that kind.",))
    return Section("What old code cannot do any more", points=report.limits)


def _way_back(back: WayBack) -> Section:
    until = "as long as nobody finishes" if back.until is None else f"until {moment(back.until)}"
    match back.how:
        case Return.LOSSLESS:
            said = f"Possible {until}, and nothing is lost: what was written since goes along."
        case Return.LOSSY:
            said = f"Possible {until}, but not without losses:"
        case Return.RESTORE:
            said = "Only by restoring the backup: what was written since is lost."
    return Section("The way back", (said,), back.costs, command=back.command)


def _grid(
    title: str, columns: tuple[tuple[str, Form], ...], rows: Iterable[tuple[str, ...]], none: str
) -> Section:
    found = tuple(rows)
    return Section(title, grid=Grid(columns, found)) if found else Section(title, (none,))


def moment(at: datetime | None) -> str:
    """UTC, to the second; empty for no time."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def span(took: timedelta) -> str:
    """A duration with as much precision as anybody needs."""
    seconds = took.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def size(count: int) -> str:
    """Bytes, in the unit that leaves few digits."""
    amount = float(count)
    for unit in ("bytes", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:,.0f} {unit}"
        amount /= 1024
    return f"{amount:,.1f} GiB"

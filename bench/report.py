"""Reports: figures as tables, claims as sentences, and whether a run of the bench counts."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from meter import Window, percentile

COLUMNS = ("", "per s", "p50 ms", "p99 ms", "WAL B", "commits", "server µs", "client µs", "windows")


@dataclass(frozen=True, slots=True)
class Claim:
    """What must be true of a ratio (or, `at_most`, of milliseconds)."""

    what: str
    value: float
    floor: float
    aim: float
    unit: str = "times"
    at_most: bool = False

    def __str__(self) -> str:
        def met(bound: float) -> str:
            return "met" if (self.value <= bound if self.at_most else self.value >= bound) else "NOT met"

        return (
            f"{self.what}: {self.value:.2f} {self.unit}"
            f" (floor {self.floor:g} {met(self.floor)}, aim {self.aim:g} {met(self.aim)})"
        )


@dataclass
class Sides:
    """What was measured, by the name of who did the work."""

    windows: dict[str, list[Window]] = field(default_factory=dict)

    def add(self, name: str, window: Window) -> None:
        self.windows.setdefault(name, []).append(window)

    def counting(self, name: str) -> Sequence[Window]:
        """The windows that nobody disturbed; all of them when there is none."""
        quiet = [window for window in self.windows[name] if not window.is_disturbed]
        return quiet or self.windows[name]

    def rate(self, name: str) -> float:
        """The median."""
        return statistics.median(window.rate for window in self.counting(name))

    def median(self, name: str) -> float:
        """The median latency, in milliseconds."""
        return statistics.median(percentile(window.latencies, 50) for window in self.counting(name))

    def cpu(self, name: str) -> float:
        """The median of client and server together, in microseconds for each piece of work."""
        return statistics.median(window.client + window.server for window in self.counting(name))

    @property
    def faults(self) -> list[str]:
        """Why these figures do not count."""
        return [
            f"{name}: every window was disturbed (others took {min(w.others for w in windows):.0%} and more)"
            for name, windows in self.windows.items()
            if all(window.is_disturbed for window in windows)
        ]

    def print(self) -> None:
        rows = [(name, *_figures(self.counting(name), len(found))) for name, found in self.windows.items()]
        print_table(COLUMNS, rows)


def _figures(windows: Sequence[Window], taken: int) -> tuple[str, ...]:
    middle = sorted(windows, key=lambda window: window.rate)[len(windows) // 2]
    return (
        f"{middle.rate:,.0f}",
        f"{percentile(middle.latencies, 50):.2f}",
        f"{percentile(middle.latencies, 99):.2f}",
        f"{middle.wal:,.0f}",
        f"{middle.commits:.3f}",
        f"{middle.server:.0f}",
        f"{middle.client:.0f}",
        f"{len(windows)} of {taken}",
    )


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """As Markdown, aligned."""
    widths = [max(len(cell) for cell in column) for column in zip(columns, *rows, strict=True)]
    for row in (columns, tuple("-" * width for width in widths), *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(f"| {' | '.join(cells)} |")


def print_settings(settings: Mapping[str, str]) -> None:
    print("PostgreSQL 18, embedded:", ", ".join(f"{name}={value}" for name, value in settings.items()))


def conclude(claims: Sequence[Claim], faults: Sequence[str]) -> int:
    """Print what is claimed and whether it counts; the exit code."""
    for claim in claims:
        print(f"- {claim}")
    for fault in faults:
        print(f"INVALID: {fault}")
    return 1 if faults else 0

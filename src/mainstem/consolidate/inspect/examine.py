"""An inspection: the catalog, then table by table what its rows hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from mainstem.consolidate.inspect.facts import Inspection, Oddity, Table
from mainstem.consolidate.inspect.links import with_links
from mainstem.consolidate.inspect.reader import Reader, Survey
from mainstem.consolidate.inspect.roles import with_roles
from mainstem.consolidate.inspect.scans import families, keys, states, texts, times, values, wholes
from mainstem.consolidate.inspect.scans.scene import Scene
from mainstem.errors import ScanAbandoned

T = TypeVar("T")
Tell = Callable[[str], None]

_ENRICHED: tuple[tuple[str, Callable[[Scene], Table]], ...] = (
    ("columns that are NULL", states.with_nulls),
    ("values of statuses", states.with_values),
    ("formats of times", times.with_times),
    ("sizes of folds", wholes.with_folds),
)
_SCANS: tuple[tuple[str, Callable[[Scene], Iterator[Oddity]]], ...] = (
    ("parents", families.scan),
    ("keys", keys.scan),
    ("rows in two tables", keys.existing_twice),
    ("states", states.scan),
    ("times", times.scan),
    ("values", values.scan),
    ("texts", texts.scan),
    ("tenants and sizes", wholes.scan),
)
_UNSUPPORTED = ("its kind", wholes.unsupported)


def inspect(reader: Reader, survey: Survey, *, tell: Tell = lambda _table: None) -> Inspection:
    """Look at each table's rows. What takes too long, or is not allowed, is left out and named in `notes`.

    tell: called with each table's name before it is looked at.
    """
    look = _Look(reader)
    for table in with_roles(with_links(survey.tables)):
        look.count(table)
    oddities: list[Oddity] = []
    for name in look.tables:
        tell(name)
        oddities += look.at(name)
    return Inspection(
        engine=reader.engine,
        version=survey.version,
        database=survey.database,
        schema=survey.schema,
        taken_at=datetime.now(UTC),
        schema_fingerprint=survey.schema_fingerprint,
        tables=tuple(look.tables.values()),
        dependants=survey.dependants,
        oddities=tuple(oddities),
        notes=tuple(look.notes),
    )


@dataclass
class _Look:
    """What has been looked at so far."""

    reader: Reader
    tables: dict[str, Table] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def count(self, table: Table) -> None:
        counted = self._tried(f"{table.name}: its rows", partial(self.reader.counted, table), table)
        self.tables[table.name] = counted
        if counted.is_elsewhere:
            self.notes.append(f"{table.name}: not looked at: a {counted.kind}")
        elif counted.sampled:
            self.notes.append(f"{table.name}: looked at {counted.sampled}, and not for keys that repeat")

    def at(self, name: str) -> Iterator[Oddity]:
        is_elsewhere = self.tables[name].is_elsewhere
        for what, enrich in () if is_elsewhere else _ENRICHED:
            table = self.tables[name]
            self.tables[name] = self._tried(f"{name}: {what}", partial(enrich, self._scene(name)), table)
        nothing: list[Oddity] = []
        for what, scan in (_UNSUPPORTED, *(() if is_elsewhere else _SCANS)):
            yield from self._tried(f"{name}: {what}", partial(_listed, scan, self._scene(name)), nothing)

    def _scene(self, name: str) -> Scene:
        return Scene(self.reader, self.tables[name], self.tables)

    def _tried(self, what: str, look: Callable[[], T], otherwise: T) -> T:
        try:
            return look()
        except ScanAbandoned as error:
            self.notes.append(f"{what}: not looked at: {error.message}")
            return otherwise


def _listed(scan: Callable[[Scene], Iterator[Oddity]], scene: Scene) -> list[Oddity]:
    return list(scan(scene))

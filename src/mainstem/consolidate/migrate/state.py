"""The state of one migration: a small JSON file beside its backups, so that each command can be killed and run again."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from mainstem.consolidate.backup import Key
from mainstem.consolidate.backup.manifest import replace
from mainstem.consolidate.migrate.checks import Picture
from mainstem.errors import MigrationUnknown, RunnerBusy, StateRefusesVerb

FILE, LOCK = "state.json", "lock"


class Phase(StrEnum):
    """How far it has come. APPLYING is only seen after a kill: whether it was committed is asked of the database."""

    NEW = "new"
    BACKED_UP = "backed up"
    REHEARSED = "rehearsed"
    APPLYING = "applying"
    APPLIED = "applied"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True, slots=True)
class Measure:
    """One statement as it ran: how long, and which tables nobody could read from then on."""

    line: int
    text: str
    milliseconds: float
    exclusive: tuple[str, ...] = ()


@dataclass(slots=True)
class State:
    """What is known of a migration of one database. `digest` and `target` say that it is still the same."""

    digest: str
    target: str
    phase: Phase = Phase.NEW
    backup: str | None = None
    rehearsal: tuple[Measure, ...] = ()
    held: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds for which each table was held exclusively in the rehearsal, until the commit."""
    before: Picture | None = None
    after: Picture | None = None
    schema: str | None = None
    """The fingerprint of the schema that was rehearsed on."""
    transaction: str | None = None
    """The id of the transaction that applies it: PostgreSQL tells later how it ended."""
    contents: Mapping[str, Any] = field(default_factory=dict)
    """Digests after the migration, by table: a rollback sees by them what was written since."""
    done: int = 0
    """Statements done of a script that is no transaction."""


def load(place: Path, *, digest: str, target: str) -> State:
    """The state in this directory, or a new one. Raises MigrationUnknown when it is another migration's."""
    path = place / FILE
    if not path.exists():
        return State(digest, target)
    state = _read(json.loads(path.read_text(encoding="utf-8")))
    if state.target != target:
        raise MigrationUnknown(
            f"{place} belongs to {state.target}, and not to {target}", hint="name another directory with --dir"
        )  # fmt: skip
    if state.digest != digest:
        if state.phase in {Phase.APPLIED, Phase.APPLYING}:
            raise MigrationUnknown(
                f"the migration was changed after it was applied ({place})",
                hint="write what is new as a migration of its own",
            )
        return State(digest, target, backup=state.backup)
    return state


def save(state: State, place: Path) -> None:
    told = asdict(state) | {"before": _picture(state.before), "after": _picture(state.after)}
    replace(place / FILE, json.dumps(told, indent=1, ensure_ascii=False))


def demand(state: State, phase: Phase, verb: str, remedy: str) -> None:
    """Raises StateRefusesVerb unless the migration is in this phase."""
    if state.phase is not phase:
        raise StateRefusesVerb(f"{verb} begins from `{phase}`, and this migration is {state.phase}", hint=remedy)  # fmt: skip


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """While no other process has this file locked; the kernel lets go of it when a process is killed."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise RunnerBusy(f"another process migrates this database now (it holds {lock})", hint="wait until it has ended") from busy  # fmt: skip
        yield
    finally:
        os.close(file)


def _picture(picture: Picture | None) -> Any:
    if picture is None:
        return None
    objects = [[*key, definition] for key, definition in sorted(picture.objects.items())]
    return {"rows": dict(picture.rows), "objects": objects, "orphans": dict(picture.orphans)}


def _read(told: dict[str, Any]) -> State:
    for name in ("before", "after"):
        if (one := told[name]) is not None:
            objects = {Key(kind, table, key): text for kind, table, key, text in one["objects"]}
            told[name] = Picture(one["rows"], objects, one["orphans"])
    told["rehearsal"] = tuple(
        Measure(one["line"], one["text"], one["milliseconds"], tuple(one["exclusive"]))
        for one in told["rehearsal"]
    )
    return State(**told | {"phase": Phase(told["phase"])})


def stored(place: Path) -> State:
    """The state that this directory holds, whosever it is. Raises MigrationUnknown when it holds none that can be read."""
    try:
        return _read(json.loads((place / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as refusal:
        raise MigrationUnknown(
            f"{place / FILE} holds no state: {refusal}", hint="look at the file"
        ) from refusal

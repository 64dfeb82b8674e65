"""Backups that are proved: each was restored elsewhere, and held there what its source held in the same snapshot.

A backup is a directory: the dump or the copy, and a manifest that is written last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from mainstem.consolidate.backup import catalog, postgres, sqlite
from mainstem.consolidate.backup import manifest as manifests
from mainstem.consolidate.backup.catalog import Key, Objects, Selection
from mainstem.consolidate.backup.digests import Digest
from mainstem.consolidate.backup.manifest import Manifest, read
from mainstem.consolidate.backup.target import Postgres, Sqlite, Target, pinned, reading, target_of
from mainstem.consolidate.dialect import Dialect
from mainstem.errors import BackupExists, BackupNotProved, TargetUnknown

__all__ = [
    "STEPS",
    "Digest",
    "Key",
    "Manifest",
    "Objects",
    "Postgres",
    "Selection",
    "Sqlite",
    "Target",
    "contents",
    "objects",
    "read",
    "restore",
    "restore_into",
    "take",
    "target_of",
    "verify",
]

STEPS = ("copy and digests of one snapshot", "restore elsewhere", "comparison")
"""What taking a backup does, in order; `tell` hears each as it begins."""

Contents = postgres.Contents | sqlite.Contents


def _silent(_step: str) -> None:
    """Nobody watches."""


def take(
    target: Target,
    place: Path,
    selection: Selection | None = None,
    *,
    scratch: str | None = None,
    tell: Callable[[str], object] = _silent,
) -> Manifest:
    """Back up a database, or what of it is selected, into the directory `place`, and prove the backup.

    scratch: URL of another PostgreSQL server to prove it on, where the login may make no database on its own.
    Interrupted, it leaves no manifest, and the next call begins anew.
    Raises BackupExists, BackupFailed, BackupNotProved, ProgramsMissing, ScratchRefused.
    """
    _refuse_to_overwrite(place)
    meant = selection or Selection()
    taken_at = datetime.now(UTC)
    file = place / (sqlite.FILE if isinstance(target, Sqlite) else postgres.FILE)
    tell(STEPS[0])
    held: Contents = (
        sqlite.dump(target, file, meant) if isinstance(target, Sqlite) else postgres.dump(target, file, meant)
    )
    _refuse_unknown_tables(meant, held)
    manifest = Manifest(
        of=target.name,
        dialect=target.dialect,
        server=held.server,
        taken_at=taken_at,
        proved_at=datetime.now(UTC),
        file=file.name,
        size=file.stat().st_size,
        sha256=manifests.sha256_of(file),
        selection=meant,
        digests=held.digests,
        sequences=held.sequences if isinstance(held, postgres.Contents) else {},
        objects=held.objects,
    )
    _prove(manifest, place, _prover(target, scratch), tell)
    manifests.write(manifest, place)
    return manifest


def verify(
    place: Path, *, scratch: Target | None = None, tell: Callable[[str], object] = _silent
) -> Manifest:
    """Prove a backup once more: its file is the one that was written, and restored elsewhere it holds what it must.

    scratch: a database of a PostgreSQL server on which a scratch database can be made; a SQLite backup needs none.
    Raises BackupMissing, BackupNotProved, BackupFailed.
    """
    manifest = read(place)
    file = place / manifest.file
    found = manifests.sha256_of(file) if file.is_file() else "gone"
    if found != manifest.sha256:
        raise BackupNotProved(
            f"{file} is not the file that was written on {manifest.taken_at:%Y-%m-%d %H:%M}: its SHA-256 is {found}",
            hint="do not rely on it; take another",
        )
    _prove(manifest, place, scratch, tell)
    return manifest


def restore_into(place: Path, target: Target) -> Manifest:
    """Restore into an empty database or a new file, for a rehearsal; what it then holds is compared."""
    manifest = read(place)
    file = place / manifest.file
    if isinstance(target, Sqlite):
        sqlite.put_back(file, target)
    else:
        postgres.restore_into(file, target, manifest.selection)
    _refuse_difference(manifest, contents(target, manifest.selection), in_place=False)
    return manifest


def restore(place: Path, target: Target, *, first: Sequence[str] = ()) -> Manifest:
    """Put a backup in the place of what is in the database now, whole or not at all; then compare what it holds.

    first: statements for PostgreSQL, in the same transaction, that take away what would stand in the way.
    """
    manifest = read(place)
    file = place / manifest.file
    if isinstance(target, Sqlite):
        sqlite.put_back(file, target)
    else:
        postgres.put_back(file, target, first)
    _refuse_difference(manifest, contents(target, manifest.selection), in_place=True)
    return manifest


def contents(target: Target, selection: Selection | None = None) -> Contents:
    """What a database holds now: digests of its tables, and its objects."""
    meant = selection or Selection()
    if isinstance(target, Sqlite):
        return sqlite.contents_of(target.path, meant, immutable=False)
    return postgres.contents_of(target, meant)


def objects(target: Target) -> Objects:
    """Its objects alone, without reading a row."""
    if isinstance(target, Sqlite):
        with reading(target.path) as conn:
            return catalog.sqlite_objects(conn)
    with pinned(target) as conn:
        return catalog.objects(conn)


def _refuse_to_overwrite(place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    if (place / manifests.FILE).exists():
        raise BackupExists(f"{place} holds a finished backup", hint="name another directory, or move it away")
    for name in (sqlite.FILE, postgres.FILE):
        sqlite.remove(place / name)


def _refuse_unknown_tables(selection: Selection, held: Contents) -> None:
    """A partitioned table holds no rows itself, and so has no digest."""
    partitioned = {key.name.replace('"', "") for key in held.objects if key.kind == "table"}
    missing = [name for name in selection.tables if name not in held.digests and name not in partitioned]
    if missing:
        raise TargetUnknown(f"there is no table {missing[0]}", hint="name tables as schema.table")


def _prover(target: Target, scratch: str | None) -> Target:
    return Postgres(scratch) if scratch is not None and isinstance(target, Postgres) else target


def _prove(manifest: Manifest, place: Path, server: Target | None, tell: Callable[[str], object]) -> None:
    file = place / manifest.file
    tell(STEPS[1])
    held: Contents
    if manifest.dialect is Dialect.SQLITE:
        held = sqlite.restored(file, manifest.selection)
    elif isinstance(server, Postgres):
        held = postgres.restored(file, manifest.selection, server)
    else:
        raise TargetUnknown("a PostgreSQL backup is proved on a PostgreSQL server", hint="name its URL")
    tell(STEPS[2])
    _refuse_difference(manifest, held, in_place=False)


def _refuse_difference(manifest: Manifest, held: Contents, *, in_place: bool) -> None:
    """Definitions are compared where they come from the same database: elsewhere a server may word them otherwise."""
    wrong = [
        f"{name}: {digest.rows} rows expected, {_rows(held.digests.get(name))} there"
        for name, digest in manifest.digests.items()
        if held.digests.get(name) != digest
    ]
    if manifest.selection == Selection():
        wrong += [f"{key} is missing" for key in manifest.objects if key not in held.objects]
    if isinstance(held, postgres.Contents):
        wrong += [
            f"sequence {name} stands before {abs(last)}"
            for name, last in manifest.sequences.items()
            if held.sequences.get(name, last - 1) < last
        ]
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise BackupNotProved(
            f"{manifest.of}: what was restored {'in its place' if in_place else 'elsewhere'} is not what was backed up: "
            f"{'; '.join(wrong[:3])}{more}",
            hint="keep the database as it is, and take another backup",
        )


def _rows(digest: Digest | None) -> str:
    return "none" if digest is None else str(digest.rows)


def discard(place: Path) -> None:
    """Remove a backup and its directory; nothing else that may be in there."""
    for name in (manifests.FILE, sqlite.FILE, postgres.FILE):
        sqlite.remove(place / name)
    with suppress(OSError):
        place.rmdir()

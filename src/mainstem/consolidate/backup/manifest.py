"""The manifest: what a backup is of, when, and what it must give back. It is written last: without it there is no backup."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mainstem.consolidate.backup.catalog import Key, Objects, Selection
from mainstem.consolidate.backup.digests import Digest
from mainstem.consolidate.dialect import Dialect
from mainstem.errors import BackupMissing, BackupNotProved

FILE = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A backup that was proved. `sha256` is the file's; `digests` what its tables held in the snapshot it was taken in."""

    of: str
    dialect: Dialect
    server: str
    taken_at: datetime
    proved_at: datetime
    file: str
    size: int
    sha256: str
    selection: Selection
    digests: Mapping[str, Digest]
    sequences: Mapping[str, int]
    objects: Objects

    @property
    def rows(self) -> int:
        return sum(digest.rows for digest in self.digests.values())

    @property
    def fingerprint(self) -> str:
        """One value for the whole schema."""
        return fingerprint(self.objects)


def fingerprint(objects: Objects) -> str:
    told = json.dumps(sorted((*key, definition) for key, definition in objects.items()))
    return hashlib.sha256(told.encode()).hexdigest()


def write(manifest: Manifest, place: Path) -> None:
    """All of it or nothing: a manifest that was cut off would be no proof."""
    told: dict[str, Any] = {"format": FORMAT} | asdict(manifest) | {"fingerprint": manifest.fingerprint}
    told["taken_at"], told["proved_at"] = manifest.taken_at.isoformat(), manifest.proved_at.isoformat()
    told["objects"] = [[*key, definition] for key, definition in sorted(manifest.objects.items())]
    replace(place / FILE, json.dumps(told, indent=1, ensure_ascii=False))


def read(place: Path) -> Manifest:
    """Raises BackupMissing where none is, BackupNotProved where it cannot be read."""
    path = place / FILE
    if not path.is_file():
        raise BackupMissing(
            f"{place} holds no finished backup", hint="take one, or name the directory of one"
        )
    try:
        return _read(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise BackupNotProved(f"{path} is not as it was written: {error}", hint="take another") from error


def _read(told: dict[str, Any]) -> Manifest:
    if told.pop("format") != FORMAT:
        raise ValueError("another version of mainstem wrote it")
    said = told.pop("fingerprint")
    manifest = Manifest(
        **told
        | {
            "dialect": Dialect(told["dialect"]),
            "taken_at": datetime.fromisoformat(told["taken_at"]),
            "proved_at": datetime.fromisoformat(told["proved_at"]),
            "selection": Selection(tuple(told["selection"]["schemas"]), tuple(told["selection"]["tables"])),
            "digests": {k: Digest(d["rows"], (d["lanes"][0], d["lanes"][1])) for k, d in told["digests"].items()},
            "objects": {Key(kind, table, name): text for kind, table, name, text in told["objects"]},
        }
    )  # fmt: skip
    if manifest.fingerprint != said:
        raise ValueError("its objects have another fingerprint than it says")
    return manifest


def sha256_of(path: Path) -> str:
    """Of what is on the disk: the file is flushed first, as a manifest must not outlive what it is of."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def replace(path: Path, text: str) -> None:
    """Write a file so that whoever reads it finds the old text or the new, after a power cut too."""
    unfinished = path.with_suffix(".new")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)

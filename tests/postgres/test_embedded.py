"""The embedded server: made, started, shared, and what it may be asked for."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from owners import lives, owner

from mainstem.errors import EmbeddedFailed, EmbeddedMismatch, EmbeddedMissing
from mainstem.postgres import embedded, serving, wheel
from mainstem.postgres.processes import _command_by_ps, command_of, wait_until
from servers import copy_of, in_database, open_directory


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data directory whose cluster is made already, and whose server does not run."""
    with open_directory() as place:
        with embedded(place / "data"):
            pass
        yield place / "data"


@pytest.fixture
def place() -> Iterator[Path]:
    with open_directory() as path:
        yield path


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        [(answer,)] = connection.execute(question).fetchall()
    return answer


def test_the_first_start_takes_seconds_and_later_ones_a_moment(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    took = []
    for _ in range(3):
        began = time.monotonic()
        with embedded(place / "data") as server:
            assert ask(server.url, "select 1") == 1
            took.append(time.monotonic() - began)
    with capsys.disabled():
        print(f"\n  first start {took[0]:.2f} s, later {min(took[1:]):.3f} s")
    assert took[0] < 10
    assert max(took[1:]) < 2


def test_an_acknowledged_commit_is_on_disk_and_no_port_is_open(data: Path) -> None:
    with embedded(data) as server:
        asked = {
            name: ask(server.url, f"show {name}")
            for name in ("fsync", "synchronous_commit", "full_page_writes")
        }
        assert set(asked.values()) == {"on"}
        assert ask(server.url, "show listen_addresses") == ""
        assert ask(server.url, "show shared_buffers") == "256MB"
        assert ask(server.url, "show max_connections") == "200"
        assert str(ask(server.url, "show server_version")).startswith("18.")
        assert (
            ask(server.url, "select datcollate || pg_encoding_to_char(encoding) from pg_database limit 1")
            == "CUTF8"
        )


def test_settings_are_added_and_overridden(data: Path) -> None:
    with embedded(data, settings={"shared_buffers": "16MB", "work_mem": "7MB"}) as server:
        assert ask(server.url, "show shared_buffers") == "16MB"
        assert ask(server.url, "show work_mem") == "7MB"
        server.restart()
        assert ask(server.url, "show work_mem") == "7MB"


def test_nested_uses_and_threads_of_one_process_are_one_use(data: Path) -> None:
    with embedded(data) as outer:
        with ExitStack() as inner:
            threads = [threading.Thread(target=lambda: inner.enter_context(embedded(data))) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert ask(outer.url, "select 1") == 1
        assert ask(outer.url, "select 1") == 1
        pid = outer.pid
    assert pid is not None
    assert not lives(pid)


@pytest.mark.parametrize("first_out", [0, 1])
def test_processes_share_one_server_and_the_last_one_out_stops_it(data: Path, first_out: int) -> None:
    with owner(data) as one, owner(data) as other:
        pid = one.server_pid()
        assert other.server_pid() == pid
        (one, other)[first_out].leave()
        assert lives(pid)
        (other, one)[first_out].leave()
        assert not lives(pid)


def test_processes_that_come_at_once_to_a_new_directory_make_one_cluster(place: Path) -> None:
    with ExitStack() as owners:
        crowd = [owners.enter_context(owner(place / "data")) for _ in range(3)]
        pids = {each.server_pid() for each in crowd}
        assert len(pids) == 1
        for each in crowd:
            each.leave()
        assert not lives(pids.pop())


def test_a_forked_child_does_not_keep_the_server(data: Path) -> None:
    with embedded(data) as server:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(write)
            os.read(read, 1)  # until the parent has left
            os._exit(0)
        os.close(read)
        pid = server.pid
    try:
        assert pid is not None
        assert not lives(pid)
    finally:
        os.close(write)
        os.waitpid(child, 0)


FORK = """
import os
read, write = os.pipe()
if os.fork() == 0:
    os.write(write, b"forked")
    os.read(0, 1)
    os._exit(0)
os.read(read, 6)
"""


def test_a_forked_child_is_no_owner_when_its_parent_is_killed(data: Path) -> None:
    with owner(data, inside=FORK) as parent:
        pid = parent.server_pid()
        parent.kill()
        with owner(data) as other:
            assert other.server_pid() == pid
            other.leave()
        assert not lives(pid)


def test_a_server_without_url_is_the_embedded_one_and_with_url_nobody_starts_any(data: Path) -> None:
    with serving(None, data=data) as server:
        assert server.embedded
        assert ask(server.url, "select 1") == 1
    with serving("postgresql://db.example/ledger") as server:
        assert (server.url, server.embedded) == ("postgresql://db.example/ledger", False)
        server.ensure_running()


def test_the_url_leads_to_the_server_from_a_path_that_is_no_socket_name(data: Path, place: Path) -> None:
    for name in ("long" * 40, "with, comma and 'quotes' and %s and ü"):
        with embedded(copy_of(data, place / name)) as server:
            assert ask(in_database(server.url, "template1"), "select current_database()") == "template1"
            url = server.url
            server.restart("immediate")
            assert server.url == url
            assert server.cluster.socket_directory.stat().st_mode & 0o077 == 0
        assert not server.cluster.socket_directory.exists()


def test_an_owner_may_stop_restart_and_kill_the_server(data: Path) -> None:
    with embedded(data) as server:
        first = server.pid
        server.restart()
        second = server.pid
        assert second not in (first, None)
        server.stop_now("immediate")
        assert server.pid is None
        server.ensure_running()
        server.kill()
        assert server.pid is None
        server.ensure_running()
        server.ensure_running()
        assert ask(server.url, "select 1") == 1


def test_a_data_directory_of_another_major_version_is_named_with_the_way_out(data: Path, place: Path) -> None:
    copy_of(data, place / "data")
    (place / "data/cluster/PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedMismatch, match=r"PostgreSQL 17.*dump"), embedded(place / "data"):
        pass


def test_a_bare_data_directory_of_another_version_is_a_mismatch_too(place: Path) -> None:
    (place / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedMismatch, match="PostgreSQL 16"), embedded(place):
        pass


@pytest.mark.parametrize("version", [None, "18\n"])
def test_a_directory_that_is_not_ours_is_refused_and_not_touched(place: Path, version: str | None) -> None:
    (place / "thesis.txt").write_text("years of work")
    if version:
        (place / "PG_VERSION").write_text(version)
    before = sorted(place.iterdir()), place.stat().st_uid
    with pytest.raises(EmbeddedFailed, match=r"mainstem did not make.*--data"), embedded(place):
        pass
    assert (sorted(place.iterdir()), place.stat().st_uid) == before


def test_a_cluster_without_its_version_is_refused(data: Path, place: Path) -> None:
    copy_of(data, place / "data")
    (place / "data/cluster/PG_VERSION").unlink()
    with (
        pytest.raises(EmbeddedFailed, match=r"not a PostgreSQL data directory.*move it away"),
        embedded(place / "data"),
    ):
        pass


def test_a_mounted_empty_directory_will_do(place: Path) -> None:
    (place / "lost+found").mkdir()
    with embedded(place) as server:
        assert ask(server.url, "select 1") == 1


def test_a_file_in_the_way_is_told(place: Path) -> None:
    (place / "data").write_text("")
    with pytest.raises(EmbeddedFailed, match="cannot be used"), embedded(place / "data"):
        pass


def test_a_server_that_does_not_start_shows_the_end_of_its_log_and_lets_the_next_try(data: Path) -> None:
    with (
        pytest.raises(EmbeddedFailed, match=r"no_such_setting.*server\.log"),
        embedded(data, settings={"no_such_setting": "1"}),
    ):
        pass
    with embedded(data) as server:
        assert ask(server.url, "select 1") == 1


def test_without_the_wheel_the_remedy_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel, "_PACKAGE", "a_package_that_nobody_installed")
    with (
        pytest.raises(EmbeddedMissing, match=r"not installed.*mainstem\[embedded\].*MAINSTEM_URL"),
        embedded(place),
    ):
        pass


def wheel_with(programs: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    programs.mkdir(parents=True)
    (programs.parent.parent / "__init__.py").touch()
    monkeypatch.setattr(wheel, "_PACKAGE", name)
    monkeypatch.syspath_prepend(programs.parent.parent.parent)


def test_a_wheel_without_programs_for_this_platform_is_told(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel_with(place / "empty_wheel/pginstall18/bin", monkeypatch, "empty_wheel")
    with pytest.raises(EmbeddedMissing, match="no PostgreSQL 18 for this platform"), embedded(place / "data"):
        pass


def test_programs_of_another_platform_are_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel_with(place / "alien_wheel/pginstall18/bin", monkeypatch, "alien_wheel")
    for name in ("postgres", "initdb"):
        program = place / "alien_wheel/pginstall18/bin" / name
        program.write_bytes(b"\x7fELF of another machine")
        program.chmod(0o755)
    with pytest.raises(EmbeddedMissing, match=r"do not run here.*MAINSTEM_URL"), embedded(place / "data"):
        pass


def test_processes_are_seen_alike_with_and_without_proc(data: Path) -> None:
    with embedded(data) as server:
        assert server.pid is not None
        seen = _command_by_ps(server.pid)
        assert seen[:3] == command_of(server.pid)[:3]
    zombie = os.fork()
    if zombie == 0:
        os._exit(0)
    assert wait_until(lambda: not command_of(zombie), seconds=5)
    assert _command_by_ps(zombie) == ()
    os.waitpid(zombie, 0)

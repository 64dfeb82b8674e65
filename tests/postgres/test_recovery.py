"""What the embedded server recovers from: killed owners, killed servers, and what they leave on disk."""

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from owners import lives, owner

from mainstem.postgres import embedded
from mainstem.postgres.account import account_for
from mainstem.postgres.processes import is_postmaster, processes_in, wait_until
from servers import open_directory


@pytest.fixture
def data() -> Iterator[Path]:
    with open_directory() as place:
        yield place / "data"


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data directory whose server was killed in full run: its pid file and its socket are there."""
    with open_directory() as place:
        with embedded(place / "data") as server:
            with psycopg.connect(server.url) as connection:
                connection.execute("create table fact (n int)")
                connection.execute("insert into fact values (42)")
            server.kill()
        yield place / "data"


@pytest.fixture
def killed(made: Path, data: Path) -> Path:
    """A copy of it, for one test to spoil."""
    account = account_for(made)
    subprocess.run(["cp", "-a", "--", made, data], check=True)
    assert (data / "cluster/postmaster.pid").exists()
    account.own(data)
    return data


def knows_the_fact(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("select n from fact").fetchall() == [(42,)]


def sleeping_process(data: Path) -> subprocess.Popen[bytes]:
    """A live process that has nothing to do with PostgreSQL, run by the server's own account."""
    account = account_for(data)
    identity = {"user": account.uid, "group": account.gid} if account.foreign else {}
    return subprocess.Popen(["/bin/sleep", "600"], cwd="/", **identity)  # type: ignore[call-overload,no-any-return]


def test_a_killed_owner_leaves_the_server_and_the_next_one_adopts_and_stops_it(killed: Path) -> None:
    with owner(killed) as first:
        pid = first.server_pid()
        first.kill()
    assert lives(pid)
    with embedded(killed) as server:
        assert server.pid == pid
    assert not lives(pid)


def test_a_killed_owner_is_not_waited_for(killed: Path) -> None:
    with owner(killed) as one, owner(killed) as other:
        pid = one.server_pid()
        other.server_pid()
        other.kill()
        assert lives(pid)
        one.leave()
        assert not lives(pid)


def test_a_killed_postmaster_is_replaced_and_nothing_is_lost(killed: Path) -> None:
    with embedded(killed) as server:
        assert knows_the_fact(server.url)


def test_an_owner_revives_the_server_that_was_killed_under_it(killed: Path) -> None:
    with embedded(killed) as server:
        url, pid = server.url, server.pid
        server.kill()
        with embedded(killed) as again:
            assert again.url == url
            assert again.pid != pid
            assert knows_the_fact(url)


def test_children_that_outlive_their_postmaster_are_ended(killed: Path) -> None:
    with embedded(killed) as server, busy_backend(server.url) as backend:
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        assert lives(backend)
        server.ensure_running()
        assert not lives(backend)
        assert knows_the_fact(server.url)


@contextmanager
def busy_backend(url: str) -> Iterator[int]:
    """The pid of a backend in an endless loop, which does not look whether its postmaster lives."""
    with psycopg.connect(url, autocommit=True) as connection:
        backend = connection.info.backend_pid
        endless = threading.Thread(target=_runs_until_killed, args=(connection,))
        endless.start()
        try:
            assert wait_until(lambda: _is_busy(url, backend), seconds=10)
            yield backend
        finally:
            with suppress(ProcessLookupError):
                os.kill(backend, signal.SIGKILL)
            endless.join()


def _runs_until_killed(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.OperationalError):
        connection.execute("do $$ begin loop end loop; end $$")


def _is_busy(url: str, backend: int) -> bool:
    with psycopg.connect(url) as connection:
        question = "select state = 'active' and query like 'do %%' from pg_stat_activity where pid = %s"
        return connection.execute(question, [backend]).fetchone() == (True,)


def test_a_pid_file_with_the_pid_of_an_unrelated_process_does_not_stop_the_start(killed: Path) -> None:
    unrelated = sleeping_process(killed)
    try:
        pid_file = killed / "cluster/postmaster.pid"
        pid_file.write_text("\n".join([str(unrelated.pid), *pid_file.read_text().splitlines()[1:]]) + "\n")
        with embedded(killed) as server:
            assert server.pid != unrelated.pid
            assert knows_the_fact(server.url)
        assert unrelated.poll() is None
    finally:
        unrelated.kill()
        unrelated.wait()


def test_a_stale_socket_and_its_lock_do_not_stop_the_start(killed: Path) -> None:
    unrelated = sleeping_process(killed)
    try:
        (killed / "cluster/postmaster.pid").unlink()
        (killed / "cluster/.s.PGSQL.5432.lock").write_text(
            f"{unrelated.pid}\n{killed}/cluster\n0\n5432\n{killed}\n"
        )
        assert (killed / "cluster/.s.PGSQL.5432").is_socket()
        with embedded(killed) as server:
            assert knows_the_fact(server.url)
    finally:
        unrelated.kill()
        unrelated.wait()


def test_a_spoiled_pid_file_does_not_stop_the_start(killed: Path) -> None:
    for content in ("", "not a number\n", "0\n", "1\n"):
        (killed / "cluster/postmaster.pid").write_text(content)
        with embedded(killed) as server:
            assert knows_the_fact(server.url)
            server.kill()


def test_whoever_comes_while_the_server_shuts_down_waits_and_starts_it_again(killed: Path) -> None:
    entered = threading.Event()
    with owner(killed) as first:
        pid = first.server_pid()
        first.kill()
        cluster_directory = killed / "cluster"
        with psycopg.connect(host=str(cluster_directory), user="postgres") as guest:
            os.kill(pid, signal.SIGTERM)  # smart: refuses newcomers, waits for the guest
            assert wait_until(
                lambda: "stopping" in (cluster_directory / "postmaster.pid").read_text(), seconds=10
            )
            newcomer = threading.Thread(target=_enter_and_leave, args=(killed, entered))
            newcomer.start()
            assert is_postmaster(pid, cluster_directory)
            assert not entered.wait(0.2)
            guest.close()
    newcomer.join()
    assert entered.is_set()


def _enter_and_leave(data: Path, entered: threading.Event) -> None:
    with embedded(data) as server:
        if knows_the_fact(server.url):
            entered.set()


def test_whoever_comes_while_the_server_starts_waits_for_it(killed: Path) -> None:
    with embedded(killed) as server:
        cluster = server.cluster
    starting = cluster._start({})
    assert wait_until(lambda: cluster.pid == starting, seconds=10)
    with embedded(killed) as server:
        assert server.pid == starting
        assert knows_the_fact(server.url)
    assert not lives(starting)


def test_a_start_that_nobody_can_see_yet_does_not_make_a_second_server(killed: Path) -> None:
    with embedded(killed) as server:
        cluster = server.cluster
    first = cluster._start({})
    with embedded(killed) as server:
        assert server.pid is not None
        assert lives(first) == (server.pid == first)
        assert knows_the_fact(server.url)
    assert not processes_in(killed / "cluster")


def test_a_server_whose_processes_are_hidden_is_not_replaced(killed: Path) -> None:
    """As from another container: its pid means nothing here, its socket does."""
    with embedded(killed) as server:
        pid_file = killed / "cluster/postmaster.pid"
        written = pid_file.read_text()
        pid_file.write_text(written.replace(str(server.pid), "999999999", 1))
        assert server.pid is None
        assert server.cluster.state() == "ready"
        server.ensure_running()
        pid_file.write_text(written)
    with mute_listener(killed / "cluster/.s.PGSQL.5432"):
        assert server.cluster.state() == "busy"
    assert server.cluster.state() == "gone"


@contextmanager
def mute_listener(path: Path) -> Iterator[None]:
    """A socket on which somebody listens and nobody answers."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield


def test_an_initdb_that_was_killed_half_way_is_made_anew(data: Path) -> None:
    with owner(data) as first:
        assert wait_until(lambda: any(data.glob("cluster.new.*/PG_VERSION")), seconds=10)
        first.kill()
    assert not (data / "cluster").exists()
    with embedded(data) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert not list(data.glob("cluster.new.*"))


def test_a_data_directory_deleted_under_its_server_is_made_anew_and_keeps_its_new_socket(
    killed: Path,
) -> None:
    with owner(killed) as first:
        orphan = first.server_pid()
        first.kill()
    shutil.rmtree(killed)
    with embedded(killed) as server:
        assert not lives(orphan)
        assert server.pid is not None
        assert server.pid in processes_in(killed / "cluster")
        with psycopg.connect(server.url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)

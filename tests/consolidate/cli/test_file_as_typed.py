"""A SQLite file's consolidation, typed: landed, copied, closed to its writers, and open again after the way back."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem.consolidate.presets.history import mapping_for
from mainstem.consolidate.presets.history.sample import build
from mainstem.consolidate.presets.history.sample.schema import names
from typed import Terminal

pytestmark = ON_ONE_SERVER


@pytest.fixture
def terminal(database: Database) -> Terminal:
    return Terminal(database.url)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    build(tmp_path / "old.db", "submission")
    (tmp_path / "history.yaml").write_text(mapping_for(names("submission")), encoding="utf-8")
    return tmp_path / "old.db"


def fail_all(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn, conn:
        conn.execute("update workflow_history set status = 'failed' where adw_id = 'c80e348c'")


def test_a_file_goes_there_and_back_by_the_same_verbs(terminal: Terminal, file: Path, tmp_path: Path) -> None:
    mapping = str(tmp_path / "history.yaml")
    assert terminal.error("consolidate", "adopt", mapping)[:2] == (2, "MS010")
    terminal.lines("consolidate", "adopt", mapping, "--sqlite", str(file))
    [backup] = terminal.lines("consolidate", "backup", "--to", str(tmp_path / "backup"))
    assert backup["rows"] >= 458
    fail_all(file)
    for verb in ("copy", "verify", "cutover"):
        terminal.lines("consolidate", verb)
    with pytest.raises(sqlite3.IntegrityError, match="moved to schema mainstem_landing_history"):
        fail_all(file)
    [report] = terminal.lines("consolidate", "report")
    assert (report["source"], report["is_proved"]) == (str(file), True)
    terminal.lines("consolidate", "rollback", "--yes")
    fail_all(file)
    [status] = terminal.lines("consolidate", "status")
    assert status["phase"] == "copied"
    terminal.lines("consolidate", "rollback", "--to", "planned", "--yes")
    with closing(sqlite3.connect(file)) as conn:
        assert conn.execute("select name from sqlite_master where name like '%mainstem%'").fetchall() == []


def test_a_cut_over_waits_for_a_writer_of_the_file_for_as_long_as_it_was_told_and_then_all_is_as_before(
    terminal: Terminal, file: Path, tmp_path: Path
) -> None:
    terminal.lines("consolidate", "adopt", str(tmp_path / "history.yaml"), "--sqlite", str(file))
    terminal.lines("consolidate", "copy", "--without-backup", "a sample")
    terminal.lines("consolidate", "verify")
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("begin immediate")
        began = time.monotonic()
        assert terminal.error("consolidate", "cutover", "--patience", "0.2")[:2] == (4, "MS431")
        assert time.monotonic() - began < 4  # otherwise it is waited for longer
        writer.execute("rollback")
    fail_all(file)
    for lock in ("share", "access share"):  # in the way of the last rows, and of the switch
        with psycopg.connect(terminal.url) as somebody:
            somebody.execute(f"lock table mainstem_landing_history.workflow_history in {lock} mode".encode())
            assert terminal.error("consolidate", "cutover", "--patience", "0.2")[:2] == (4, "MS405")
    fail_all(file)
    terminal.lines("consolidate", "verify")
    terminal.lines("consolidate", "cutover")

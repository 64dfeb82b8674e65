"""SQLite files: what they hold that their schema does not say, and what a rebuild of them would lose."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mainstem.consolidate.lint import Finding, Severity, lint, lint_text, live_at
from mainstem.errors import UnreadableDatabase


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def run(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.executescript(script)


def held(file: Path, rule: str) -> list[Finding]:
    empty = file.with_suffix(".sql")
    empty.write_text("select 1;")
    return [each for each in lint([empty], url=str(file)) if each.rule == rule]


def told(file: Path, rule: str, migration: str) -> list[Finding]:
    with live_at(f"sqlite:///{file}") as live:
        return [each for each in lint_text(migration, live=live) if each.rule == rule]


def test_columns_that_hold_other_types_are_counted(file: Path) -> None:
    run(file, "create table h (id integer primary key, n integer, ok integer, t text);")
    run(
        file,
        "insert into h (n, ok, t) values ('twelve', 1, 'x'), (5, 2, null), (18446744073709551615, 3, 'y');",
    )
    assert {(each.object, each.rows) for each in held(file, "Q05")} == {("h.n", 2)}


def test_text_with_nul_and_infinity_are_errors(file: Path) -> None:
    run(
        file,
        "create table h (id integer primary key, t text, r real); insert into h (t, r) values ('a' || char(0), 1e400), ('b', 2.5);",
    )
    assert {(each.object, each.severity) for each in held(file, "Q05")} == {
        ("h.t", Severity.ERROR),
        ("h.r", Severity.ERROR),
    }
    run(file, "delete from h where id = 1")
    assert held(file, "Q05") == []


def test_times_in_several_kinds_are_told_and_one_kind_of_text_is_not(file: Path) -> None:
    run(
        file,
        "create table h (id integer primary key, at datetime); insert into h (at) values ('2025-01-01 10:00:00'), (1735725600);",
    )
    assert [each.rows for each in held(file, "Q05")] == [1]
    run(file, "update h set at = '2025-01-01T10:00:00'")
    assert held(file, "Q05") == []


def test_keys_that_only_sqlite_takes_are_told(file: Path) -> None:
    run(
        file,
        'create table a (id text primary key, kind text default "new"); insert into a (id) values (null); create table b (x int);',
    )
    said = {each.message for each in held(file, "Q06")}
    assert said == {
        "a.id is NULL in its primary key",
        "a default of a is in double quotes",
        "b has no primary key, only SQLite's rowid",
    }
    run(file, "drop table a; drop table b; create table c (id integer primary key, kind text default 'new')")
    assert held(file, "Q06") == []


def test_rows_without_a_parent_are_found_in_the_file(file: Path) -> None:
    run(
        file,
        "create table p (id integer primary key); create table c (id integer primary key, p int references p);",
    )
    run(file, "insert into p values (1); insert into c values (1, 1), (2, 9), (3, 8);")
    assert [(each.object, each.rows) for each in held(file, "Q09")] == [("c", 2)]
    run(file, "delete from c where p <> 1")
    assert held(file, "Q09") == []


def test_a_stale_log_beside_the_file_is_told(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("pragma journal_mode = wal")
        conn.execute("create table h (id integer primary key)")
        conn.commit()
        assert len(held(file, "Q02")) == 1
    assert held(file, "Q02") == []


def test_a_rebuild_with_children_is_an_error_and_without_children_nothing(file: Path) -> None:
    run(
        file,
        "create table p (id integer primary key); create table c (id integer primary key, p int references p on delete cascade);",
    )
    rebuild = "drop table p; alter table p_new rename to p;"
    [found] = told(file, "Q03", rebuild)
    assert (found.severity, "c refers to it" in found.message) == (Severity.ERROR, True)
    run(file, "drop table c")
    assert told(file, "Q03", rebuild) == []


def test_a_rebuild_names_the_indexes_triggers_and_views_it_loses(file: Path) -> None:
    run(
        file,
        "create table p (id integer primary key autoincrement, a int); create index p_a on p (a); create view v as select * from p;"
        "create trigger p_t after insert on p begin select 1; end;",
    )
    rebuild = "create table q (id integer primary key autoincrement, a int); insert into q (id, a) select id, a from p; drop table p; alter table q rename to p;"
    [found] = told(file, "Q04", rebuild)
    assert found.message == "p had index p_a, trigger p_t, view v, the mark sqlite_sequence"
    whole = (
        rebuild
        + "create index p_a on p (a); create view v as select * from p; create trigger p_t after insert on p begin select 1; end;"
        "insert into sqlite_sequence (name, seq) values ('p', 9);"
    )
    assert told(file, "Q04", whole) == []


def test_rows_that_a_filter_drops_are_counted_in_the_file_too(file: Path) -> None:
    run(
        file,
        "create table h (id integer primary key, s text); insert into h (s) values ('a'), ('b'), (null);",
    )
    assert [
        each.rows for each in told(file, "D01", "insert into r (id) select h.id from h where h.s <> 'a'")
    ] == [2]
    assert told(file, "D01", "insert into r (id) select h.id from h where h.id > 0") == []


def test_the_script_that_would_empty_the_history_is_refused(file: Path, tmp_path: Path) -> None:
    """Run statement by statement its copy fails on a column that is not there, and its DROP does not."""
    columns = ", ".join(f"c{n} text" for n in range(69))
    run(file, f"create table workflow_history (id integer primary key, {columns});")
    run(
        file,
        "insert into workflow_history (c0) with recursive n (i) as (select 1 union all select i + 1 from n where i < 458) select i from n;",
    )
    script = tmp_path / "rename.sql"
    script.write_text(
        "create table keep as select id, c0, issue_title from workflow_history;\ndrop table workflow_history;\n"
        "create table workflow_history (id integer primary key, c0 text, title text);\n"
        "insert into workflow_history select * from keep;\ndrop table keep;\n"
    )
    found = {each.rule: each for each in lint([script], url=str(file))}
    assert "no such column: issue_title" in found["M03"].message
    assert (found["D19"].rows, found["D19"].severity) == (458, Severity.ERROR)
    assert "68 of 70 columns" in found["D02"].message
    assert {"M04", "Q04", "D22"} <= set(found)


def test_adding_one_column_finds_no_error(file: Path) -> None:
    run(
        file,
        "create table workflow_history (id integer primary key, a text); insert into workflow_history (a) values ('x');",
    )
    with live_at(str(file)) as live:
        found = lint_text(
            "begin; alter table workflow_history add column b text; pragma user_version = 2; commit;",
            live=live,
        )
    assert [each.rule for each in found if each.severity is not Severity.NOTE] == []


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    other = tmp_path / "notes.db"
    other.write_text("not a database, but long enough to be read as one" * 20)
    script = tmp_path / "m.sql"
    script.write_text("select 1;")
    with pytest.raises(UnreadableDatabase, match=r"notes\.db"):
        lint([script], url=str(other))
    with pytest.raises(UnreadableDatabase, match=r"missing\.db"):
        lint([script], url=str(tmp_path / "missing.db"))

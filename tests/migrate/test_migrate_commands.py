"""`mainstem migrate …` as it is typed: what is printed, as text and JSON, and the exit codes. The guide's commands run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from old_history import ADD_SCORING_VERSION, history, query

from mainstem.cli.main import main

GUIDE = Path(__file__).parent.parent.parent / "docs/migrate.md"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the old database and two scripts for it."""
    history(tmp_path / "history.db")
    (tmp_path / "006_add_scoring_version.sql").write_text(ADD_SCORING_VERSION)
    (tmp_path / "005_drop.sql").write_text("drop table workflow_history;")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(*words: str, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(main, ["migrate", *words], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_findings_are_told_with_rows_and_remedy_and_exit_code_4(there: Path) -> None:
    result = typed("lint", "history.db", "005_drop.sql", "--json")
    assert result.exit_code == 4
    [found] = [json.loads(line) for line in result.stdout.splitlines()]
    assert (found["rule"], found["place"], found["rows"]) == ("D19", "line 1", 458)
    assert found["remedy"].startswith("Rename it")
    assert typed("lint", "history.db", "006_add_scoring_version.sql").exit_code == 0
    assert typed("lint", "history.db", "005_drop.sql", "--accept", "D19").exit_code == 0


def test_a_refusal_names_what_is_refused_and_how_to_insist(there: Path) -> None:
    result = typed("apply", "history.db", "005_drop.sql")
    assert result.exit_code == 4
    assert "D19 line 1: table workflow_history is dropped with 458 rows" in result.stderr
    assert "--accept D19" in result.stderr
    assert query(there / "history.db", "select count(*) from workflow_history") == [(458,)]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("lint", "nothing.db", "006_add_scoring_version.sql"), 2),
        (("lint", "006_add_scoring_version.sql", "006_add_scoring_version.sql"), 2),
        (("lint", "history.db", "nothing.sql"), 2),
        (("check", "history.db", "006_add_scoring_version.sql"), 4),
        (("rollback", "history.db", "006_add_scoring_version.sql", "--yes"), 4),
        (("rename", "history.db", "workflow_history", "nothing", "x"), 4),
    ],
)
def test_what_cannot_be_is_told_so(there: Path, words: tuple[str, ...], code: int) -> None:
    result = typed(*words)
    assert result.exit_code == code
    assert "try:" in result.stderr


def test_a_rollback_asks_first(there: Path) -> None:
    words = ("history.db", "006_add_scoring_version.sql")
    assert typed("apply", *words).exit_code == 0
    assert typed("rollback", *words, stdin="n\n").exit_code == 1
    assert len(query(there / "history.db", "pragma table_info(workflow_history)")) == 70
    assert typed("rollback", *words, stdin="y\n").exit_code == 0
    assert len(query(there / "history.db", "pragma table_info(workflow_history)")) == 69


def test_the_guides_commands_run_in_its_order(there: Path) -> None:
    [block] = re.findall(r"<!-- runs -->\n```bash\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    commands = [line for line in block.splitlines() if line and not line.startswith("#")]
    assert len(commands) >= 6
    for command in commands:
        words = shlex.split(command)
        assert words[:2] == ["mainstem", "migrate"]
        result = typed(*words[2:])
        assert result.exit_code == 0, f"{command}: {result.output}"
    assert query(there / "history.db", "select count(hour_of_day) = count(submission_hour) from workflow_history") == [(1,)]  # fmt: skip

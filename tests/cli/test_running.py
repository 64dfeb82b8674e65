"""Starting runs, and reading and steering them, as it is typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from conditions import one_server
from conftest import Database
from typed import Terminal, write_program

__all__ = ["one_server"]


@pytest.fixture
def terminal(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """In an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return Terminal(database.url)


@pytest.fixture
def app(terminal: Terminal, tmp_path: Path) -> str:
    """A module with the workflows greeting and asking."""
    return write_program(tmp_path)


def started(terminal: Terminal, *words: str) -> str:
    [line] = terminal.lines("run", *words)
    run_id: str = line["run_id"]
    return run_id


def test_a_run_here_gives_its_id_and_its_result(terminal: Terminal, app: str) -> None:
    result = terminal.type("run", f"{app}:greeting", "--input", '{"name": "Ann"}', "--here")
    run_id, output = result.stdout.splitlines()
    assert (result.exit_code, output) == (0, "Hello, Ann!")
    [run] = terminal.lines("runs", "show", run_id)
    assert (run["status"], run["steps"][0]["output_data"]) == ("completed", "Hello, Ann!")


def test_input_comes_from_a_file_or_from_standard_input_too(
    terminal: Terminal, app: str, tmp_path: Path
) -> None:
    (tmp_path / "ann.json").write_text('{"name": "Ann"}')
    for given, stdin in (("@ann.json", None), ("-", '{"name": "Ann"}')):
        result = terminal.type("run", f"{app}:greeting", "--input", given, "--here", stdin=stdin)
        assert result.stdout.endswith("Hello, Ann!\n"), result.stderr


def test_a_run_that_fails_while_it_is_waited_for_exits_with_6_and_names_the_next_command(
    terminal: Terminal, app: str
) -> None:
    result = terminal.type("--json", "run", f"{app}:greeting", "--input", '{"name": "nobody"}', "--here")
    run_id = json.loads(result.stdout)["run_id"]
    told = json.loads(result.stderr.splitlines()[-1])
    assert (result.exit_code, told["error"], told["hint"]) == (6, "RunFailed", f"mainstem runs show {run_id}")


def test_what_cannot_be_started_says_what_to_type_instead(terminal: Terminal, app: str) -> None:
    for words, exit_code, hint in (
        (["nothing"], 3, "mainstem worker MODULE"),
        ([f"{app}:nothing"], 3, f"{app}:greeting"),
        (["nowhere:greeting"], 2, "its project's directory"),
        (["greeting", "--here"], 2, "MODULE:greeting"),
        ([f"{app}:greeting"], 2, "greeting(name: str)"),
        ([f"{app}:greeting", "--input", "[1]"], 2, "--input '{"),
        ([f"{app}:greeting", "--input", "{"], 2, "--input @FILE"),
        ([f"{app}:greeting", "--input", "@missing"], 2, "--input @FILE"),
        (["greeting", "--input", '{"channel": "web"}'], 2, "MODULE:NAME"),
    ):
        found_code, _, found_hint = terminal.error("run", *words)
        assert (words, found_code, hint in found_hint) == (words, exit_code, True), found_hint


def test_an_argument_named_like_an_option_of_a_start_goes_to_the_workflow(
    terminal: Terminal, app: str
) -> None:
    run_id = started(terminal, f"{app}:asking", "--input", '{"channel": "mine"}', "--channel", "voice")
    [run] = terminal.lines("runs", "show", run_id)
    assert (run["channel"], run["input_data"]) == ("voice", {"channel": "mine"})


def test_an_error_in_the_module_is_its_authors_and_shown_whole(terminal: Terminal, tmp_path: Path) -> None:
    broken = write_program(tmp_path, "import absent_library\n")
    with pytest.raises(ModuleNotFoundError, match="absent_library"):
        terminal.type("run", f"{broken}:greeting")


def test_the_same_key_starts_it_once_and_another_input_under_it_is_refused(
    terminal: Terminal, app: str
) -> None:
    keyed = ("run", f"{app}:greeting", "--key", "k1", "--input")
    [first], [again] = terminal.lines(*keyed, '{"name": "Ann"}'), terminal.lines(*keyed, '{"name": "Ann"}')
    assert (again["run_id"], first["is_new"], again["is_new"]) == (first["run_id"], True, False)
    assert terminal.error(*keyed, '{"name": "Bob"}')[:2] == (4, "MS007")


def test_a_list_is_filtered_and_paged(terminal: Terminal, app: str) -> None:
    ids = [
        started(
            terminal, f"{app}:greeting", "--input", '{"name": "A"}', "--external-id", f"E{n}", "--tag", "t"
        )
        for n in range(3)
    ]
    voice = started(terminal, f"{app}:asking", "--channel", "voice")

    def listed(*words: str) -> list[str]:
        return [line["run_id"] for line in terminal.lines("runs", "list", *words)]

    assert listed() == [voice, *reversed(ids)]
    assert listed("--channel", "voice") == listed("--workflow", "asking") == [voice]
    assert listed("--external-id", "E1") == [ids[1]]
    assert (listed("--status", "failed"), len(listed("--status", "pending"))) == ([], 4)
    assert (listed("--before", "1h"), len(listed("--since", "1h"))) == ([], 4)
    page = terminal.type("--json", "runs", "list", "--limit", "3")
    assert len(page.stdout.splitlines()) == 3
    assert listed("--after", json.loads(page.stderr)["next"]) == [ids[0]]


def test_a_list_for_people_is_a_table_with_whole_ids(terminal: Terminal, app: str) -> None:
    run_id = started(terminal, f"{app}:asking")
    header, row = terminal.type("runs", "list").stdout.splitlines()
    assert header.split()[:3] == ["run", "workflow", "status"]
    assert row.split()[:4] == [run_id, "asking", "pending", "web"]


def test_a_time_that_is_none_is_wrong_usage(terminal: Terminal) -> None:
    result = terminal.type("runs", "list", "--since", "yesterday")
    assert result.exit_code == 2
    assert "2h for two hours ago" in result.stderr


def test_show_tells_steps_events_and_the_error(terminal: Terminal, app: str) -> None:
    good = terminal.type("run", f"{app}:greeting", "--input", '{"name": "Ann"}', "--here").stdout.split()[0]
    bad = terminal.type("run", f"{app}:greeting", "--input", '{"name": "nobody"}', "--here").stdout.split()[0]
    shown = terminal.type("runs", "show", good).stdout
    assert [
        word for word in ("Steps", "greet", "Events", "greeted", '"Hello, Ann!"') if word not in shown
    ] == []
    shown = terminal.type("runs", "show", bad).stdout
    assert [word for word in ("failed", "error", "whom?", "ValueError") if word not in shown] == []


def test_tail_prints_each_state_once_and_ends_with_the_run(terminal: Terminal, app: str) -> None:
    run_id = terminal.type("run", f"{app}:greeting", "--input", '{"name": "Ann"}', "--here").stdout.split()[0]
    told = [(line["step"], line["name"], line["status"]) for line in terminal.lines("runs", "tail", run_id)]
    assert told == [(1, "greet", "completed"), (0, "greeting", "completed")]


def test_a_run_is_signalled_cancelled_and_then_takes_nothing_more(terminal: Terminal, app: str) -> None:
    run_id = started(terminal, f"{app}:asking")
    [sent] = terminal.lines("runs", "signal", run_id, "supervisor", "--payload", '{"approved": true}')
    assert sent["signal_id"] != run_id
    assert terminal.lines("runs", "cancel", run_id, "--reason", "sent twice") == [
        {"run_id": run_id, "answer": "cancelled"}
    ]
    assert terminal.lines("runs", "show", run_id)[0]["error_message"] == "sent twice"
    assert terminal.error("runs", "signal", run_id, "supervisor")[:2] == (4, "MS003")
    assert terminal.error("runs", "cancel", run_id)[:2] == (4, "MS003")


def test_all_runs_of_a_workflow_and_key_are_signalled_at_once(
    database: Database, terminal: Terminal, app: str
) -> None:
    for key in ("claim-7", "claim-7", "claim-8"):
        started(terminal, f"{app}:asking", "--external-id", key)
    by_key = ("runs", "signal", "supervisor", "--workflow", "asking", "--key")
    assert terminal.lines(*by_key, "claim-7", "--payload", "3")[0]["runs"] == 2
    assert terminal.error(*by_key, "claim-9")[:2] == (3, "MS001")
    assert "[RUN_ID] NAME" in terminal.type("runs", "signal", "supervisor", "--key", "claim-7").stderr
    assert "'x' is no id of a run" in terminal.type("runs", "signal", "x", "supervisor").stderr
    sent = database.rows("select payload from mainstem.user_workflow_signal")
    assert [row["payload"] for row in sent] == [3, 3]
    assert (
        database.value("select details ->> 'runs' from mainstem.user_workflow_audit where target = 'claim-7'")
        == "2"
    )


def test_a_paused_run_is_resumed_and_one_that_is_not_paused_is_refused(
    database: Database, terminal: Terminal, app: str
) -> None:
    run_id = started(terminal, f"{app}:asking")
    code, error, hint = terminal.error("runs", "resume", run_id)
    assert (code, error) == (4, "MS006")
    assert "mainstem runs show" in hint
    database.rows(
        "update mainstem.user_workflow_run_queue set state = 'paused' where run_id = %s returning 1", run_id
    )
    database.rows(
        "update mainstem.user_workflow_run set status = 'paused' where run_id = %s returning 1", run_id
    )
    assert terminal.lines("runs", "resume", run_id)[0]["answer"] == "resumed"
    assert terminal.lines("runs", "show", run_id)[0]["status"] == "pending"


def test_a_run_that_is_not_there_is_told_with_where_to_look(terminal: Terminal) -> None:
    for verb in ("show", "tail", "cancel", "resume"):
        code, error, hint = terminal.error("runs", verb, f"{uuid4()}"[:-6] + "000000")
        assert (verb, code, error) == (verb, 3, "MS001")
        assert "mainstem runs list" in hint


def test_runs_are_found_counted_exported_and_compared_by_one_filter(
    terminal: Terminal, app: str, tmp_path: Path
) -> None:
    good = terminal.lines("run", f"{app}:greeting", "--input", '{"name": "Ann"}', "--here")[0]["run_id"]
    terminal.type("run", f"{app}:greeting", "--input", '{"name": "nobody"}', "--here")
    [bad] = terminal.lines("runs", "list", "status:failed", "workflow:gree*")
    assert [run["run_id"] for run in terminal.lines("runs", "list", "--", "-status:failed")] == [good]
    assert [
        run["run_id"]
        for run in terminal.lines("runs", "list", "in.name:Ann", "--status", "completed", "--since", "1h")
    ] == [good]
    assert terminal.lines("runs", "count", "started:>-1h") == [{"value": 2, "relation": "eq"}]
    terminal.type("runs", "export", "--format", "csv", "--output", str(tmp_path / "runs.csv"))
    assert [line.count(good) for line in (tmp_path / "runs.csv").read_text().splitlines()] == [0, 0, 1]
    lines = terminal.type("runs", "export", "status:failed").stdout.splitlines()
    assert [json.loads(line)["run_id"] for line in lines] == [bad["run_id"]]
    [told] = terminal.lines("runs", "compare", good, bad["run_id"])
    assert told["input"] == [{"op": "replace", "path": "/name", "value": "nobody"}]
    assert "differ from step" in terminal.type("runs", "compare", good, bad["run_id"]).stdout
    [answer] = terminal.lines("runs", "retry", bad["run_id"])
    assert answer["answer"] == "pending"
    again = terminal.type("runs", "retry", bad["run_id"])
    assert (again.exit_code, "mainstem runs show" in again.stderr) == (4, True)


def test_a_filter_that_cannot_be_read_says_where_and_names_the_next_command(terminal: Terminal) -> None:
    for verb in ("list", "count", "export"):
        refused = terminal.type("runs", verb, "staus:failed")
        assert refused.exit_code == 2
        assert "is it 'status'" in refused.stderr
        assert "mainstem runs list --help" in refused.stderr

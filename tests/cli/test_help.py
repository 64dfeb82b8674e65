"""Help: every command says what it is for, and the exit codes are those of the errors."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from mainstem.cli.following import NEXT, following
from mainstem.cli.main import main
from mainstem.errors import MainstemError, every_error
from typed import Terminal


def commands(group: click.Group, *words: str) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*words, name)
        if isinstance(command, click.Group):
            yield from commands(command, *words, name)


@pytest.mark.parametrize("words", [(), *commands(main)], ids=" ".join)
def test_each_command_explains_itself_with_an_example(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*words, "--help"])
    assert result.exit_code == 0
    assert re.search(r"Examples?:\s+mainstem ", result.stdout)


def test_a_list_of_verbs_says_of_each_what_its_own_help_begins_with() -> None:
    groups = [main, *(main.get_command(click.Context(main), name) for name in main.commands)]
    for group in groups:
        if isinstance(group, click.Group):
            context = click.Context(group)
            told = {name: listed.get_short_help_str(500) for name, listed in group.commands.items()}
            own = {
                name: command.get_short_help_str(500)
                for name in group.list_commands(context)
                if (command := group.get_command(context, name))
            }
            assert told == own


def test_neither_the_help_nor_a_worker_loads_what_a_consolidation_needs() -> None:
    typed = (
        "import sys; from mainstem.cli.main import main; main([*sys.argv[1:], '--help'], standalone_mode=False);"
        "sys.exit(', '.join(sys.modules.keys() & {'mainstem.consolidate', 'mainstem.demo', 'alembic', 'sqlalchemy', 'yaml'}) or None)"
    )
    for words in ((), ("worker",)):
        done = subprocess.run(
            [sys.executable, "-c", typed, *words], check=False, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "Example" in done.stdout


def test_the_exit_codes_of_all_errors_are_in_the_help() -> None:
    told = CliRunner().invoke(main, ["--help"]).stdout
    listed = {int(code) for code in re.findall(r"^ {4}(\d+) ", told, re.MULTILINE)}
    assert listed == {0, 130} | {error.exit_code for error in every_error().values()}


def test_wrong_usage_exits_with_2_and_names_the_help() -> None:
    result = Terminal("postgresql://nowhere.invalid/").type("runs", "show", "seven")
    assert result.exit_code == 2
    assert "mainstem runs show --help" in result.stderr


@pytest.mark.parametrize("error", every_error().values(), ids=lambda error: error.__name__)
@pytest.mark.parametrize("hint", [None, "wait, and run it again."])
def test_a_failing_command_names_the_next_one_to_type(error: type[MainstemError], hint: str | None) -> None:
    told = following(error("it failed", hint=hint), "runs")
    assert re.search(r"(^|; )(mainstem [a-z-]|pip install )", told)
    assert hint is None or told.startswith("wait, and run it again; ")


def test_every_command_that_is_named_is_one() -> None:
    known = {" ".join(words) for words in commands(main)}
    for told in NEXT.values():
        words = [word for word in told.split()[1:] if re.fullmatch("[a-z]+", word)]
        assert told.startswith("pip ") or " ".join(words) in known, told

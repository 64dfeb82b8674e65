"""Help: every command says what it is for, and the exit codes are those of the errors."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from mainstem.cli.main import main
from mainstem.errors import every_error
from typed import Terminal


def commands(group: click.Group, *words: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*words, name)
        if isinstance(command, click.Group):
            yield from commands(command, *words, name)


@pytest.mark.parametrize("words", [(), *commands(main)], ids=" ".join)
def test_each_command_explains_itself_with_an_example(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*words, "--help"])
    assert result.exit_code == 0
    assert re.search(r"Examples?:\s+mainstem ", result.stdout)


def test_the_exit_codes_of_all_errors_are_in_the_help() -> None:
    told = CliRunner().invoke(main, ["--help"]).stdout
    listed = {int(code) for code in re.findall(r"^ {4}(\d+) ", told, re.MULTILINE)}
    assert listed == {0, 130} | {error.exit_code for error in every_error().values()}


def test_wrong_usage_exits_with_2_and_names_the_help() -> None:
    result = Terminal("postgresql://nowhere.invalid/").type("runs", "show", "seven")
    assert result.exit_code == 2
    assert "mainstem runs show --help" in result.stderr

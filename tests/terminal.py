"""Commands as they are typed, in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from click.testing import CliRunner, Result

from mainstem.cli.main import main


@dataclass(frozen=True)
class Terminal:
    """Where commands are typed, with --url before them."""

    url: str

    def type(self, *words: str, stdin: str | None = None) -> Result:
        """What came of it; an error that nobody expected is raised here."""
        result = CliRunner().invoke(main, ["--url", self.url, *words], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def lines(self, *words: str) -> list[Any]:
        """The JSON lines of a command that succeeds."""
        result = self.type("--json", *words)
        assert result.exit_code == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    def error(self, *words: str) -> tuple[int, str, str]:
        """Exit code, code and hint of a command that is refused."""
        result = self.type("--json", *words)
        told = json.loads(result.stderr.splitlines()[-1])
        return result.exit_code, told["code"], told["hint"]

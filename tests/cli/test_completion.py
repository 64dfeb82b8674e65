"""Completion: what a shell asks for with Tab, by the protocol of the script that it was given."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mainstem.cli.completion import SHELLS
from typed import Terminal

TYPED = {
    "a verb": (["mainstem", "ru"], {"run", "runs"}),
    "a verb of a group": (["mainstem", "consolidate", "cut"], {"cutover"}),
    "an option": (["mainstem", "runs", "list", "--sta"], {"--status"}),
    "an option's value": (["mainstem", "runs", "list", "--status", "comp"], {"completed"}),
    "a key": (["mainstem", "runs", "list", "st"], {"status:", "started:", "steps:"}),
    "a document": (["mainstem", "runs", "list", "ct"], {"ctx."}),
    "a value": (["mainstem", "runs", "list", "status:f"], {"status:failed"}),
    "a second value": (["mainstem", "runs", "count", "status:failed,time"], {"status:failed,timeout"}),
    "a value that bash has parted": (["mainstem", "runs", "list", "status", ":", "f"], {"failed"}),
    "a value that bash has parted, not begun": (["mainstem", "runs", "list", "driver", ":"], {"engine", "caller", "recorded"}),
    "a value of a key that takes any": (["mainstem", "runs", "list", "workflow:c"], set()),
    "a value of no key": (["mainstem", "runs", "list", ":"], set()),
}  # fmt: skip


@pytest.mark.parametrize("case", TYPED)
def test_tab_completes(case: str) -> None:
    words, expected = TYPED[case]
    assert set(offered(words)) == expected


def offered(words: list[str]) -> list[str]:
    """As bash asks: each line is a kind and a value."""
    asked = {
        "_MAINSTEM_COMPLETE": "bash_complete",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
        "MAINSTEM_URL": "postgresql://127.0.0.1:1/nobody",
    }
    program = "from mainstem.cli.main import main; main(prog_name='mainstem')"
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, **asked}, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_its_script_and_bash_reads_its_own(shell: str) -> None:
    script = Terminal("postgresql://127.0.0.1:1/nobody").type("completion", shell).stdout
    assert "_MAINSTEM_COMPLETE" in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)

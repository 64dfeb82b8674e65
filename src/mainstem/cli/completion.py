"""`mainstem completion`: what makes a shell complete commands, options and filters."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from mainstem.cli.output import json_option, say

SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command()
@click.argument("shell", type=click.Choice(list(SHELLS)))
@json_option
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete commands, options, and the keys and values of filters.

    It asks no database, so that Tab answers at once. bash has to be 4.4 or newer.

    \b
    Examples:
      mainstem completion bash >> ~/.bashrc
      mainstem completion zsh >> ~/.zshrc
      mainstem completion fish > ~/.config/fish/completions/mainstem.fish
    """  # noqa: D301  (click's mark for lines that stay as they are)
    script = SHELLS[shell](context.find_root().command, {}, "mainstem", "_MAINSTEM_COMPLETE").source()
    say(script, shell=shell, script=script)

"""Groups whose verbs are imported when they are named: a worker does not load what a consolidation needs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class InOrder(click.Group):
    """Verbs in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(self.commands)


class Named(InOrder):
    """`verbs` has each verb's first sentence, which its own help begins with; the verb NAME is `NAME` in PACKAGE.NAME, or `NAME_`
    where Python has that name.
    """

    def __init__(
        self, name: str | None = None, *, package: str, verbs: Mapping[str, str], **attributes: Any
    ) -> None:
        stand_ins = {name: click.Command(name, help=sentence) for name, sentence in verbs.items()}
        super().__init__(name, commands=stand_ins, **attributes)
        self._package = package

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.commands:
            return None
        module = import_module(f"{self._package}.{cmd_name}")
        command: click.Command = getattr(module, f"{cmd_name}_", None) or getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        InOrder(commands=self.commands).format_commands(ctx, formatter)

"""`mainstem consolidate …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.consolidate.adopt import adopt
from mainstem.cli.consolidate.backup import backup
from mainstem.cli.consolidate.copy import copy
from mainstem.cli.consolidate.cutover import cutover
from mainstem.cli.consolidate.finish import finish
from mainstem.cli.consolidate.inspect import inspect
from mainstem.cli.consolidate.limits import limits
from mainstem.cli.consolidate.lint import lint
from mainstem.cli.consolidate.plan import plan
from mainstem.cli.consolidate.report import report
from mainstem.cli.consolidate.rollback import rollback
from mainstem.cli.consolidate.sql import sql
from mainstem.cli.consolidate.status import status
from mainstem.cli.consolidate.verify import verify


class InOrder(click.Group):
    """Verbs in the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(self.commands)


@click.group(cls=InOrder)
def consolidate() -> None:
    """Bring old tables in: look at them, decide what they become, prove it, switch, and go back if need be.

    Each verb can be interrupted and run again. SYSTEM need not be said where there is one plan only.

    \b
    Example:
      mainstem consolidate inspect
      mainstem consolidate plan --preset rcm --output rcm.yaml
      mainstem consolidate adopt rcm.yaml
      mainstem consolidate backup --to rcm.backup
      mainstem consolidate copy && mainstem consolidate verify && mainstem consolidate cutover
      mainstem consolidate report --html rcm.html
    """  # noqa: D301  (click's mark for lines that stay as they are)


for command in (
    inspect, plan, lint, limits, adopt, sql, backup, copy, verify, cutover, status, rollback, finish, report,
):  # fmt: skip
    consolidate.add_command(command)

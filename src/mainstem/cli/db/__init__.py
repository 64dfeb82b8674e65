"""`mainstem db …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.db.check import check
from mainstem.cli.db.doctor import doctor
from mainstem.cli.db.partitions import partitions
from mainstem.cli.db.sql import sql
from mainstem.cli.db.upgrade import upgrade


@click.group()
def db() -> None:
    """Install the schema, and look after it.

    Example: mainstem db upgrade && mainstem db doctor
    """


for command in (upgrade, check, doctor, partitions, sql):
    db.add_command(command)

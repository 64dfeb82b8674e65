"""`mainstem runs count`: how many runs a filter finds."""

from __future__ import annotations

from typing import Any

import click

from mainstem.cli.door import client_of
from mainstem.cli.output import json_option, say
from mainstem.cli.runs.asked import filter_options, query_of
from mainstem.settings import Settings


@click.command()
@filter_options
@json_option
@click.pass_obj
def count(settings: Settings, /, **asked: Any) -> None:
    """Count the runs that QUERY finds: exactly to 10,000, beyond that `10000 or more`.

    Example: mainstem runs count status:failed 'started:>-24h'
    """
    query = query_of(**asked)
    with client_of(settings) as client:
        counted = client.count_runs(query).wait()
    words = str(counted.value) if counted.relation == "eq" else f"{counted.value} or more"
    say(words, value=counted.value, relation=counted.relation)

"""`mainstem consolidate plan`: a mapping, with a question wherever somebody must decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mainstem.cli.consolidate.source import Source, inspected, source_options
from mainstem.cli.output import json_option, note, say, wants_json
from mainstem.consolidate.draft import draft, preset_for
from mainstem.errors import BadArgument
from mainstem.settings import Settings


@click.command()
@source_options
@click.option("--system", default="old", show_default=True, help="What the old system is called.")
@click.option(
    "--preset", "known", metavar="NAME", help="The mapping of a system that we know, instead of a draft."
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="A file that is not there yet; else standard output."
)
@json_option
@click.pass_obj
def plan(settings: Settings, /, system: str, known: str | None, output: Path | None, **options: Any) -> None:
    """Draft the mapping of old tables: what is certain is written, what is not is asked, the facts beside it.

    It compiles when each "?" is answered.

    \b
    Examples:
      mainstem consolidate plan --sqlite history.db --system history --output history.yaml
      mainstem consolidate plan --source postgresql://reader@db.example/app --preset rcm
    """  # noqa: D301  (click's mark for lines that stay as they are)
    if output is not None and output.exists():
        raise BadArgument(f"{output} is there already", hint="name another file, or move this one away")
    found = inspected(settings, Source(**options))
    mapping = preset_for(known, found) if known else draft(found, system)
    questions = mapping.count('"?"')
    if output is None:
        say(mapping.rstrip("\n"), mapping=mapping, questions=questions)
    else:
        output.write_text(mapping, encoding="utf-8")
        say(f"{output}: {questions} questions", output=output, questions=questions)
    if found.notes and not wants_json():
        note("; ".join(found.notes))

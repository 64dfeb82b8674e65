"""`mainstem approvals answer`: answer one."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.given import given_text
from mainstem.cli.output import json_option, say
from mainstem.flow.values import dumped
from mainstem.graph.answers import refuse_answer
from mainstem.ledger.approvals import answer_approval, read_approval
from mainstem.settings import Settings


@click.command()
@click.argument("step_id", type=click.UUID)
@click.argument("answer", callback=lambda _context, _argument, text: _read(text))
@click.option("--by", help="Who answers; whoever types here without it.")
@json_option
@click.pass_obj
def answer(settings: Settings, step_id: UUID, answer: Any, by: str | None) -> None:
    """Answer the approval STEP_ID with ANSWER, JSON that fits its form. As it stands, from @FILE, or from standard input (-); the first answer stands.

    Example: mainstem approvals answer STEP_ID '{"approved": true, "amount": 7}' --by ann
    """
    text = dumped(answer, "the answer")
    with ledger_of(settings) as ask:
        asked = ask(read_approval(step_id))
        refuse_answer(asked.form, answer)
        told = did("approvals.answer", step_id, run_id=str(asked.run_id), name=asked.name, answered_by=by)
        signal_id = ask(answer_approval(step_id, text, by or told.actor), told)
    say(
        f"{asked.name} of run {asked.run_id} is answered",
        step_id=step_id,
        run_id=asked.run_id,
        signal_id=signal_id,
    )


def _read(text: str) -> Any:
    try:
        return json.loads(given_text(text))
    except (OSError, ValueError) as refusal:
        raise click.BadParameter(f"no JSON: {refusal}") from refusal

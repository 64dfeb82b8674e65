"""`mainstem consolidate …`: a verb a module."""

from __future__ import annotations

import click

from mainstem.cli.named import Named

VERBS = {
    "inspect": "Look at old tables, without touching them: what they seem to hold, what hangs on them, what is odd in their rows.",
    "plan": "Draft the mapping of old tables: what is certain is written, what is not is asked, the facts beside it.",
    "lint": "Examine SQL files, Alembic revisions, Python and shell programs, and mappings (.yaml).",
    "limits": "Look through old code for the few things that work on a table and not on a view. Exit code 1 when there are any.",
    "adopt": "Begin a consolidation with the mapping in FILE, or change the mapping of one that has copied nothing.",
    "sql": "Print the whole program of a plan: views, triggers, a batch of the copy, and the proof.",
    "backup": "Dump the schema of the old tables, restore it into a scratch database, and compare the digests of every table.",
    "copy": "Install the triggers, copy batch after batch, and fold again what was written meanwhile.",
    "verify": "Compare every row: what the old rows become with what is there, and what is there, turned back, with the old rows.",
    "cutover": "Switch: under locks the last changes are folded and compared, and the old names become views of the ledger.",
    "status": "Show the phase, the next command, what is left, what was set aside, and what a way back would cost now.",
    "rollback": "Go back.",
    "finish": "Drop the old tables.",
    "revision": "Write the consolidation with the mapping in FILE as a revision for Alembic, the mapping beside it. Nothing else is touched.",
    "report": "Say what was found, decided, moved, set aside and dropped, what it took, what was proved, and how to go back.",
}
"""In the order in which they are used."""


@click.group(cls=Named, package=__name__, verbs=VERBS)
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

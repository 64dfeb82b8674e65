"""The ledger's two columns for old ids: what writes them, and the mapping without them.

They are for people and their joins. The old names find a run by `consolidation_id`, and work as well when the columns are gone.
"""

from __future__ import annotations

from mainstem.consolidate.mapping import Mapping, Run, Step

LEGACY = {"user_workflow_run": "legacy_trace_id", "user_workflow_run_step": "legacy_step_id"}


def without_legacy(mapping: Mapping) -> Mapping:
    """The keys of runs and steps go to the id map alone. Any other column that goes there has no other place, and stays."""
    tables = {
        name: said.model_copy(update={"columns": {key: lens for key, lens in said.columns.items() if key != said.key or lens.to not in LEGACY.values()}})
        if isinstance(said, Run | Step)
        else said
        for name, said in mapping.tables.items()
    }  # fmt: skip
    return mapping.model_copy(update={"tables": tables})


def held_there(mapping: Mapping) -> list[str]:
    """Old columns that have their only place in one of the two: those that are no keys."""
    return [
        f"{name}.{column}"
        for name, said in without_legacy(mapping).moving.items()
        for column, lens in said.columns.items()
        if lens.to in LEGACY.values()
    ]

"""Replay: recorded runs against the code as it is now, with no database and no step executed.

What a worker would do with each: go on, end as it is recorded, end otherwise, or pause because the code no longer fits.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from mainstem.engine.branches import Left
from mainstem.engine.conduct import Conduct
from mainstem.engine.debugging import Breakpoints
from mainstem.errors import BadArgument, LeaseLost
from mainstem.flow.program import Workflow
from mainstem.ledger.records import EndingRecord
from mainstem.model import ClaimedRun, RecordedStep, Run

FITS = ("same", "goes on")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one run.

    verdict: `same` (it ends as recorded), `goes on` (its record ends in the middle, and the code fits so far),
    `misfit` (it would pause, or do more than a run that has ended did), `differs` (it ends otherwise).
    """

    run_id: UUID
    workflow: str
    verdict: str
    reason: str

    @property
    def fits(self) -> bool:
        """Whether the code may be put under this run."""
        return self.verdict in FITS


async def replay(workflow: Workflow[..., Any], runs: Iterable[Run | Mapping[str, Any]]) -> list[Replayed]:
    """Each run of this workflow, as `Mainstem.get_run` gives it or as JSON; runs of others are left out."""
    found = (_recorded(run) for run in runs)
    return [await _replayed(workflow, run) for run in found if run.workflow == workflow.name]


def runs_of(path: str | Path) -> list[dict[str, Any]]:
    """The runs in a file of `mainstem runs export --steps`: a JSON document a line. Raises BadArgument."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [_document(line, f"{path}:{n}") for n, line in enumerate(lines, 1) if line.strip()]


def _document(line: str, place: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as refusal:
        raise BadArgument(f"{place} is no JSON: {refusal}", hint="mainstem runs export --steps") from refusal
    if not isinstance(found, dict) or "steps" not in found or not isinstance(found["steps"], list):
        raise BadArgument(f"{place} is no run with its steps", hint="mainstem runs export --steps")
    return found


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A run, and how it stood when it was recorded."""

    claimed: ClaimedRun
    status: str
    output: Any

    @property
    def workflow(self) -> str:
        return self.claimed.workflow


class _Ended:
    """In place of a recorder: keeps the ending, and lets nothing else be written."""

    def __init__(self) -> None:
        self.ending: EndingRecord | None = None

    def put(self, _column: int, *records: Any) -> asyncio.Future[list[Any]]:
        done: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        if len(records) == 1 and isinstance(records[0], EndingRecord):
            self.ending = records[0]
            done.set_result([])
        else:
            done.set_exception(LeaseLost("the record ends here"))
        return done


class _NoFurther:
    """In place of the open steps: where the record ends, the code is left."""

    def __init__(self) -> None:
        self.first: str | None = None

    def begin(self, record: Any, *, is_recorded: bool) -> Any:  # noqa: ARG002  (as the open steps have it)
        self.first = self.first or f"step {record.step_number}, {record.node_key.decode()}"
        raise Left


class _Beyond:
    """In place of children and transactions: what a run would reach for beyond its record is not there either."""

    def __init__(self, opening: _NoFurther) -> None:
        self._opening = opening

    async def enter(self, *_asked: Any) -> None:
        raise Left

    async def cancel(self, *_asked: Any) -> None:
        return

    async def attempt(self, _step: Any, _args: Any, _kwargs: Any, opened: Any, **_asked: Any) -> Any:
        self._opening.begin(opened.record, is_recorded=False)


async def _replayed(workflow: Workflow[..., Any], run: _Recorded) -> Replayed:
    recorder, opening = _Ended(), _NoFurther()
    beyond = _Beyond(opening)
    conduct = Conduct(
        run.claimed,
        workflow,
        recorder=recorder,  # type: ignore[arg-type]
        open_steps=opening,  # type: ignore[arg-type]
        context=_nobody,
        execution=beyond,  # type: ignore[arg-type]
        children=beyond,  # type: ignore[arg-type]
        transactions=beyond,  # type: ignore[arg-type]
        breakpoints=Breakpoints(),
    )
    await asyncio.create_task(conduct.to_its_end())
    verdict, reason = _verdict(run, recorder.ending, opening.first)
    return Replayed(run.claimed.run_id, run.workflow, verdict, reason)


async def _nobody(_run: ClaimedRun, _key: str, _value: bytes | None) -> Any:
    raise Left


def _verdict(run: _Recorded, ending: EndingRecord | None, first: str | None) -> tuple[str, str]:
    if ending is None:
        beyond = first or "a wait"
        if run.status == "completed":
            return "misfit", f"the code goes on with {beyond} where the recorded run had ended"
        return "goes on", f"the record ends before {beyond}"
    details = json.loads(ending.error_details or b"{}")
    if details.get("type") == "NonDeterministicWorkflow":
        return "misfit", ending.error_message or ""
    if run.status not in ("completed", "failed"):
        return "goes on", f"the code would end: {ending.status}"
    if ending.status != run.status and not (ending.status == "paused" and run.status == "failed"):
        return (
            "differs",
            f"it was {run.status}, and would be {ending.status}: {ending.error_message or 'as its code returns'}",
        )
    if run.status == "completed" and json.loads(ending.output_data or b"null") != run.output:
        return "differs", "it returns something else than is recorded"
    return "same", "it ends as recorded"


def _recorded(run: Run | Mapping[str, Any]) -> _Recorded:
    read: Any = (
        run if isinstance(run, Mapping) else {name: getattr(run, name) for name in Run.__dataclass_fields__}
    )
    claimed = ClaimedRun(
        run_id=UUID(str(read["run_id"])),
        org_id=UUID(str(read["org_id"])),
        epoch=0,
        queue="default",
        priority=0,
        due_at=read["created_at"],
        claimed_at=read["created_at"],
        cancel_requested=False,
        cancel_reason=None,
        workflow=read["workflow"],
        workflow_version=read["workflow_version"],
        channel=read["channel"],
        input_data=read["input_data"],
        endpoints_used=[],
        steps=[_step(step) for step in read["steps"]],
    )
    return _Recorded(claimed, str(read["status"]), read["output_data"])


def _step(step: Any) -> RecordedStep:
    names = (
        "step_number",
        "node_key",
        "iteration",
        "status",
        "retry_count",
        "output_data",
        "error_message",
        "error_details",
        "metadata",
    )
    read = step if isinstance(step, Mapping) else {name: getattr(step, name) for name in names}
    fields = {name: read[name] for name in names}
    return RecordedStep(**{**fields, "status": str(fields["status"])}, is_due=True)

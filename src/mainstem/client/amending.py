"""Amending: the client's verbs for runs that failed or that somebody stopped, and its breakpoints."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from uuid import UUID

from mainstem.client.opened import Opened
from mainstem.client.pending import Pending
from mainstem.flow.comparison import Comparison
from mainstem.flow.values import dumped, loaded
from mainstem.graph.inputs import refuse_input
from mainstem.ledger import amending, breakpoints, bulk
from mainstem.ledger.amending import Action, Amendment, Fork
from mainstem.ledger.breakpoints import Breakpoint, NewBreakpoint
from mainstem.ledger.bulk import Batch, Plan
from mainstem.ledger.definitions import read_input_of_run
from mainstem.ledger.search import Query, parsed

T = TypeVar("T")


class Amending:
    """What `Mainstem` can do with a run beyond starting, reading and asking."""

    def _pending(self, ask: Callable[[Opened], Coroutine[Any, Any, T]]) -> Pending[T]:
        raise NotImplementedError

    def fork(
        self,
        run_id: UUID,
        *,
        from_step: int | None = None,
        input: dict[str, Any] | None = None,  # noqa: A002  (as `start` and REST call it)
        context: dict[str, Any] | None = None,
        version: int | None = None,
    ) -> Pending[UUID]:
        """A new run that goes on from a step of this one, over or not; its id. The steps before are copied as recorded.

        from_step: from the beginning without it. input: the whole of it, by name. context: laid over the old one, key
        by key. version: of the code. Raises InputRefused with every fault, NotFound, StateRefused, DrivenElsewhere, ValueRefused.
        """
        fork = Fork(
            from_step=from_step,
            input=None if input is None else dumped(input, "the fork's input"),
            context=None if context is None else dumped(context, "the fork's context"),
            version=version,
        )

        async def ask(opened: Opened) -> UUID:
            if input is not None and (asked := await opened.link(read_input_of_run(run_id, version))):
                refuse_input(asked, loaded(dumped(input, "the fork's input")))
            return await opened.link(amending.fork_run(run_id, fork))

        return self._pending(ask)

    def patch_step(
        self, run_id: UUID, step_number: int, output: Any, *, reason: str | None = None, by: str | None = None, go_on: bool = True
    ) -> Pending[str]:  # fmt: skip
        """Give the output of a step that failed, was cut short or stands at a breakpoint; the run's status then.

        go_on: its run is taken back too; False when more is to be patched first. Raises NotFound, RunIsOver,
        StateRefused, ValueRefused.
        """
        text = dumped(output, f"the output of step {step_number}")
        given = Amendment(output=text, reason=reason, by=by, go_on=go_on)
        return self._pending(lambda opened: opened.link(amending.amend_step(run_id, step_number, given)))

    def skip_step(
        self, run_id: UUID, step_number: int, *, reason: str | None = None, by: str | None = None, go_on: bool = True
    ) -> Pending[str]:  # fmt: skip
        """Pass over such a step: it gives None. Otherwise as `patch_step`."""
        given = Amendment(output=None, reason=reason, by=by, go_on=go_on)
        return self._pending(lambda opened: opened.link(amending.amend_step(run_id, step_number, given)))

    def plan_for_all(self, q: str | Query) -> Pending[Plan]:
        """How many runs a filter finds, and the first of them; nothing is asked of them. Raises FilterUnreadable."""
        query = parsed(q) if isinstance(q, str) else q
        return self._pending(lambda opened: bulk.plan(opened.link, query))

    def ask_of_all(
        self, action: Action, q: str | Query, *, reason: str | None = None
    ) -> Pending[list[Batch]]:
        """Retry, cancel or resume every run that a filter finds, in batches, each in a transaction of its own.

        What is refused of one is told, and no reason to leave out the others. Raises FilterUnreadable.
        """
        query = parsed(q) if isinstance(q, str) else q

        async def ask(opened: Opened) -> list[Batch]:
            return [batch async for batch in bulk.batches(opened.link, action, query, reason=reason)]

        return self._pending(ask)

    def set_breakpoint(
        self, workflow: str | None = None, step: str | None = None, *, run_id: UUID | None = None, condition: str | None = None,
        one_shot: bool = False, by: str | None = None,
    ) -> Pending[Breakpoint]:  # fmt: skip
        """Let runs pause before a step begins. step: any, without it. condition: `input.amount > 1000 and call = 1`.

        Raises BadArgument.
        """
        if condition is not None:
            Comparison.parsed(condition, breakpoints.SEEN)
        new = NewBreakpoint(
            workflow=workflow,
            run_id=run_id,
            node_key=step,
            condition=condition,
            one_shot=one_shot,
            created_by=by,
        )
        return self._pending(lambda opened: opened.link(breakpoints.create_breakpoint(new)))

    def breakpoints(self) -> Pending[list[Breakpoint]]:
        """This tenant's, those too that are switched off."""
        return self._pending(lambda opened: opened.link(breakpoints.list_breakpoints()))

    def switch_breakpoint(self, breakpoint_id: UUID, *, is_enabled: bool) -> Pending[Breakpoint]:
        """On or off. Raises NotFound."""
        call = breakpoints.switch_breakpoint(breakpoint_id, is_enabled=is_enabled)
        return self._pending(lambda opened: opened.link(call))

    def delete_breakpoint(self, breakpoint_id: UUID) -> Pending[Breakpoint]:
        """Raises NotFound."""
        return self._pending(lambda opened: opened.link(breakpoints.delete_breakpoint(breakpoint_id)))

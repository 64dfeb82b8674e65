"""What speaks against a graph: as it is written, as it is published, and while a run goes through it."""

from __future__ import annotations

from typing import Any

from mainstem.errors.ledger import LedgerRefused
from mainstem.errors.root import MainstemError


class GraphError(MainstemError):
    """A workflow that is drawn as a graph."""


class GraphRefused(GraphError, code="MS701", exit_code=2):
    """A graph that cannot run as it is written; the message has every fault with its path.

    faults: the same, one by one.
    """

    def __init__(self, message: str, *, hint: str | None = None, faults: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.faults = faults


class DraftConflict(LedgerRefused, code="MS021"):
    """Somebody saved the draft since it was read; nothing was written. Both texts are here, to be brought together.

    yours, theirs: the graph that was sent, and the one that is there, of revision `revision`.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        yours: Any = None,
        theirs: Any = None,
        revision: int = 0,
    ) -> None:
        super().__init__(message, hint=hint)
        self.yours = yours
        self.theirs = theirs
        self.revision = revision


class WorkflowCycle(LedgerRefused, code="MS022"):
    """Workflows that would call one another for ever: the message names the way round."""


class RequirementRefused(GraphError, code="MS702"):
    """What a node was given, or gave, is not what it requires; the message names every place."""


class NoWayOn(GraphError, code="MS703"):
    """No condition of a decision held, and it has no way without one."""


class VisitsExceeded(GraphError, code="MS704"):
    """A loop came by a node more often than its max_visits."""


class KindRefused(GraphError, code="MS705"):
    """A node's kind cannot do what its config says, and could not the next time either."""


class OutcomeFailed(GraphError, code="MS706"):
    """The run came to an outcome whose status is failed."""


class CallFailed(GraphError, code="MS707"):
    """What a node called did not answer, or asks to come again; the node is tried again.

    retry_after: seconds before which it need not be tried.
    """

    def __init__(self, message: str, *, hint: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after

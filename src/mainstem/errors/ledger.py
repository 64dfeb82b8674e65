"""What the ledger, the database and a workflow's own code refuse."""

from __future__ import annotations

from mainstem.errors.root import MainstemError


class LedgerRefused(MainstemError, exit_code=4):
    """A function of the ledger refused the call; nothing was written."""


class NotFound(LedgerRefused, code="MS001", exit_code=3):
    """Nothing with this id is in the ledger for this tenant. Look at the id, then at the tenant."""


class LeaseLost(LedgerRefused, code="MS002"):
    """Another worker holds this run now. Stop, write nothing more; its new holder carries on."""


class RunIsOver(LedgerRefused, code="MS003"):
    """The run has ended and takes nothing more. Start a new run, or retry a failed one."""


class StepExists(LedgerRefused, code="MS004"):
    """A step with this number has been started in this run. Take the next number, or retry the step."""


class StepIsOver(LedgerRefused, code="MS005"):
    """The step has ended; its first ending stands. Read it instead of writing it again."""


class StateRefused(LedgerRefused, code="MS006"):
    """A run or a step does not go from its present state to the one asked for."""


class IdempotencyConflict(LedgerRefused, code="MS007"):
    """The idempotency key was used for another request. Use a new key, or send the same request."""


class IsolationRefused(LedgerRefused, code="MS008"):
    """The function needs READ COMMITTED: under a stricter level it would not see what it waited for."""


class DrivenElsewhere(LedgerRefused, code="MS009"):
    """The run is moved by somebody else (its `driver`): send a request (cancel, signal) instead of writing."""


class BadArgument(LedgerRefused, code="MS010", exit_code=2):
    """An argument is outside what the function takes; the message names it."""


class InputRefused(BadArgument, code="MS013"):
    """A run's input is not what its workflow takes: the message has every fault with its path, and no run was begun.

    faults: the same, one by one.
    """

    def __init__(self, message: str, *, hint: str | None = None, faults: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.faults = faults

    @classmethod
    def of(cls, workflow: str, faults: list[str]) -> InputRefused:
        counted = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        return cls(
            f"the input of {workflow}: {counted}:\n  " + "\n  ".join(faults),
            hint="mend the places that are named: they are the workflow's parameters, or its entry's input_requirements",
            faults=tuple(faults),
        )


class FilterUnreadable(BadArgument, code="MS011"):
    """A filter cannot be read: the message names the character, the value and the nearest that is known. See `docs/reference/filters.md`.

    position: counted from 0. allowed: what may stand there, where that is a list.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        position: int = 0,
        value: str = "",
        allowed: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.position = position
        self.value = value
        self.allowed = allowed


class LegacyColumnsDropped(LedgerRefused, code="MS012"):
    """The question is about numbers from before a consolidation, and `consolidate finish --drop-legacy-columns` dropped their columns."""


class DatabaseError(MainstemError, exit_code=5):
    """The server, or the schema on it, cannot be used as it is."""


class Unreachable(DatabaseError, code="MS101"):
    """No server answers at the address."""


class ServerTooOld(DatabaseError, code="MS102"):
    """The server is older than PostgreSQL 15."""


class RightsMissing(DatabaseError, code="MS103"):
    """The login role may not do what the process needs, or may do more than it must."""


class SchemaNotOurs(DatabaseError, code="MS104"):
    """A schema named mainstem exists and was not installed by us. Nothing is touched."""


class SchemaMissing(DatabaseError, code="MS105"):
    """The database has no mainstem schema yet: run `mainstem db upgrade`."""


class SchemaOlder(DatabaseError, code="MS106"):
    """The schema is older than this code works with: run `mainstem db upgrade`."""


class SchemaNewer(DatabaseError, code="MS107"):
    """The schema is newer than this code works with: install a newer mainstem."""


class SchemaDrifted(DatabaseError, code="MS108"):
    """The catalog is not what the installation stored: `mainstem db check` tells the differences.

    objects: the names of what is missing or changed.
    """

    def __init__(self, message: str, *, hint: str | None = None, objects: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.objects = objects


class EmbeddedMissing(DatabaseError, code="MS109"):
    """The wheel with the embedded server is not installed, or not made for this platform."""


class EmbeddedMismatch(DatabaseError, code="MS110"):
    """The data directory belongs to another major version of PostgreSQL."""


class EmbeddedFailed(DatabaseError, code="MS111"):
    """The embedded server did not start; the message holds the end of its log."""


class UpgradeBlocked(DatabaseError, code="MS112"):
    """The upgrade waited for a lock that somebody holds, and gave up. Nothing was changed; run it again."""


class QueryBudgetExceeded(DatabaseError, code="MS113"):
    """The query took longer than its caller may wait; it was ended, and nothing was written."""


class ValueRefused(MainstemError, exit_code=2):
    """A value cannot be stored as it is; nothing of it was."""


class UnstorableValue(ValueRefused, code="MS201"):
    """The value has no JSON form that PostgreSQL can hold (NUL, NaN, bytes, …); the message names the place."""


class ValueTooLarge(ValueRefused, code="MS202"):
    """The value's JSON text is larger than the ledger takes. Store it elsewhere and record where."""


class ProgramError(MainstemError):
    """A workflow's code, or the way it was called."""


class UnknownWorkflow(ProgramError, code="MS301", exit_code=3):
    """No workflow of this name is registered here."""


class NonDeterministicWorkflow(ProgramError, code="MS302"):
    """The code no longer fits what the run has recorded; the run pauses, and says what was expected."""


class UnscopedConcurrency(ProgramError, code="MS303"):
    """Steps were called from a task that the run does not know. Use `mainstem.gather` for branches."""


class RunFailed(ProgramError, code="MS304", exit_code=6):
    """The run that was waited for failed; `status` is its status and the message its error."""

    def __init__(self, message: str, *, status: str = "failed", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class RunCancelled(ProgramError, code="MS305", exit_code=6):
    """The run was cancelled."""


class StepFailed(ProgramError, code="MS306"):
    """A step failed for good. `error_type` names the class that the step's code raised."""

    def __init__(self, message: str, *, error_type: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.error_type = error_type


class StepTimedOut(ProgramError, code="MS307"):
    """A step took longer than its timeout."""


class SignalTimedOut(ProgramError, code="MS308"):
    """No signal came before the deadline."""


class NotInRun(ProgramError, code="MS309"):
    """This call only has a meaning inside a workflow's code while it runs."""


class NotReached(ProgramError, code="MS320"):
    """A run did not come to the state that a test waited for; the message has the one that it is in."""


class AccessRefused(MainstemError, exit_code=4):
    """A caller of the server who may not do what it asked."""


class NotAuthenticated(AccessRefused, code="MS601"):
    """No key was sent, or one that is unknown, expired or revoked."""


class NotAllowed(AccessRefused, code="MS602"):
    """The key's role does not allow it."""


class TooManyStreams(AccessRefused, code="MS621"):
    """The tenant has as many live connections as it may."""

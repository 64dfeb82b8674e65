"""Every error that mainstem raises on purpose: a class and a code for each thing a caller can do about it.

MainstemError
├── LedgerRefused        the ledger's functions said no; `code` is the SQLSTATE
│   ├── NotFound             MS001
│   ├── LeaseLost            MS002
│   ├── RunIsOver            MS003
│   ├── StepExists           MS004
│   ├── StepIsOver           MS005
│   ├── StateRefused         MS006
│   ├── IdempotencyConflict  MS007
│   ├── IsolationRefused     MS008
│   ├── DrivenElsewhere      MS009
│   └── BadArgument          MS010
├── DatabaseError        the server, or what is installed on it, does not serve us
│   ├── Unreachable          MS101
│   ├── ServerTooOld         MS102
│   ├── RightsMissing        MS103
│   ├── SchemaNotOurs        MS104
│   ├── SchemaMissing        MS105
│   ├── SchemaOlder          MS106
│   ├── SchemaNewer          MS107
│   ├── SchemaDrifted        MS108
│   ├── EmbeddedMissing      MS109
│   ├── EmbeddedMismatch     MS110
│   ├── EmbeddedFailed       MS111
│   ├── UpgradeBlocked       MS112
│   ├── SourceUnreadable     MS411
│   └── ScanAbandoned        MS412
├── ValueRefused         a value that PostgreSQL's jsonb cannot hold
│   ├── UnstorableValue      MS201
│   └── ValueTooLarge        MS202
├── ConsolidationError   old tables, and what is to become of them
│   ├── MappingRefused       MS401
│   ├── NoHome               MS402
│   ├── PhaseRefused         MS403
│   ├── ProofFailed          MS404
│   ├── CutoverBlocked       MS405
│   ├── NotLossless          MS406
│   └── OldSchemaChanged     MS407
├── ReviewError          models and a database cannot be held against each other
│   ├── ModelsNotFound       MS481
│   ├── NotReviewable        MS482
│   └── ExpressionRefused    MS483
├── LintFailed           a migration, or a database beside it, that cannot be looked at
│   ├── UnreadableMigration  MS441
│   └── UnreadableDatabase   MS442
├── ProgramError         a workflow's code, or how it was called
│   ├── UnknownWorkflow         MS301
│   ├── NonDeterministicWorkflow MS302
│   ├── UnscopedConcurrency     MS303
│   ├── RunFailed               MS304
│   ├── RunCancelled            MS305
│   ├── StepFailed              MS306
│   ├── StepTimedOut            MS307
│   ├── SignalTimedOut          MS308
│   └── NotInRun                MS309
├── BackupError          a backup was not made, or is not proved to be one
│   ├── BackupNotProved      MS461
│   ├── BackupExists         MS462
│   ├── BackupMissing        MS463
│   ├── ProgramsMissing      MS464
│   ├── ScratchRefused       MS465
│   ├── TargetUnknown        MS466
│   └── BackupFailed         MS467
├── SourceError          an old SQLite file cannot be landed, watched or written as it is
│   ├── SourceBusy           MS431
│   ├── SourceUnlandable     MS432
│   ├── SourceUnwatched      MS433
│   ├── LandingOutgrown      MS434
│   ├── LandingDiffers       MS435
│   └── BringBackRefused     MS436
└── MigrationError       somebody's migration, and what speaks against it
    ├── StatementUnreadable  MS501
    ├── MigrationUnsafe      MS502
    ├── MigrationUnknown     MS503
    ├── RunnerBusy           MS504
    ├── LockNotGranted       MS505
    ├── ChecksFailed         MS506
    ├── RehearsedElsewhere   MS507
    ├── StateRefusesVerb     MS508
    ├── RollbackLoses        MS509
    ├── RenameRefused        MS510
    └── StatementFailed      MS511
"""

from __future__ import annotations

from typing import ClassVar


class MainstemError(Exception):
    """The root. `code` is stable and documented; `hint` is what to do about it; `exit_code` is the command line's."""

    code: ClassVar[str] = "MS000"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __init_subclass__(cls, code: str | None = None, exit_code: int | None = None) -> None:
        super().__init_subclass__()
        if code is not None:
            cls.code = code
        if exit_code is not None:
            cls.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


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


class SourceUnreadable(DatabaseError, code="MS411"):
    """The database or the file with the old tables cannot be read as it must be; the message says what is in the way."""


class ScanAbandoned(DatabaseError, code="MS412"):
    """One look at the live data took longer than it may, or is not allowed to this login. Give it more time, or rights."""


class ValueRefused(MainstemError, exit_code=2):
    """A value cannot be stored as it is; nothing of it was."""


class UnstorableValue(ValueRefused, code="MS201"):
    """The value has no JSON form that PostgreSQL can hold (NUL, NaN, bytes, …); the message names the place."""


class ValueTooLarge(ValueRefused, code="MS202"):
    """The value's JSON text is larger than the ledger takes. Store it elsewhere and record where."""


class ConsolidationError(MainstemError, exit_code=4):
    """Old tables, and what is to become of them."""


class MappingRefused(ConsolidationError, code="MS401", exit_code=2):
    """The mapping is not whole: a fault of form, a question without an answer, a column that nobody mentions."""


class NoHome(ConsolidationError, code="MS402"):
    """A row of the live data has a value for which the mapping has no place. Nothing was guessed; the copy stopped."""


class PhaseRefused(ConsolidationError, code="MS403"):
    """This step does not follow on where the consolidation stands, or somebody else is at it."""


class ProofFailed(ConsolidationError, code="MS404"):
    """Both sides differ. The first rows and columns are named; nothing was switched."""


class CutoverBlocked(ConsolidationError, code="MS405"):
    """The switch could not have its moment: a lock, a long transaction, a backlog. All is as before."""


class NotLossless(ConsolidationError, code="MS406"):
    """What was written since the switch does not all fit into the old tables. The rows are counted and named."""


class OldSchemaChanged(ConsolidationError, code="MS407"):
    """The old tables are no longer those that were looked at: a column, a key, a trigger of ours."""


class ReviewError(MainstemError, exit_code=2):
    """Models and a database cannot be held against each other."""


class ModelsNotFound(ReviewError, code="MS481"):
    """There is no SQLAlchemy metadata at the given `module:attribute`."""


class NotReviewable(ReviewError, code="MS482"):
    """The address names no database that a review can read: PostgreSQL, or a SQLite file that is there."""


class ExpressionRefused(ReviewError, code="MS483"):
    """The database does not understand a type or an expression of the models; the message has its words."""


class LintFailed(MainstemError, code="MS440", exit_code=2):
    """The lint could not look at what it was given; it has not judged it."""


class UnreadableMigration(LintFailed, code="MS441"):
    """A migration is not text that can be read as SQL: the message names the file and the line."""


class UnreadableDatabase(LintFailed, code="MS442"):
    """The database beside a migration is not one that can be read, or says no to reading. The message has its words."""


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


class SourceError(MainstemError, exit_code=4):
    """An old SQLite file, or what was landed from it; the message names the file, the table and the row."""


class SourceBusy(SourceError, code="MS431"):
    """Another connection holds the file's lock. Nothing was written; run it again when that one has committed."""


class SourceUnlandable(SourceError, code="MS432"):
    """A name, a key or the number of columns is one that PostgreSQL cannot have. Leave the table out, or rename."""


class SourceUnwatched(SourceError, code="MS433"):
    """Triggers in the file are missing or not as installed, so changes may be unknown: install them, land again."""


class LandingOutgrown(SourceError, code="MS434"):
    """The file now holds what the landed table has no column or no type for. Land it again."""


class LandingDiffers(SourceError, code="MS435"):
    """Two sides that must be equal have different digests. Nothing was kept of what was just written."""


class BringBackRefused(SourceError, code="MS436"):
    """The file's constraints refuse a row that was written after the cut-over; the file is as it was."""


class BackupError(MainstemError, exit_code=5):
    """A backup could not be made, or does not give back what it was made of."""


class BackupNotProved(BackupError, code="MS461"):
    """What was restored elsewhere is not what was backed up. Do not rely on this backup; take another."""


class BackupExists(BackupError, code="MS462", exit_code=2):
    """A finished backup is there already, and none is ever overwritten. Name another place, or move it away."""


class BackupMissing(BackupError, code="MS463", exit_code=3):
    """No finished backup is at this place: a backup has a manifest, which is written last."""


class ProgramsMissing(BackupError, code="MS464"):
    """No pg_dump here is as new as the server. Install the client programs of its major version."""


class ScratchRefused(BackupError, code="MS465"):
    """The login may not make the scratch database that a proof needs. Grant CREATEDB, or name another server."""


class TargetUnknown(BackupError, code="MS466", exit_code=2):
    """This is neither a PostgreSQL URL nor a SQLite file."""


class BackupFailed(BackupError, code="MS467"):
    """A program or the database broke off; its own words are in the message. Nothing was left half done."""


class MigrationError(MainstemError, exit_code=4):
    """A migration is refused, or was given up; the database is as it was before."""


class StatementUnreadable(MigrationError, code="MS501", exit_code=2):
    """The text is not SQL that can be taken apart into statements; the message names the line."""


class MigrationUnsafe(MigrationError, code="MS502"):
    """Lint found what loses data or cannot be undone. Follow the remedies, or accept each by its rule."""


class MigrationUnknown(MigrationError, code="MS503", exit_code=2):
    """There is no such file or revision, or it is not the one that was rehearsed."""


class RunnerBusy(MigrationError, code="MS504"):
    """Another process migrates this database now. Wait until it has ended."""


class LockNotGranted(MigrationError, code="MS505"):
    """Somebody held a lock for as long as we tried. Nothing was changed; run it again at a quieter time."""


class ChecksFailed(MigrationError, code="MS506"):
    """After the migration something is missing that was there before. It was taken back."""


class RehearsedElsewhere(MigrationError, code="MS507"):
    """Alembic's env.py connects to another database than the one it was given. It was stopped before it wrote."""


class StateRefusesVerb(MigrationError, code="MS508"):
    """The migration is not in the state that this verb begins from; the message says in which it is."""


class RollbackLoses(MigrationError, code="MS509"):
    """Rows were written since the migration, and the backup does not have them. Accept the loss by name, or stay."""


class RenameRefused(MigrationError, code="MS510"):
    """The column cannot be renamed behind a view; the message says why."""


class StatementFailed(MigrationError, code="MS511"):
    """The database refused a statement; the message names its line. What came before it was taken back."""


def every_error() -> dict[str, type[MainstemError]]:
    """Code → class, for all classes that have a code of their own."""
    found: dict[str, type[MainstemError]] = {}
    todo: list[type[MainstemError]] = [MainstemError]
    while todo:
        cls = todo.pop()
        todo += cls.__subclasses__()
        if "code" in vars(cls):
            found[cls.code] = cls
    return found

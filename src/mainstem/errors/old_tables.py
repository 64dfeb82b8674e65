"""What consolidations, reviews and migrations of old tables refuse."""

from __future__ import annotations

from mainstem.errors.ledger import DatabaseError
from mainstem.errors.root import MainstemError


class SourceUnreadable(DatabaseError, code="MS411"):
    """The database or the file with the old tables cannot be read as it must be; the message says what is in the way."""


class ScanAbandoned(DatabaseError, code="MS412"):
    """One look at the live data took longer than it may, or is not allowed to this login. Give it more time, or rights."""


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


class StatisticsMissing(ConsolidationError, code="MS408", exit_code=5):
    """The server does not count its statements (pg_stat_statements), so it cannot be asked what old code runs."""


class RevisionRefused(ConsolidationError, code="MS421", exit_code=2):
    """A consolidation cannot go into this Alembic history, or not the way its env.py runs."""


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


class SourceError(MainstemError, exit_code=4):
    """Old tables elsewhere, in a SQLite file or another PostgreSQL, or what was landed from them; the message names the place."""


class SourceBusy(SourceError, code="MS431"):
    """Another connection holds a lock at the source. Nothing was written; run it again when that one has committed."""


class SourceUnlandable(SourceError, code="MS432"):
    """A name, a key or the number of columns is one that PostgreSQL cannot have. Leave the table out, or rename."""


class SourceUnwatched(SourceError, code="MS433"):
    """Triggers at the source are missing or not as installed, so changes may be unknown: install them, land again."""


class LandingOutgrown(SourceError, code="MS434"):
    """The source now holds what the landed table has no column or no type for. Land it again."""


class LandingDiffers(SourceError, code="MS435"):
    """Two sides that must be equal have different digests. Nothing was kept of what was just written."""


class BringBackRefused(SourceError, code="MS436"):
    """The source's constraints refuse a row that was written after the cut-over; the source is as it was."""


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

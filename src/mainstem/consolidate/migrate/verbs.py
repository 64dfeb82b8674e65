"""The verbs of one migration: each does what is missing before it, can be killed anywhere, and run again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mainstem.consolidate import backup
from mainstem.consolidate.backup import Postgres, Sqlite, Target, catalog, postgres, sqlite
from mainstem.consolidate.backup.manifest import Manifest, fingerprint
from mainstem.consolidate.backup.target import pinned, reading
from mainstem.consolidate.migrate import checks, perform, revisions
from mainstem.consolidate.migrate.checks import Picture, lost
from mainstem.consolidate.migrate.findings import Finding, refused, told
from mainstem.consolidate.migrate.lint import lint as lint_statements
from mainstem.consolidate.migrate.migration import Migration, Revision
from mainstem.consolidate.migrate.patience import Patience
from mainstem.consolidate.migrate.perform import Performed
from mainstem.consolidate.migrate.rename import renames_of
from mainstem.consolidate.migrate.state import LOCK, Phase, State, alone, demand, load, save
from mainstem.consolidate.migrate.statements import Statement
from mainstem.errors import ChecksFailed, MigrationError, MigrationUnsafe, RollbackLoses, StateRefusesVerb

FRESH = timedelta(hours=1)
"""A backup older than this is taken again before a migration is applied."""


def _silent(_step: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """One migration of one database. `place` is the directory of its state and backups; `accepted` rules refuse nothing."""

    target: Target
    migration: Migration
    place: Path
    accepted: frozenset[str] = frozenset()
    scratch: str | None = None
    patience: Patience = field(default_factory=Patience)
    tell: Callable[[str], object] = _silent

    @property
    def statements(self) -> list[Statement]:
        if isinstance(self.migration, Revision):
            return revisions.statements(self.migration, self.target)
        return self.migration.statements(self.target.dialect)

    @property
    def digest(self) -> str:
        if isinstance(self.migration, Revision):
            return hashlib.sha256(str(self.migration).encode()).hexdigest()
        return self.migration.digest

    def state(self) -> State:
        return load(self.place, digest=self.digest, target=self.target.name)

    @contextmanager
    def alone(self) -> Iterator[State]:
        """The state, while no other runner works on it; for SQLite no other on the file, wherever its state is."""
        with alone(self.place / LOCK):
            if isinstance(self.target, Sqlite):
                path = self.target.path.resolve()
                with alone(path.with_name(f"{path.name}.mainstem-lock")):
                    yield self.state()
            else:
                yield self.state()


def lint(work: Work) -> list[Finding]:
    """What speaks against the migration; which of it is accepted changes nothing here."""
    return lint_statements(work.statements, work.target)


def back_up(work: Work) -> Manifest:
    """Take a proved backup, whether or not there is one."""
    with work.alone() as state:
        return _back_up(work, state)


def rehearse(work: Work) -> Performed:
    """Run it on a restored copy, and check that nothing is missing there afterwards. Raises MigrationUnsafe, ChecksFailed."""
    with work.alone() as state:
        return _rehearse(work, state)


def apply(work: Work) -> State:
    """Apply it, rehearsed and with a fresh backup; what of that is missing is done first. Applied already, it does nothing."""
    with work.alone() as state:
        _settle(work, state)
        if state.phase is Phase.APPLIED:
            return state
        if not _is_ready(work, state):
            _rehearse(work, state)
        work.tell("apply")
        _apply(work, state)
        return state


def check(work: Work) -> list[Finding]:
    """What was there when the migration had been applied, or before it, and is not there now."""
    state = work.state()
    expected = state.after if state.phase is Phase.APPLIED else state.before
    if expected is None:
        raise StateRefusesVerb("nothing is known of this migration yet", hint="`mainstem migrate rehearse` it first")  # fmt: skip
    return lost(expected, _picture(work.target))


def roll_back(work: Work, *, accept_loss: bool = False) -> Manifest:
    """Put the backup in the place of what is there now. Raises RollbackLoses when rows were written since."""
    with work.alone() as state:
        _settle(work, state)
        demand(state, Phase.APPLIED, "rollback", "there is nothing to take back")
        _refuse_loss(work, state, accept_loss=accept_loss)
        manifest = backup.restore(_backup_place(work, state), work.target, first=_in_the_way(state))
        state.phase = Phase.ROLLED_BACK
        save(state, work.place)
        return manifest


def _back_up(work: Work, state: State) -> Manifest:
    name = f"backup-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    manifest = backup.take(work.target, work.place / name, scratch=work.scratch, tell=work.tell)
    state.backup = name
    if state.phase in {Phase.NEW, Phase.ROLLED_BACK}:
        state.phase = Phase.BACKED_UP
    save(state, work.place)
    return manifest


def _is_ready(work: Work, state: State) -> bool:
    """Rehearsed on this very schema, with a backup of this hour."""
    if state.phase is not Phase.REHEARSED or state.backup is None:
        return False
    manifest = backup.read(work.place / state.backup)
    is_fresh = datetime.now(UTC) - manifest.taken_at < FRESH
    return is_fresh and state.schema == _schema(work.target)


def _rehearse(work: Work, state: State) -> Performed:
    statements = work.statements
    work.tell("lint")
    if stopping := refused(lint_statements(statements, work.target), work.accepted):
        raise MigrationUnsafe(told(stopping), hint=f"{stopping[0].remedy}; or, knowing it, --accept {stopping[0].rule}")  # fmt: skip
    if state.phase is Phase.NEW or not _is_usable(work, state):
        _back_up(work, state)
    place = _backup_place(work, state)
    work.tell("rehearsal on a copy")
    with _copy(work, place) as copy:
        done = _run(work, copy, statements, State(state.digest, copy.name), all_tables=True)
    state.rehearsal, state.held = done.measures, done.held
    state.before, state.schema = done.before, backup.read(place).fingerprint
    state.phase = Phase.REHEARSED
    save(state, work.place)
    return done


def _is_usable(work: Work, state: State) -> bool:
    if state.backup is None:
        return False
    manifest = backup.read(work.place / state.backup)
    return datetime.now(UTC) - manifest.taken_at < FRESH and manifest.fingerprint == _schema(work.target)


@contextmanager
def _copy(work: Work, place: Path) -> Iterator[Target]:
    """The backup, restored where the rehearsal may do as it likes."""
    if isinstance(work.target, Sqlite):
        path = work.place / "rehearsal.db"
        sqlite.remove(path)
        try:
            backup.restore_into(place, Sqlite(path))
            yield Sqlite(path)
        finally:
            sqlite.remove(path)
    else:
        server = Postgres(work.scratch) if work.scratch else work.target
        with postgres.scratch(server, work.place / "rehearsal") as elsewhere:
            backup.restore_into(place, elsewhere)
            yield elsewhere


def _apply(work: Work, state: State) -> None:
    state.phase, state.transaction, state.after = Phase.APPLYING, None, None
    save(state, work.place)
    try:
        done = _run(work, work.target, work.statements, state, all_tables=False)
    except MigrationError:
        if not perform.all_stand_alone(work.statements) and not isinstance(work.migration, Revision):
            state.phase = (
                Phase.REHEARSED
            )  # the transaction was taken back; after any other error that is not known
            save(state, work.place)
        raise
    _applied(work, state, done.after)


def _applied(work: Work, state: State, after: Picture) -> None:
    state.phase, state.after = Phase.APPLIED, after
    if isinstance(work.target, Sqlite):
        state.contents = {name: list(d.lanes) for name, d in backup.contents(work.target).digests.items()}
    save(state, work.place)


def _run(
    work: Work, target: Target, statements: list[Statement], state: State, *, all_tables: bool
) -> Performed:
    renames = renames_of(statements)

    def judge(before: Picture, after: Picture) -> None:
        if missing := refused(lost(before, after, renames), work.accepted):
            raise ChecksFailed(told(missing), hint=missing[0].remedy)

    def about_to_commit(after: Picture, transaction: str | None) -> None:
        if not all_tables:
            state.after, state.transaction = after, transaction
            save(state, work.place)

    if isinstance(work.migration, Revision):
        return _judged(_upgraded(work, work.migration, target), judge)
    if perform.all_stand_alone(statements):
        return _one_by_one(work, target, statements, state, keep=not all_tables)
    if isinstance(target, Sqlite):
        return perform.on_sqlite(target, statements, judge, work.patience, about_to_commit)
    return perform.on_postgres(
        target, statements, judge, work.patience, about_to_commit,
        tables=_tables(target) if all_tables else _touched(target, state), settings=_settings(work),
    )  # fmt: skip


def _upgraded(work: Work, revision: Revision, target: Target) -> Performed:
    with perform.the_only_runner(target) if isinstance(target, Postgres) else nullcontext():
        before = _picture(target)
        measures, held = revisions.upgrade(revision, target, work.patience, _settings(work))
        return Performed(measures, held, before, _picture(target))


def _settings(work: Work) -> dict[str, str]:
    """Those of the database itself, for its copy too."""
    return perform.settings_of(work.target) if isinstance(work.target, Postgres) else {}


def _judged(done: Performed, judge: perform.Judge) -> Performed:
    judge(done.before, done.after)
    return done


def _one_by_one(
    work: Work, target: Target, statements: list[Statement], state: State, *, keep: bool
) -> Performed:
    before = _picture(target)

    def done(count: int) -> None:
        if keep:
            state.done = count
            save(state, work.place)

    measures = perform.one_by_one(target, statements, work.patience, done, start=state.done)
    return Performed(measures, {}, before, _picture(target))


def _settle(work: Work, state: State) -> None:
    """After a kill in the midst of applying: whether it was committed is asked of the database."""
    if state.phase is not Phase.APPLYING:
        return
    if perform.all_stand_alone(work.statements):
        return  # goes on behind the statement that was done last
    after = _picture(work.target)
    if _was_committed(work, state, after):
        _applied(work, state, after)
    else:
        state.phase = Phase.REHEARSED
        save(state, work.place)


def _was_committed(work: Work, state: State, now: Picture) -> bool:
    if isinstance(work.migration, Revision):
        return revisions.is_at(work.migration, work.target)
    if isinstance(work.target, Postgres) and state.transaction is not None:
        if (ending := perform.ended(work.target, state.transaction)) is not None:
            return ending == "committed"
    elif state.after is None:
        return False  # it never came to the commit
    if state.after is None or state.before is None or state.before.objects == state.after.objects:
        raise StateRefusesVerb(
            "the process was killed while it committed, and nothing in the database tells whether it did",
            hint=f"look at the data; then remove {work.place} to begin anew, or leave it if it was applied",
        )
    return now.objects == state.after.objects


def _refuse_loss(work: Work, state: State, *, accept_loss: bool) -> None:
    if accept_loss:
        return
    if isinstance(work.target, Sqlite):
        now = {name: list(d.lanes) for name, d in backup.contents(work.target).digests.items()}
        changed = sorted(
            name for name in {*now, *state.contents} if now.get(name) != state.contents.get(name)
        )
        since = f"{', '.join(changed)} changed since" if changed else ""
    else:
        since = "PostgreSQL does not tell what was written since"
    if since:
        raise RollbackLoses(
            f"{since}; the backup of {backup.read(_backup_place(work, state)).taken_at:%Y-%m-%d %H:%M:%S} does not have it",
            hint="--accept-loss puts the backup back nevertheless",
        )


def _in_the_way(state: State) -> list[str]:
    """What the migration made and the dump does not know: it would keep the dump from taking its place."""
    if state.after is None or state.before is None:
        return []
    made = [key for key in state.after.objects if not key.table and key not in state.before.objects]
    kinds = ("view", "materialized view", "table", "sequence")
    return [
        f"drop {kind} if exists {', '.join(key.name for key in made if key.kind == kind)}"
        for kind in kinds
        if any(key.kind == kind for key in made)
    ]


def _backup_place(work: Work, state: State) -> Path:
    if state.backup is None:
        raise StateRefusesVerb("there is no backup of it", hint="`mainstem migrate backup` first")
    return work.place / state.backup


def _picture(target: Target) -> Picture:
    if isinstance(target, Sqlite):
        with reading(target.path) as conn:
            sqlite.refuse_damage(conn, target.name)
            return checks.of_sqlite(conn)
    with pinned(target) as conn:
        return checks.of_postgres(conn, catalog.tables(conn))


def _tables(target: Postgres) -> list[tuple[str, str]]:
    with pinned(target) as conn:
        return catalog.tables(conn)


def _touched(target: Postgres, state: State) -> list[tuple[str, str]]:
    """Only those that were held exclusively in the rehearsal: to count all would keep the locks for longer."""
    held = {name.replace('"', "") for name in state.held}
    return [found for found in _tables(target) if ".".join(found) in held]


def _schema(target: Target) -> str:
    return fingerprint(backup.objects(target))

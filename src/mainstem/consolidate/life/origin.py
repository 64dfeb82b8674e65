"""The origin of old tables: this database, a SQLite file or another server, and the part it has in each step."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mainstem.consolidate import backup
from mainstem.consolidate.compile import Program
from mainstem.consolidate.inspect import Reader, postgres, sqlite
from mainstem.consolidate.life import file, remote
from mainstem.consolidate.life.cutover import Switched, cut_over
from mainstem.consolidate.life.losses import Loss
from mainstem.consolidate.life.plan import Plan, read_plan
from mainstem.consolidate.life.rollback import roll_back
from mainstem.consolidate.life.session import Connection
from mainstem.consolidate.mapping import Mapping
from mainstem.consolidate.sources.address import address_of
from mainstem.consolidate.sources.remote import follower_of, is_followed, is_stopped_at
from mainstem.consolidate.sources.sqlite import is_stopped as is_file_stopped
from mainstem.errors import BadArgument, SourceUnwatched


class Origin(Protocol):
    """What a verb asks of the place that the old tables are in."""

    @property
    def facts(self) -> dict[str, str]:
        """What the plan remembers of it: never a secret."""

    def land(self, conn: Connection, mapping: Mapping) -> None:
        """Its tables where they are consolidated from, and followed from now on; twice is once."""

    def follow(self, conn: Connection, mapping: Mapping) -> None:
        """Bring over what was written since."""

    def cut_over(self, conn: Connection, program: Program, patience: float) -> Switched:
        """The switch; on an error all is as before."""

    def is_shut(self, mapping: Mapping) -> bool:
        """Whether its writers are told to go elsewhere."""

    def roll_back(self, conn: Connection, program: Program, *, accept_loss: bool) -> list[Loss]:
        """The way back; killed, it is carried on by the next call."""

    def let_go(self, conn: Connection, mapping: Mapping) -> None:
        """After `abandon`: nothing of ours is left there, and writers are let in."""

    def leave(self, conn: Connection, mapping: Mapping) -> None:
        """After `finish`: nothing is noted there any more; it stays closed to writers."""

    def backed_up(self, mapping: Mapping, url: str, *, whole: bool) -> tuple[backup.Target, backup.Selection]:
        """What a backup is to hold. url: the ledger's server."""

    def read(self, mapping: Mapping, url: str) -> AbstractContextManager[Reader]:
        """To be inspected. url: the ledger's server."""


@dataclass(frozen=True)
class Here:
    """The ledger's own database: the old tables are where they are."""

    facts = {}  # type: ignore[var-annotated]  # noqa: RUF012

    def land(self, conn: Connection, mapping: Mapping) -> None:
        """Nothing to do."""

    def follow(self, conn: Connection, mapping: Mapping) -> None:
        """Nothing to do: the old tables' own triggers tell the copy."""

    def cut_over(self, conn: Connection, program: Program, patience: float) -> Switched:
        return cut_over(conn, program, read_plan(conn, program.mapping.system), patience=patience)

    def is_shut(self, mapping: Mapping) -> bool:  # noqa: ARG002  (the protocol's)
        return False

    def roll_back(self, conn: Connection, program: Program, *, accept_loss: bool) -> list[Loss]:
        return roll_back(conn, program, read_plan(conn, program.mapping.system), accept_loss=accept_loss)

    def let_go(self, conn: Connection, mapping: Mapping) -> None:
        """Nothing to do."""

    def leave(self, conn: Connection, mapping: Mapping) -> None:
        """Nothing to do."""

    def backed_up(self, mapping: Mapping, url: str, *, whole: bool) -> tuple[backup.Target, backup.Selection]:
        return backup.Postgres(url), backup.Selection(schemas=() if whole else (mapping.old_schema,))

    def read(self, mapping: Mapping, url: str) -> AbstractContextManager[Reader]:
        return postgres(url, schema=mapping.old_schema)


@dataclass(frozen=True)
class File:
    """A SQLite file."""

    path: Path

    @property
    def facts(self) -> dict[str, str]:
        return {"file": str(self.path.resolve())}

    def land(self, conn: Connection, mapping: Mapping) -> None:
        file.land_file(conn, mapping, self.path)

    def follow(self, conn: Connection, mapping: Mapping) -> None:
        file.follow_file(conn, mapping, self.path)

    def cut_over(self, conn: Connection, program: Program, patience: float) -> Switched:
        moved_to = _moved_to(conn, program.mapping)
        return file.cut_over_file(conn, program, self.path, moved_to=moved_to, patience=patience)

    def is_shut(self, mapping: Mapping) -> bool:  # noqa: ARG002  (the protocol's)
        return is_file_stopped(self.path)

    def roll_back(self, conn: Connection, program: Program, *, accept_loss: bool) -> list[Loss]:
        return file.roll_back_file(conn, program, self.path, accept_loss=accept_loss)[0]

    def let_go(self, conn: Connection, mapping: Mapping) -> None:  # noqa: ARG002  (the protocol's)
        file.let_go_of_file(self.path)

    def leave(self, conn: Connection, mapping: Mapping) -> None:  # noqa: ARG002  (the protocol's)
        file.leave_file(self.path)

    def backed_up(self, mapping: Mapping, url: str, *, whole: bool) -> tuple[backup.Target, backup.Selection]:  # noqa: ARG002  (the protocol's)
        return backup.Sqlite(self.path), backup.Selection()

    def read(self, mapping: Mapping, url: str) -> AbstractContextManager[Reader]:  # noqa: ARG002  (the protocol's)
        return sqlite(self.path)


@dataclass(frozen=True)
class Elsewhere:
    """Another database, of this server or another. known: where the plan says that it is, a URL without secrets."""

    url: str
    known: str | None = None

    @property
    def facts(self) -> dict[str, str]:
        return {"server": address_of(self.url)}

    def land(self, conn: Connection, mapping: Mapping) -> None:
        self._refuse_other(conn, mapping)
        remote.land_remote(conn, mapping, self.url)

    def follow(self, conn: Connection, mapping: Mapping) -> None:
        self._refuse_other(conn, mapping)
        remote.follow_remote(conn, mapping, self.url)

    def cut_over(self, conn: Connection, program: Program, patience: float) -> Switched:
        self._refuse_other(conn, program.mapping)
        moved_to = _moved_to(conn, program.mapping)
        return remote.cut_over_remote(conn, program, self.url, moved_to=moved_to, patience=patience)

    def is_shut(self, mapping: Mapping) -> bool:
        return is_stopped_at(
            self.url,
            mapping.source.schema_name,
            remote.tables_of_remote(mapping, self.url),
            landing=mapping.old_schema,
        )

    def roll_back(self, conn: Connection, program: Program, *, accept_loss: bool) -> list[Loss]:
        self._refuse_other(conn, program.mapping)
        return remote.roll_back_remote(conn, program, self.url, accept_loss=accept_loss)[0]

    def let_go(self, conn: Connection, mapping: Mapping) -> None:
        self._refuse_other(conn, mapping)
        remote.let_go_of_remote(conn, mapping, self.url)

    def leave(self, conn: Connection, mapping: Mapping) -> None:
        self._refuse_other(conn, mapping)
        remote.leave_remote(conn, mapping, self.url)

    def backed_up(self, mapping: Mapping, url: str, *, whole: bool) -> tuple[backup.Target, backup.Selection]:  # noqa: ARG002  (the protocol's)
        schemas = (mapping.source.schema_name, FOLLOWING)  # its tables' triggers call functions of ours
        return backup.Postgres(self.url), backup.Selection(schemas=() if whole else schemas)

    def read(self, mapping: Mapping, url: str) -> AbstractContextManager[Reader]:  # noqa: ARG002  (the protocol's)
        return postgres(self.url, schema=mapping.source.schema_name)

    def _refuse_other(self, conn: Connection, mapping: Mapping) -> None:
        """A server may be called by two names; one that is called otherwise than before must know who follows it."""
        if self.known in (None, address_of(self.url)):
            return
        if not is_followed(self.url, follower_of(conn, mapping.old_schema)):
            raise SourceUnwatched(
                f"{address_of(self.url)} is not the source of {mapping.system}, which was landed from {self.known}",
                hint=f"name that one, or `mainstem consolidate rollback {mapping.system} --to planned` first",
            )


FOLLOWING = "mainstem_following"


def origin_of(
    mapping: Mapping, plan: Plan | None = None, *, path: Path | None = None, url: str | None = None
) -> Origin:
    """The origin that the mapping's `source` asks for. path, url: where it is; else where the plan says that it was.

    Raises BadArgument for one of another kind, or none.
    """
    known = plan.facts.get("server") if plan else None
    place = path or (plan.file if plan else None)
    match mapping.source.kind:
        case "postgres" if path is None and url is None:
            return Here()
        case "sqlite" if place is not None and url is None:
            return File(place)
        case "remote" if path is None and (url or known):
            return Elsewhere(str(url or known), known)
    raise BadArgument(
        f"the mapping's source is of kind {mapping.source.kind}",
        hint="say --sqlite FILE for a file, --source-url URL for another server, and nothing for tables of this database",
    )


def _moved_to(conn: Connection, mapping: Mapping) -> str:
    return f"schema {mapping.old_schema} of {conn.info.dbname} on PostgreSQL"

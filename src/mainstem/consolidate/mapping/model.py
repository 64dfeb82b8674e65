"""The model of a mapping: what each word of the YAML file means. Its JSON Schema is derived from it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from mainstem.consolidate.mapping.lenses import (
    Constant,
    Joined,
    Lens,
    Name,
    Said,
    Split,
    SqlDefault,
)

UNANSWERED = "?"

"""An identifier of PostgreSQL, unquoted."""


class Patch(Said):
    """What an answer changes: merged into the mapping. A null takes away what is there."""

    tables: dict[str, Any] = {}
    accepts: dict[str, str | None] = {}


class Decision(Said):
    """A question that only a person can answer. `?` is no answer."""

    question: str
    answer: Any = UNANSWERED
    answers: dict[str, Patch | None] = {}
    """What may be answered, where not anything may: each with what it changes in the mapping."""


def _spelled_out(columns: Any) -> Any:
    """`COLUMN: place` is short for `COLUMN: {to: place}`."""
    if not isinstance(columns, dict):
        return columns
    return {name: {"to": lens} if isinstance(lens, str) else lens for name, lens in columns.items()}


class Table(Said):
    """What all tables that move have: columns with a lens each, or a reason to go."""

    columns: dict[Name, Lens] = {}
    remainder: list[Name] = []
    """Columns without a home, kept in `metadata.legacy`."""
    drop: dict[Name, str] = {}
    """Columns that are left behind, each with its reason."""
    optional: bool = False
    """Not every installation has this table: left out where it is not there."""
    where: str | None = None
    """Which rows move; the others are kept in quarantine, as they are. SQL over `{row}`."""

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, columns: Any) -> Any:
        return _spelled_out(columns)

    @property
    def carried(self) -> set[str]:
        """Columns that go somewhere."""
        return {*self.columns, *self.remainder}

    @property
    def mentioned(self) -> set[str]:
        return {*self.carried, *self.drop}


class Rows(Table):
    """What tables have whose rows become rows: columns that go apart, or together."""

    split: dict[Name, Split] = {}
    join: list[Joined] = []

    @property
    def carried(self) -> set[str]:
        joined = [name for one in self.join for name in one.columns]
        return {*super().carried, *self.split, *joined}

    @model_validator(mode="after")
    def _one_way_each(self) -> Rows:
        said = [*self.columns, *self.remainder, *self.drop, *self.split]
        said += [name for one in self.join for name in one.columns]
        if twice := sorted({name for name in said if said.count(name) > 1}):
            raise ValueError(f"two ways are said of {', '.join(twice)}: leave one")
        return self


class StepsFrom(Said):
    """A JSON column that holds the steps of its run: an array of objects or, with `name`, an object of objects."""

    column: Name
    number: Literal["position"] = "position"
    """A step's number is its place in the array, from 1."""
    name: Lens | None = None
    """Where the name of each object goes, of an object of objects."""
    columns: dict[Name, Lens]
    """Keys of an element. One that is named nowhere stops the copy."""
    remainder: list[Name] = []
    """Keys without a home, kept in `metadata.legacy` of the step."""
    constants: dict[str, Constant | str | int | bool] = {}
    """Over `{row}`, the element with its keys as JSON, and `{run}`, the old row that it stands in."""

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, columns: Any) -> Any:
        return _spelled_out(columns)

    @field_validator("name", mode="before")
    @classmethod
    def _short_name(cls, name: Any) -> Any:
        return {"to": name} if isinstance(name, str) else name


class Run(Rows):
    """Each row becomes a run."""

    becomes: Literal["run"]
    key: Name
    time: list[Name]
    """The first that is not NULL gives the run's id its time."""
    constants: dict[str, Constant | str | int | bool] = {}
    steps_from: StepsFrom | None = None

    @property
    def carried(self) -> set[str]:
        return {*super().carried, *([self.steps_from.column] if self.steps_from else [])}

    @property
    def mentioned(self) -> set[str]:
        return {*super().mentioned, self.key}


class Step(Rows):
    """Each row becomes a step of a run."""

    becomes: Literal["step"]
    key: Name
    run: Name
    number: Name
    constants: dict[str, Constant | str | int | bool] = {}

    @property
    def mentioned(self) -> set[str]:
        return {*super().mentioned, self.key, self.run, self.number}


class Into(Said):
    """The lists that elements go to: of their step, or of their run when they name no step."""

    run: str
    step: str | None = None


class Elements(Table):
    """Each row becomes an object in a list of its parent."""

    becomes: Literal["elements"]
    key: Name
    run: Name
    step: Name | None = None
    number: Name | None = None
    """In place of `step`: the column with its step's number in the run."""
    into: Into
    order: list[Name]

    @property
    def mentioned(self) -> set[str]:
        return {*super().mentioned, self.key, self.run, *([self.step] if self.step else [])}


class Context(Table):
    """Each row becomes a key of its run's context."""

    becomes: Literal["context"]
    key: Name
    run: Name

    @property
    def mentioned(self) -> set[str]:
        return {*super().mentioned, self.key, self.run}


class Held(Said):
    """Rows that ours cannot hold, and why."""

    because: str
    when: str


class Adopts(Said):
    """Which rows that new code writes after the cut-over old code sees under this name too."""

    when: str
    """SQL over `{row}`, the new row of ours."""
    seen: dict[Name, str] = {}
    """Old column to what old code sees in it, as SQL over `{row}`; where that is NULL, what its lens gives."""
    instead_of: str | None = None
    """The id of the row of ours whose old key it takes over, as SQL over `{row}`: the old row is changed, and none is added."""


class Row(Rows):
    """Each row becomes a row of one of our definition tables, with the id it had when that is a uuid.

    In `where`, `{id}` is its id. What lenses lose is kept beside our table when that has no `metadata`.
    """

    becomes: Literal["row"]
    into: Name
    key: Name
    constants: dict[str, Constant | str | int | bool] = {}
    held: list[Held] = []
    """Why a row that does not meet `where` is in quarantine: the first of these that holds."""
    given: dict[Name, str] = {}
    """Columns of ours that depend on other rows: SQL over `{row}`, `{id}`, and `{now}`, what it is or NULL. No part of the proof."""
    refers: dict[Name, list[Name]] = {}
    """Column to the tables whose rows it names: when one comes or goes, rows that name it are put anew."""
    after: list[str] = []
    """Statements over `{ours}`, our row, after it came, changed or went."""
    gone: list[str] = []
    """Statements over `{row}` when old code deletes it by its old name: what the old foreign keys did."""
    adopts: Adopts | None = None

    @property
    def mentioned(self) -> set[str]:
        return {*super().mentioned, self.key}


class OneWay(Said):
    """How a mirrored column is made: no way back is needed, the old table stays."""

    to: str
    default: SqlDefault | str | int | bool | None = None
    sql: dict[Literal["fold"], str] | None = None


class Mirror(Said):
    """A copy that follows: the old table stays what is true, ours is kept in step by a trigger."""

    into: Name
    columns: dict[Name, OneWay]
    constants: dict[str, Constant | str | int | bool] = {}
    quarantine: list[Held] = []
    drop: dict[Name, str] = {}
    after: list[str] = []
    """Statements after each row, over `{row}`, `{old}` and `{new}`."""
    gone: list[str] = []
    """Statements after a row was deleted: what the old foreign keys of tables that moved did."""

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, columns: Any) -> Any:
        return _spelled_out(columns)


class Derived(Said):
    """A column that tracked runs, as an expression over `{row}` and our tables, and why it goes."""

    sql: str
    reason: str = "derived from the runs"


class Stays(Said):
    """A table that stays where it is."""

    stays: Literal[True]
    key: Name | list[Name] = []
    reason: str = ""
    mirror: Mirror | None = None
    without: dict[Name, Derived | str] = {}
    """Columns that tracked its runs: how old code reads each from now on, or why it may go. Dropped when it is finished."""


def _kind(said: Any) -> str:
    if isinstance(said, Stays) or (isinstance(said, dict) and said.get("stays")):
        return "stays"
    return str(said.get("becomes", "nothing") if isinstance(said, dict) else said.becomes)


OldTable = Annotated[
    Annotated[Run, Tag("run")]
    | Annotated[Step, Tag("step")]
    | Annotated[Elements, Tag("elements")]
    | Annotated[Context, Tag("context")]
    | Annotated[Row, Tag("row")]
    | Annotated[Stays, Tag("stays")],
    Discriminator(_kind),
]


class Source(Said):
    """Where the old tables are. Those of another database (remote) or a file are landed in the ledger's database first."""

    kind: Literal["postgres", "sqlite", "remote"] = "postgres"
    schema_name: Name = Field(default="public", alias="schema")


class Mapping(Said):
    """One old system."""

    mapping: Literal[1]
    system: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,20}$")]
    source: Source = Source()
    decisions: dict[str, Decision] = {}
    accepts: dict[str, str] = {}
    """Oddities of the live data that are known and mapped: their kind, and why they may come along."""
    tables: dict[Name, OldTable]

    @property
    def old_schema(self) -> str:
        return (
            self.source.schema_name if self.source.kind == "postgres" else f"mainstem_landing_{self.system}"
        )

    @property
    def work_schema(self) -> str:
        """Where views, triggers and functions of this consolidation are."""
        return f"consolidation_{self.system}"

    @property
    def legacy_schema(self) -> str:
        """Where the old tables go at the cut-over."""
        return f"legacy_{self.system}"

    def unanswered(self) -> list[str]:
        return [name for name, decision in self.decisions.items() if decision.answer == UNANSWERED]

    def of_kind(self, *kinds: type[Any]) -> dict[str, Any]:
        return {name: table for name, table in self.tables.items() if isinstance(table, kinds)}

    @property
    def moving(self) -> dict[str, Any]:
        """Tables whose rows become something, parents first."""
        return {
            name: table
            for kind in (Row, Run, Step, Elements, Context)
            for name, table in self.of_kind(kind).items()
        }

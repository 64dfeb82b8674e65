"""What the code declares: SQLAlchemy metadata as a picture, worded by a dialect."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from sqlalchemy import (
    CheckConstraint,
    Computed,
    DefaultClause,
    Enum,
    FetchedValue,
    ForeignKeyConstraint,
    Identity,
    MetaData,
    UniqueConstraint,
)
from sqlalchemy import Column as DeclaredColumn
from sqlalchemy import Index as DeclaredIndex
from sqlalchemy import Table as DeclaredTable
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import CompileError, NoReferenceError
from sqlalchemy.schema import CreateIndex, CreateTable, sort_tables_and_constraints
from sqlalchemy.sql.compiler import DDLCompiler
from sqlalchemy.sql.schema import RETAIN_SCHEMA
from sqlalchemy.types import ARRAY, TypeEngine

from mainstem.consolidate.review.picture import (
    Check,
    Column,
    Default,
    Element,
    Filling,
    ForeignKey,
    Index,
    Name,
    Picture,
    Table,
    Unique,
)
from mainstem.errors import ExpressionRefused

_ORDERED = re.compile(
    r"(?P<expression>.*?)(?:\s+(?P<way>asc|desc))?(?:\s+nulls\s+(?P<nulls>first|last))?",
    re.IGNORECASE | re.DOTALL,
)
_COLLATED = re.compile(r'\s+collate\s+("[^"]*"|\S+)', re.IGNORECASE)


class Words(Protocol):
    """How the reviewed database words what the code declares, and what is the same to it."""

    def type(self, declared: str) -> str:
        """Its name of a type. Raises ExpressionRefused when it has no such type."""

    def same_type(self, ours: str, theirs: str) -> bool:
        """Whether two of its names stand for the same."""

    def expression(self, text: str, table: Table, cast: str = "") -> str:
        """One wording for all that say the same, of an expression over a table. Raises ExpressionRefused."""


def qualified(metadata: MetaData, schema: str | None) -> MetaData:
    """A copy in which each table names its schema: `schema`, where the code leaves it open."""
    copy = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.tables.values():
        copied = table.to_metadata(
            copy,
            schema=table.schema or schema or RETAIN_SCHEMA,
            referred_schema_fn=lambda _table, _to, _constraint, referred: referred or schema,
        )
        _keep_names(table, copied)
    return copy


def _keep_names(table: DeclaredTable, copied: DeclaredTable) -> None:
    """`index=True` names an index by table and schema, and so names the copy's anew."""
    names = {(tuple(index.columns.keys()), index.unique): index.name for index in table.indexes}
    given = {index.name for index in table.indexes}
    for index in copied.indexes:
        if index.name not in given:
            index.name = names.get((tuple(index.columns.keys()), index.unique), index.name)


def declared(metadata: MetaData, dialect: Dialect, words: Words) -> Picture:
    """The picture of qualified metadata, its tables in an order in which they can be created."""
    reader = _Reader(dialect, words)
    tables = [reader.table(table) for table in _ordered(metadata)]
    return Picture({table.name: table for table in tables}, dict(_enums(metadata)))


def _ordered(metadata: MetaData) -> list[DeclaredTable]:
    """As the code has them, where a key leads to a table that another part of the code declares."""
    try:
        ordered = sort_tables_and_constraints(metadata.tables.values())  # type: ignore[no-untyped-call]
    except NoReferenceError:
        return list(metadata.tables.values())
    return [table for table, _ in ordered if table is not None]


def name_of(table: DeclaredTable) -> Name:
    return Name(table.schema or "", table.name)


class _Reader:
    """What a dialect's compiler says of tables and their parts."""

    def __init__(self, dialect: Dialect, words: Words) -> None:
        self.dialect = dialect
        self.words = words
        self.compiler: DDLCompiler = dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]

    def table(self, table: DeclaredTable) -> Table:
        rules = [rule for rule in table.constraints if self._applies(rule)]
        indexes = [self._index(index) for index in sorted(table.indexes, key=_given_name)]
        return Table(
            name=name_of(table),
            columns={column.name: self._column(column) for column in table.columns},
            primary_key=tuple(column.name for column in table.primary_key.columns),
            foreign_keys=tuple(self._foreign_key(r) for r in rules if isinstance(r, ForeignKeyConstraint)),
            uniques=tuple(
                [self._unique(rule) for rule in rules if isinstance(rule, UniqueConstraint)]
                + [index for index in indexes if isinstance(index, Unique)]
            ),
            checks=tuple(self._check(rule) for rule in rules if isinstance(rule, CheckConstraint)),
            indexes=tuple(index for index in indexes if isinstance(index, Index)),
            exclusions=tuple(str(r.name) for r in rules if r.__visit_name__ == "exclude_constraint"),
            ddl=self._ddl(lambda: str(CreateTable(table).compile(dialect=self.dialect))),
        )

    def _applies(self, rule: Any) -> bool:
        """A rule that a type brings along (an Enum's CHECK) is for some dialects only."""
        made_for = rule._create_rule  # noqa: SLF001  (nothing public says it)
        return made_for is None or bool(made_for(self.compiler))

    def _column(self, column: DeclaredColumn[Any]) -> Column:
        type_, is_known = self._type(column)
        return Column(
            name=column.name,
            type=type_,
            nullable=bool(column.nullable),
            default=self._default(column),
            is_known=is_known,
            is_optional=bool(column.info.get("optional")),
            ddl=self._ddl(lambda: self.compiler.get_column_specification(column)),
        )

    def _type(self, column: DeclaredColumn[Any]) -> tuple[str, bool]:
        """As the database words it; as the code does, where the database has no such type."""
        compiler = self.dialect.type_compiler_instance
        try:
            declared = _COLLATED.sub("", compiler.process(column.type, type_expression=column))
        except CompileError:
            return repr(column.type), False
        try:
            return self.words.type(declared), True
        except ExpressionRefused:
            return declared, False

    def _default(self, column: DeclaredColumn[Any]) -> Default:
        if column.computed is not None:
            return Default(Filling.COMPUTED, self._sql(column.computed.sqltext))
        if column.identity is not None or self._is_numbered(column):
            return Default(Filling.NUMBERS)
        match column.server_default:
            case DefaultClause():
                return Default(Filling.DEFAULT, self.compiler.get_column_default_string(column) or "")
            case FetchedValue() as given if not isinstance(given, Identity | Computed):
                return Default(Filling.SOMETHING)
            case _:
                return Default()

    def _is_numbered(self, column: DeclaredColumn[Any]) -> bool:
        """`serial`, in all but name. SQLite numbers its keys without being told."""
        is_key = column.table.autoincrement_column is column
        return is_key and column.server_default is None and self.dialect.name == "postgresql"

    def _foreign_key(self, key: ForeignKeyConstraint) -> ForeignKey:
        target, columns = _target(key)
        return ForeignKey(
            columns=tuple(key.column_keys),
            target=target,
            target_columns=columns,
            on_delete=(key.ondelete or "NO ACTION").upper(),
            on_update=(key.onupdate or "NO ACTION").upper(),
            deferrable=_deferrable(key),
            name=_given_name(key),
            ddl=self._ddl(lambda: self.compiler.process(key)),
        )

    def _unique(self, rule: UniqueConstraint) -> Unique:
        return Unique(
            columns=tuple(column.name for column in rule.columns),
            nulls_distinct=not rule.dialect_options["postgresql"]["nulls_not_distinct"],
            name=_given_name(rule),
            deferrable=_deferrable(rule),
            ddl=self._ddl(lambda: self.compiler.process(rule)),
        )

    def _check(self, rule: CheckConstraint) -> Check:
        return Check(
            expression=self._sql(rule.sqltext),
            name=_given_name(rule),
            ddl=self._ddl(lambda: self.compiler.process(rule)),
        )

    def _index(self, index: DeclaredIndex) -> Index | Unique:
        options = index.dialect_options[self.dialect.name]
        columns = index.table.columns if index.table is not None else ()
        where = options.get("where")
        return plain_unique(
            Index(
                elements=tuple(
                    self._element(part, {column.name for column in columns}, options.get("ops") or {})
                    for part in index.expressions
                ),
                unique=bool(index.unique),
                where="" if where is None else self._sql(where),
                method=options.get("using") or "btree",
                include=tuple(str(getattr(part, "name", part)) for part in options.get("include") or ()),
                nulls_distinct=not options.get("nulls_not_distinct"),
                name=_given_name(index),
                ddl=self._ddl(lambda: str(CreateIndex(index).compile(dialect=self.dialect))),
            )
        )

    def _element(self, part: Any, columns: set[str], operators: dict[str, str]) -> Element:
        found = _ORDERED.fullmatch(self._sql(part))
        said, way, nulls = found.group("expression", "way", "nulls") if found else (self._sql(part), "", "")
        bare = said.removeprefix('"').removesuffix('"')
        is_column = bare in columns
        return Element(
            expression=bare if is_column else said,
            order=index_order(descends=(way or "").lower() == "desc", nulls=(nulls or "").lower()),
            operators=operators.get(bare, ""),
            is_usual=bare not in operators,
            is_column=is_column,
        )

    def _sql(self, part: Any) -> str:
        if isinstance(part, str):
            return part
        return self.compiler.sql_compiler.process(part, include_table=False, literal_binds=True)

    def _ddl(self, write: Callable[[], str]) -> str:
        """Empty where the dialect has no words for what the code declares."""
        try:
            return write().strip()
        except (CompileError, NoReferenceError):
            return ""


def plain_unique(index: Index) -> Index | Unique:
    """A unique index on columns and nothing else says what a unique constraint says."""
    plain = all(part.is_column and part.is_usual for part in index.elements)
    if index.unique and plain and not index.where and index.method == "btree":
        columns = tuple(part.expression for part in index.elements)
        return Unique(columns, index.nulls_distinct, index.name, valid=index.valid, ddl=index.ddl)
    return index


def index_order(*, descends: bool, nulls: str) -> str:
    """The order of an index's element, empty for the usual one. `nulls`: first, last, or empty for the way's own."""
    own = "first" if descends else "last"
    said = f"nulls {nulls}" if nulls and nulls != own else ""
    return " ".join(filter(None, ("desc" if descends else "", said)))


def _target(key: ForeignKeyConstraint) -> tuple[Name, tuple[str, ...]]:
    """Also of a key to a table that the metadata does not have."""
    try:
        referred = name_of(key.referred_table)
        return referred, tuple(element.column.name for element in key.elements)
    except NoReferenceError:
        split = [element.target_fullname.rsplit(".", 2) for element in key.elements]
        schema = split[0][0] if len(split[0]) == 3 else ""
        return Name(schema, split[0][-2]), tuple(parts[-1] for parts in split)


def _deferrable(rule: Any) -> str:
    if not rule.deferrable:
        return ""
    deferred = (rule.initially or "").upper() == "DEFERRED"
    return "DEFERRABLE INITIALLY DEFERRED" if deferred else "DEFERRABLE"


def _given_name(rule: Any) -> str:
    return str(rule.name) if isinstance(rule.name, str) else ""


def _enums(metadata: MetaData) -> Iterator[tuple[Name, tuple[str, ...]]]:
    """The enumerated types of the columns; one may be inside an array."""
    for table in metadata.tables.values():
        for column in table.columns:
            kind: TypeEngine[Any] = column.type
            while isinstance(kind, ARRAY):
                kind = kind.item_type
            if isinstance(kind, Enum) and kind.native_enum and kind.name:
                yield Name(kind.schema or "", kind.name), tuple(kind.enums)

"""Tables of another PostgreSQL as its catalog has them: what a landing takes over, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from mainstem.consolidate.sources.remote import catalog
from mainstem.consolidate.sources.sqlite.landed import listed, rows
from mainstem.errors import SourceUnlandable

OURS = "_mainstem_"
"""What we put beside landed tables begins with this."""

ELSEWHERE = frozenset(
    {"oid", "regclass", "regcollation", "regconfig", "regdictionary", "regnamespace", "regoper", "regoperator",
     "regproc", "regprocedure", "regrole", "regtype", "xid", "xid8", "cid", "tid", "pg_lsn", "pg_snapshot", "txid_snapshot"}
)  # fmt: skip
"""Types whose values name something of their own database: a large object, a table, a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `type` is what it lands as, `source_type` what a key's text is cast to in the source."""

    name: str
    type: str
    source_type: str
    is_not_null: bool
    default: str | None
    """As SQL that the landing's search path reads; a sequence's default and a generated column's text are apart."""
    generated: str | None
    sequence: str | None
    sequence_oid: int | None
    enum: int | None
    """The source's enum type, which the landing schema gets as well."""


_LASTING = ("name", "type", "is_not_null", "generated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table. `key` names every row: the primary key, or a unique key without NULL."""

    schema: str
    name: str
    oid: int
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    uniques: tuple[tuple[str, ...], ...]

    @property
    def identifier(self) -> Identifier:
        """As part of a statement in the source."""
        return Identifier(self.schema, self.name)

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns."""
        return tuple(column.name for column in self.columns)

    @property
    def stored(self) -> tuple[str, ...]:
        """Columns that are written; generated ones follow by themselves."""
        return tuple(column.name for column in self.columns if column.generated is None)

    @property
    def definition(self) -> dict[str, Any]:
        """What makes another landed table of it when it changes."""
        columns = [
            {name: value for name, value in asdict(column).items() if name in _LASTING}
            for column in self.columns
        ]
        return {"columns": columns, "key": list(self.key), "uniques": [list(one) for one in self.uniques]}

    def text_key(self, alias: str) -> Composed:
        """A row's key as an array of texts, which the notes have."""
        texts = [SQL("{}.{}::text").format(Identifier(alias), Identifier(column)) for column in self.key]
        return SQL("array[{}]").format(SQL(", ").join(texts))

    def cast_key(self, key: Composed | SQL) -> Composed:
        """A noted key as values of the key's types."""
        types = {column.name: column.source_type for column in self.columns}
        parts = [
            SQL("({})[{}]::{}").format(key, SQL(str(number)), SQL(types[column]))
            for number, column in enumerate(self.key, 1)
        ]
        return SQL(", ").join(parts)

    def whole(self, alias: str) -> Composed:
        """A row's stored columns as one text, equal where the values are: `json` and points have no `=`."""
        return SQL("row({})::text").format(listed(self.stored, alias))


def tables_of(source: Connection[Any], schema: str, names: Sequence[str], landing: str) -> list[Table]:
    """The tables named, those first that others refer to. Raises SourceUnlandable for one that cannot land, and says why."""
    found = {
        row.name: row
        for row in map(catalog.Relation._make, rows(source, catalog.RELATIONS, [schema, list(names)]))
    }
    if unknown := [name for name in names if name not in found]:
        raise SourceUnlandable(
            f"the source has no table {schema}.{unknown[0]}",
            hint="look at source.schema of the mapping, and at its tables",
        )
    for relation in found.values():
        _refuse(schema, relation)
    oids = {relation.oid: relation.name for relation in found.values()}
    columns = _columns(source, schema, oids, landing)
    keys = _keys(source, schema, oids)
    made = {
        name: Table(
            schema=schema, name=name, oid=found[name].oid, columns=tuple(columns[name]), key=keys[name][0], uniques=tuple(keys[name][1:])
        )
        for name in names
    }  # fmt: skip
    return [made[name] for name in _parents_first(source, oids, list(names))]


def present(source: Connection[Any], schema: str, names: Sequence[str]) -> list[str]:
    """Of these tables the ones that are there."""
    there = {row[0] for row in rows(source, catalog.RELATIONS, [schema, list(names)])}
    return [name for name in names if name in there]


def _refuse(schema: str, relation: catalog.Relation) -> None:
    place = f"{schema}.{relation.name}"
    if relation.kind != "r":
        said = catalog.KINDS.get(relation.kind, "no table")
        raise SourceUnlandable(
            f"{place} is {said}, and only ordinary tables are landed",
            hint="copy its rows into a table of the source, or leave it out of the mapping",
        )
    if relation.inherits:
        raise SourceUnlandable(
            f"{place} inherits: its rows are rows of {relation.inherits} as well",
            hint="ALTER TABLE … NO INHERIT (or DETACH PARTITION) in the source, or leave it out of the mapping",
        )
    if relation.has_children:
        raise SourceUnlandable(
            f"{place} has inheritance children, and its rows are in them as well",
            hint="copy the rows into one table of the source, or leave it out of the mapping",
        )


def _columns(
    source: Connection[Any], schema: str, oids: dict[int, str], landing: str
) -> dict[str, list[Column]]:
    found: dict[str, list[Column]] = {name: [] for name in oids.values()}
    with source.transaction():  # expressions are written for this search path, and read under the landing's
        source.execute(SQL("set local search_path = {}").format(Identifier(schema)))
        listed_ = rows(source, catalog.COLUMNS, [list(oids)])
        source.execute("set local search_path = pg_catalog")
    for row in map(catalog.Attribute._make, listed_):
        table = oids[row.table_oid]
        type_ = _landed_type(f"{schema}.{table}.{row.name}", row, landing)
        found[table].append(
            Column(
                name=row.name, type=type_, source_type=row.source_type, is_not_null=row.is_not_null,
                default=None if row.sequence or row.is_generated else row.default,
                generated=row.default if row.is_generated else None, sequence=row.sequence, sequence_oid=row.sequence_oid,
                enum=row.type_oid if row.type_kind == "e" else None,
            )
        )  # fmt: skip
    return found


def _landed_type(place: str, row: catalog.Attribute, landing: str) -> str:
    """The type that takes the same values: an enum becomes one of the landing schema, a domain what it stands on."""
    brackets = "[]" * (row.dimensions > 0)
    if row.type_kind == "e":
        return Identifier(landing, row.type_name).as_string() + brackets
    if row.type_name == "citext":
        return "text" + brackets
    if row.type_schema == "pg_catalog" and row.type_kind in "brm" and row.type_name not in ELSEWHERE:
        if row.dimensions < 2:
            return row.formatted + brackets
    elif row.type_name in ELSEWHERE:
        raise SourceUnlandable(
            f"{place} is of type {row.source_type}, whose values name things of their own database, such as a large object",
            hint="bring what they name into a column of its own (lo_get gives a large object's bytes), or leave the table out",
        )
    raise SourceUnlandable(
        f"{place} is of type {row.source_type}, which the ledger's database does not have",
        hint="give the source a column of a built-in type instead (text, jsonb), or leave the table out of the mapping",
    )


def _keys(source: Connection[Any], schema: str, oids: dict[int, str]) -> dict[str, list[tuple[str, ...]]]:
    """Table to its unique keys, the one that names every row first."""
    found: dict[str, list[tuple[str, ...]]] = {name: [] for name in oids.values()}
    named: dict[str, tuple[str, ...]] = {}
    for oid, columns, names_every_row in rows(source, catalog.KEYS, [list(oids)]):
        if names_every_row:
            named.setdefault(oids[oid], tuple(columns))
        found[oids[oid]].append(tuple(columns))
    for table, keys in found.items():
        if table not in named:
            raise SourceUnlandable(
                f"{schema}.{table} has no primary key, and no unique key without NULL: a changed row could not be found again",
                hint="give it one in the source, or leave it out of the mapping",
            )
        keys.remove(named[table])
        keys.insert(0, named[table])
    return {table: list(dict.fromkeys(keys)) for table, keys in found.items()}


def _parents_first(source: Connection[Any], oids: dict[int, str], names: list[str]) -> list[str]:
    parents: dict[str, set[str]] = {name: set() for name in names}
    for child, parent in rows(source, catalog.REFERENCES, [list(oids), list(oids)]):
        if child != parent:
            parents[oids[child]].add(oids[parent])
    ordered: list[str] = []
    while left := [name for name in names if name not in ordered]:
        free = [name for name in left if parents[name] <= set(ordered)]
        ordered += (free or left)[:1]  # the mapping's order as far as it goes; a circle is begun anywhere
    return ordered


def in_landing(table: Table, landing: str) -> Table:
    """The same as a table of the landing schema."""
    types = {column.name: column.type for column in table.columns}
    columns = tuple(replace(column, source_type=types[column.name]) for column in table.columns)
    return replace(table, schema=landing, oid=0, columns=columns)

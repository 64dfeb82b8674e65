"""A SQLite file as a reader sees it: its catalog, and how its values are asked for."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from mainstem.consolidate.inspect.facts import Column, Dependant, Family, Key, Link, Table, fingerprint
from mainstem.consolidate.inspect.reader import Limits, Row, Survey, field
from mainstem.errors import ScanAbandoned, SourceUnreadable

_TIME = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?( ?(Z|z|UTC|[+-]\d\d(:?\d\d)?))?)?|\d{9,16}(\.\d+)?"
)
_IDS = {
    "uuid": re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"),
    "integer": re.compile(r"[0-9]{1,18}"),
    "hex": re.compile(r"[0-9a-f]{6,}"),
}
_TICK = 20_000
"""Steps of SQLite's machine between two looks at the clock."""


@contextmanager
def sqlite(path: Path, *, limits: Limits | None = None) -> Iterator[Sqlite]:
    """A reader of a file, which is opened so that nothing can be written to it.

    Raises SourceUnreadable for what is not there or no database.
    """
    with closing(_opened(path)) as conn:
        yield Sqlite(conn, path, limits or Limits())


def _opened(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise SourceUnreadable(f"there is no file {path}", hint="name the SQLite file itself")
    with ExitStack() as undo:
        try:
            conn = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            undo.callback(conn.close)
            conn.execute("pragma query_only = on")
            conn.execute("select count(*) from sqlite_master")
        except sqlite3.DatabaseError as error:
            raise SourceUnreadable(
                f"{path} cannot be read: {error}", hint="name a SQLite file that this user may read"
            ) from error
        undo.pop_all()
    return conn


class Sqlite:
    """A reader; `mainstem.consolidate.inspect.reader.Reader` says what each part gives."""

    engine = "sqlite"

    def __init__(self, conn: sqlite3.Connection, path: Path, limits: Limits) -> None:
        self.conn = conn
        self.path = path
        self.limits = limits
        self._rowids: set[str] = set()
        conn.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        conn.create_function("time_shape", 1, _time_shape, deterministic=True)
        conn.create_function("id_shape", 1, _id_shape, deterministic=True)
        conn.create_function("unstorable", 1, _unstorable, deterministic=True)

    def survey(self) -> Survey:
        objects = self.conn.execute(
            "select type, name, tbl_name, coalesce(sql, '') from sqlite_master order by name"
        ).fetchall()
        found = [self._table(name, sql) for kind, name, _of, sql in objects if _is_table(kind, name)]
        tables = tuple(_as_declared(table, {each.name.lower(): each for each in found}) for table in found)
        if not tables:
            raise SourceUnreadable(f"{self.path} has no table", hint="name another SQLite file")
        return Survey(
            version=sqlite3.sqlite_version,
            database=self.path.name,
            schema="main",
            tables=tables,
            dependants=tuple(_dependants(objects, tables)),
            schema_fingerprint=fingerprint(objects),
        )

    def counted(self, table: Table) -> Table:
        """A table whose highest rowid is low is counted; of another, that number is the estimate."""
        if table.is_elsewhere:
            return replace(table, is_rows_exact=False)
        if table.name in self._rowids:
            [(highest,)] = self.rows(
                SQL("select coalesce(max(rowid), 0) from {}").format(Identifier(table.name))
            )
            if highest > self.limits.whole_rows:
                nth = self._nth(highest)
                return replace(table, rows=highest, is_rows_exact=False, sampled=f"each {nth}th rowid")
        [(rows,)] = self.rows(SQL("select count(*) from {}").format(Identifier(table.name)))
        sampled = f"{self.limits.sample_rows} rows" if rows > self.limits.whole_rows else ""
        return replace(table, rows=rows, sampled=sampled)

    def rows(self, query: Composed) -> list[Row]:
        until = time.monotonic() + self.limits.statement_seconds
        self.conn.set_progress_handler(lambda: time.monotonic() > until, _TICK)
        try:
            return self.conn.execute(query.as_string(None)).fetchall()
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error) and "locked" not in str(error):
                raise
            raise ScanAbandoned(str(error), hint="give it more time with --timeout") from error
        except sqlite3.DatabaseError as error:
            raise SourceUnreadable(
                f"{self.path} is damaged: {error}", hint="look at it with: pragma integrity_check"
            ) from error
        finally:
            self.conn.set_progress_handler(None, 0)

    def relation(self, table: Table, alias: str = "c") -> Composable:
        if not table.sampled:
            return self.whole(table, alias)
        which = (
            SQL("where rowid % {} = 0").format(Literal(self._nth(table.rows)))
            if table.name in self._rowids
            else SQL("limit {}").format(Literal(self.limits.sample_rows))
        )
        return SQL("(select * from {} {}) {}").format(Identifier(table.name), which, Identifier(alias))

    def whole(self, table: Table, alias: str) -> Composable:
        return SQL("{} {}").format(Identifier(table.name), Identifier(alias))

    def row_key(self, table: Table) -> Composable:
        if not table.primary_key and not table.sampled:
            return SQL("'row ' || c.rowid")
        if not table.primary_key:
            return SQL("'a row without a key'")
        return SQL(" || ',' || ").join(
            SQL("coalesce({}, 'NULL')").format(self.text(field(name))) for name in table.primary_key
        )

    def text(self, value: Composable) -> Composable:
        return SQL("cast({} as text)").format(value)

    def size(self, value: Composable) -> Composable:
        return SQL("length(cast({} as blob))").format(value)

    def time_shape(self, value: Composable) -> Composable:
        return SQL("time_shape({})").format(value)

    def id_shape(self, value: Composable) -> Composable:
        return SQL("id_shape({})").format(value)

    def seconds(self, start: Composable, end: Composable) -> Composable:
        """Of texts with a date only; a number would be taken for a day of the Julian calendar."""
        return SQL(
            "case when typeof({s}) = 'text' and typeof({e}) = 'text' then (julianday({e}) - julianday({s})) * 86400.0 end"
        ).format(s=start, e=end)

    def contains(self, value: Composable, part: str) -> Composable:
        doubled = part.replace("'", "''")
        return SQL("instr({}, {}) > 0").format(value, SQL(f"'{doubled}'"))  # type: ignore[arg-type,unused-ignore]

    def unstorable(self, value: Composable) -> Composable:
        return SQL("typeof({v}) = 'text' and unstorable(cast({v} as blob))").format(v=value)

    def storage(self, value: Composable) -> Composable:
        return SQL("typeof({})").format(value)

    def last_given(self, table: Table) -> dict[str, int]:  # noqa: ARG002  (a reader's)
        """AUTOINCREMENT cannot be behind: SQLite looks at the highest rowid too."""
        return {}

    def _nth(self, rows: int) -> int:
        return max(2, rows // self.limits.sample_rows)

    def _table(self, name: str, sql: str) -> Table:
        if re.match(r"\s*create\s+virtual", sql, re.IGNORECASE):  # its module may not be here
            return Table(name=name, kind="virtual table")
        columns = self.conn.execute("select * from pragma_table_xinfo(?)", [name]).fetchall()
        key = [row[1] for row in sorted(columns, key=lambda row: row[5]) if row[5]]
        if not re.search(r"\)\s*(strict\s*,\s*)?without\s+rowid", sql, re.IGNORECASE):
            self._rowids.add(name)
        primary = (Key(name="primary key", columns=tuple(key), is_primary=True),) if key else ()
        return Table(
            name=name,
            columns=tuple(_column(row) for row in columns if row[6] != 1),
            keys=(*primary, *self._unique(name)),
            links=tuple(self._links(name)),
            bytes=self._bytes(name),
        )

    def _bytes(self, name: str) -> int:
        try:
            [(size,)] = self.conn.execute(
                "select coalesce(sum(pgsize), 0) from dbstat where name = ?", [name]
            )
        except sqlite3.OperationalError:  # dbstat is not in every build; the file's size would be a lie
            return 0
        return int(size)

    def _unique(self, name: str) -> Iterator[Key]:
        for row in self.conn.execute('select name, origin, partial from pragma_index_list(?) where "unique"', [name]).fetchall():  # fmt: skip
            index, origin, is_partial = row
            parts = self.conn.execute(
                "select name, coll from pragma_index_xinfo(?) where key", [index]
            ).fetchall()
            if origin != "pk" and not is_partial and all(part[0] for part in parts):
                folded = any(part[1].upper() == "NOCASE" for part in parts)
                yield Key(name=index, columns=tuple(part[0] for part in parts), is_folded=folded)

    def _primary(self, name: str) -> tuple[str, ...]:
        found = self.conn.execute("select name from pragma_table_info(?) where pk > 0 order by pk", [name])
        return tuple(row[0] for row in found.fetchall())

    def _links(self, name: str) -> Iterator[Link]:
        found: dict[int, list[Any]] = {}
        for row in self.conn.execute("select * from pragma_foreign_key_list(?)", [name]).fetchall():
            found.setdefault(row[0], []).append(row)
        for rows in found.values():
            ordered = sorted(rows, key=lambda row: row[1])
            yield Link(
                columns=tuple(row[3] for row in ordered),
                parent=ordered[0][2],
                parent_columns=tuple(row[4] for row in ordered if row[4]) or self._primary(ordered[0][2]),
                on_delete=ordered[0][6].lower(),
            )


def _as_declared(table: Table, tables: dict[str, Table]) -> Table:
    """Its foreign keys with names as their tables have them: SQLite does not mind upper and lower case, nor a dangling key."""
    links = []
    for link in table.links:
        parent = tables.get(link.parent.lower())
        if parent is not None and len(link.columns) == len(link.parent_columns):
            columns, theirs = _spelt(table, link.columns), _spelt(parent, link.parent_columns)
            links.append(replace(link, columns=columns, parent=parent.name, parent_columns=theirs))
    return replace(table, links=tuple(link for link in links if link.columns and link.parent_columns))


def _spelt(table: Table, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Empty when one of them is not there."""
    known = {column.name.lower(): column.name for column in table.columns}
    found = tuple(known[name.lower()] for name in columns if name.lower() in known)
    return found if len(found) == len(columns) else ()


def _is_table(kind: str, name: str) -> bool:
    return kind == "table" and not name.startswith("sqlite_")


def _column(row: Any) -> Column:
    _place, name, declared, not_null, default, in_key, hidden = row
    return Column(
        name=name,
        type=declared.lower(),
        family=_family(declared.upper()),
        nullable=not not_null and not (in_key and declared.upper() == "INTEGER"),
        default=default,
        is_generated=hidden in (2, 3),
    )


def _family(declared: str) -> Family:
    """By the rules of SQLite's affinity, but for names that say more; the values decide, not the declaration."""
    if "INT" in declared:
        return Family.INTEGER
    if re.search("CHAR|CLOB|TEXT|JSON|DATE|TIME|UUID", declared):
        return Family.TEXT
    if "BOOL" in declared:
        return Family.BOOLEAN
    if "BLOB" in declared:
        return Family.BYTES
    return Family.NUMBER if re.search("REAL|FLOA|DOUB|NUM|DEC", declared) else Family.OTHER


def _dependants(objects: list[Any], tables: tuple[Table, ...]) -> Iterator[Dependant]:
    names = {table.name for table in tables}
    for kind, name, of, sql in objects:
        if kind == "trigger":
            yield Dependant(table=of, kind="trigger", name=name, detail=" ".join(sql.split()))
        if kind in ("view", "trigger"):
            named = {word for word in re.findall(r"\w+", sql) if word in names} - {of}
            yield from (Dependant(table=table, kind=kind, name=name) for table in sorted(named))
    for table in tables:
        for link in table.links:
            if link.parent in names:
                what = f"{table.name}({', '.join(link.columns)})"
                yield Dependant(table=link.parent, kind="foreign key", name=what)


def _time_shape(value: object) -> str | None:
    if value is None:
        return None
    text = str(value)
    if not _TIME.fullmatch(text):
        return "other"
    return re.sub(r"[.,]9+", ".9", re.sub(r"\d", "9", text))


def _id_shape(value: object) -> str | None:
    if value is None:
        return None
    return next((name for name, shape in _IDS.items() if shape.fullmatch(str(value))), "text")


def _unstorable(raw: bytes | None) -> int:
    if raw is None:
        return 0
    try:
        return int("\0" in raw.decode("utf-8"))
    except UnicodeDecodeError:
        return 1

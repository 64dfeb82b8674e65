"""Views and functions of the source's schema that speak of landed tables: carried along, so that old code finds them by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from psycopg import Connection, Error, errors
from psycopg.sql import SQL, Composed, Identifier

from mainstem.consolidate.sources.sqlite.landed import rows

_VIEWS: Final = """
select c.relname, pg_get_viewdef(c.oid), coalesce(array_to_string(c.reloptions, ', '), '')
  from pg_class c where c.relnamespace = %(schema)s::regnamespace and c.relkind = 'v'
   and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')
 order by 1
"""
_FUNCTIONS: Final = """
select p.proname, pg_get_functiondef(p.oid), quote_ident(%(name)s)
  from pg_proc p join pg_language l on l.oid = p.prolang
 where p.pronamespace = %(schema)s::regnamespace and p.prokind in ('f', 'p') and l.lanname in ('sql', 'plpgsql')
   and not p.prorettype = any(array['trigger', 'event_trigger']::regtype[])
   and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')
 order by 1, p.oid
"""
_HEAD: Final = re.compile(r"CREATE OR REPLACE (FUNCTION|PROCEDURE) ")

THERE: Final = (errors.DuplicateTable, errors.DuplicateFunction)
"""What was carried before stands as it is: somebody may have changed it since."""


class _Piece(NamedTuple):
    name: str
    kind: str
    text: str
    making: Composed


def carry(
    source: Connection[Any], conn: Connection[Any], schema: str, landing: str, tables: Sequence[str]
) -> list[str]:
    """Make those that speak of these tables, in whatever order they want; what could not be made, and why."""
    known, waiting = set(tables), _pieces(source, schema, landing)
    why: dict[str, str] = {}
    while True:
        speaking = [piece for piece in waiting if _speaks(piece, known)]
        made = [piece for piece in speaking if _is_made(conn, landing, piece, why)]
        waiting = [piece for piece in waiting if piece not in made]
        known |= {piece.name for piece in made}
        if not made:
            return [f"{piece.kind} {piece.name} was left out: {why[piece.name]}" for piece in speaking]


def _speaks(piece: _Piece, known: set[str]) -> bool:
    return not known.isdisjoint(re.findall(r"\w+", piece.text))


def _pieces(source: Connection[Any], schema: str, landing: str) -> list[_Piece]:
    """Their texts, written for a search path with the schema in it: names of tables are bare."""
    given = {"schema": Identifier(schema).as_string(source), "name": schema}
    with source.transaction():
        source.execute(SQL("set local search_path = {}").format(Identifier(schema)))
        views, functions = rows(source, _VIEWS, given), rows(source, _FUNCTIONS, given)
        source.execute("set local search_path = pg_catalog")
    pieces = []
    for name, text, options in views:
        with_options = SQL(" with ({})").format(SQL(options)) if options else SQL("")
        making = SQL("create view {}{} as {}").format(Identifier(landing, name), with_options, SQL(text))
        pieces.append(_Piece(name, "the view", text, making))
    for name, text, quoted in functions:
        rest = _HEAD.sub("", text, count=1).removeprefix(f"{quoted}.")
        said = (
            f"{'create procedure' if text.startswith('CREATE OR REPLACE P') else 'create function'} {{}}.{{}}"
        )
        making = SQL(said).format(Identifier(landing), SQL(rest))
        pieces.append(_Piece(name, "the function", rest, making))
    return pieces


def _is_made(conn: Connection[Any], landing: str, piece: _Piece, why: dict[str, str]) -> bool:
    try:
        with conn.transaction():
            conn.execute(SQL("set local search_path = {}").format(Identifier(landing)))
            conn.execute(piece.making)
    except THERE:
        return True
    except Error as error:
        why[piece.name] = str(error.diag.message_primary)
        return False
    return True

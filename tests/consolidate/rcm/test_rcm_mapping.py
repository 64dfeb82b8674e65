"""The preset's mapping, tried on the sample: every column named, every expression runs, what is mirrored fits our tables."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import psycopg
import pytest
import yaml

from conftest import Database
from mainstem.consolidate.life.plan import install_ground
from mainstem.consolidate.presets.rcm.sample import install

MAPPING: dict[str, Any] = yaml.safe_load(
    files("mainstem.consolidate.presets.rcm").joinpath("mapping.yaml").read_text(encoding="utf-8")
)
TABLES: dict[str, dict[str, Any]] = MAPPING["tables"]
MIRRORED = [name for name, table in TABLES.items() if "mirror" in table]


@pytest.fixture
def conn(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.url, autocommit=True) as connection:
        install(connection, second_shape=True)
        yield connection


def written(text: str, value: str = "null") -> str:
    for name, decision in MAPPING["decisions"].items():
        text = text.replace("{decision." + name + "}", "'" + decision["answer"] + "'")
    return (
        text.replace("{old}", "public")
        .replace("{new}", "mainstem")
        .replace("{row}", "old")
        .replace("{value}", value)
    )


def folded(column: str, lens: Any) -> tuple[str, str]:
    """The target, and the expression over the old row: as little of the real compiler as the mapping needs."""
    if isinstance(lens, str):
        return lens, f"old.{column}"
    if "sql" in lens:
        return lens["to"], written(lens["sql"]["fold"], f"old.{column}")
    if "values" in lens:
        cases = " ".join(f"when '{was}' then '{becomes}'" for was, becomes in lens["values"].items())
        return lens["to"], f"case old.{column}::text {cases} end"
    default = lens["default"]
    other = written(default["sql"]) if isinstance(default, dict) else f"'{default}'"
    return lens["to"], f"coalesce(old.{column}, {other})"


def constant(value: Any) -> str:
    return written(value["sql"]) if isinstance(value, dict) else f"'{value}'"


def expressions(table: dict[str, Any]) -> dict[str, str]:
    """Target to expression, for plain columns and keys of JSON columns alike."""
    found = dict(folded(column, lens) for column, lens in table["columns"].items())
    return found | {target: constant(value) for target, value in table.get("constants", {}).items()}


def quarantined(table: dict[str, Any]) -> str:
    return " or ".join(f"({written(case['when'])})" for case in table.get("quarantine", [])) or "false"


def named_columns(table: dict[str, Any]) -> set[str]:
    body = table.get("mirror", table)
    key = table["key"] if isinstance(table["key"], list) else [table["key"]]
    places = [table[word] for word in ("run", "step", "number") if word in table]
    return {*body.get("columns", {}), *body.get("drop", {}), *key, *places}


def test_every_column_of_the_old_tables_is_named(conn: psycopg.Connection[Any]) -> None:
    rows = conn.execute(
        "select table_name, column_name from information_schema.columns join information_schema.tables using (table_schema, table_name)"
        " where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'moved_clock'"
    ).fetchall()
    assert {table for table, _ in rows} == set(TABLES)
    silent = [name for name, table in TABLES.items() if "reason" in table]
    unnamed = [(t, c) for t, c in rows if t not in silent and c not in named_columns(TABLES[t])]
    assert unnamed == []
    real: dict[str, set[str]] = {}
    for table, column in rows:
        real.setdefault(table, set()).add(column)
    assert {n: named_columns(t) - real[n] for n, t in TABLES.items() if named_columns(t) - real[n]} == {}


def test_what_is_mirrored_fits_our_tables_and_the_rest_is_in_quarantine(
    conn: psycopg.Connection[Any],
) -> None:
    aside = {}
    for name in MIRRORED:
        mirror = TABLES[name]["mirror"]
        targets = expressions(mirror)
        in_json = [target for target in targets if "." in target]
        for target in in_json:
            column, key = target.split(".")
            targets[column] = f"jsonb_build_object('{key}', {targets.pop(target)})"
        conn.execute(
            f"insert into mainstem.{mirror['into']} ({', '.join(targets)}) select {', '.join(targets.values())}"
            f" from public.{name} old where not ({quarantined(mirror)})".encode()
        )
        for after in mirror.get("after", []):
            old = written(after)
            conn.execute(
                f"do $$ declare old record; begin for old in select * from public.{name} loop {old}; end loop; end $$".encode()
            )
        [(aside[name],)] = conn.execute(
            f"select count(*) from public.{name} old where {quarantined(mirror)}".encode()
        ).fetchall()
    assert {name: count for name, count in aside.items() if count} == {
        "user_workflow_transition": 1,
    }


def test_every_expression_runs_on_every_row(conn: psycopg.Connection[Any]) -> None:
    install_ground(conn)
    for name, table in TABLES.items():
        if "becomes" in table:
            for expression in expressions(table).values():
                conn.execute(f"select {expression} from public.{name} old".encode())


def test_the_number_of_an_event_comes_back_from_its_uuid(conn: psycopg.Connection[Any]) -> None:
    install_ground(conn)
    [(wrong, in_order)] = conn.execute(
        "select count(*) filter (where mainstem_consolidation.number_of_id(id) <> n), array_agg(n order by id) = array_agg(n order by n)"
        " from unnest(array[0, 1, 3001, 65535, 65536, 4294967296, 9007199254740993, 9223372036854775807]) n"
        " cross join lateral mainstem_consolidation.id_of_number(n) id"
    ).fetchall()
    assert (wrong, in_order) == (0, True)

"""Whatever the old columns are and hold: what is folded is unfolded as it was, and nothing is proved by hiding it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import yaml
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from conftest import Database
from mainstem.consolidate.compile import Program, compile_mapping
from mainstem.consolidate.compile.lens import Way
from mainstem.consolidate.compile.relation import Relation
from mainstem.consolidate.compile.statements import digest
from mainstem.consolidate.compile.text import lit, to_json
from mainstem.consolidate.life.batch import perform
from mainstem.consolidate.life.plan import install_ground
from mainstem.consolidate.life.session import migrator, seeing_ours
from mainstem.consolidate.life.verify import compare
from mainstem.consolidate.mapping import read_mapping
from mainstem.model import DEFAULT_ORG

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
) | st.sampled_from(["", " ", "null", "NULL", "'", '"', "\\", "{}", "a.b", "😀", "$1", "%s", "{row}"])
jsons = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
).map(json.dumps) | st.sampled_from(["1.00", "1e3", '"2024-01-01"', "[[]]"])
days = st.sampled_from(
    ["2024-02-29", "1969-12-31", "0044-03-15 BC", "9999-12-31", "infinity", "-infinity"]
) | st.dates().map(str)
moments = st.datetimes().map(str) | st.sampled_from(
    ["infinity", "-infinity", "2024-11-03 01:30:00.000001", "0001-01-01 00:00:00"]
)
numbers = st.sampled_from(["0", "-0.00", "1.50", "NaN", "1e20", "99999999999999999999.0001"]) | st.decimals(
    allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9
).map(str)
floats = st.floats().map(repr)
VALUES: dict[str, st.SearchStrategy[str]] = {
    "integer": st.integers(-(2**31), 2**31 - 1).map(str),
    "bigint": st.integers(-(2**63), 2**63 - 1).map(str),
    "numeric": numbers,
    "text": texts,
    "character varying(20)": texts,
    "boolean": st.sampled_from(["true", "false"]),
    "timestamp with time zone": moments,
    "timestamp without time zone": moments,
    "date": days,
    "jsonb": jsons,
    "json": jsons,
    "uuid": st.uuids().map(str),
    "old.mood": st.sampled_from(["glad", "it's so", ""]),
    "text[]": st.sampled_from(["{}", '{a,NULL,""}', "{{1,2},{3,4}}", '{"a,b"}']),
    "double precision": floats,
    "bytea": st.binary(max_size=5).map(lambda found: "\\x" + found.hex()),
}
ONE_TO_ONE = {"a": "x", "b": "y", "it's": "{z}"}
TWO_TO_ONE = {"a": "x", "b": "x", "c": "y"}
written_times = st.sampled_from(
    ["2024-01-01T00:00:00", "2024-01-01 10:00:00.5", "2024-13-01T00:00:00", "yesterday?", ""]
)
FORMS = [{"like": "^\\d{4}-..-..T", "zone": "America/Los_Angeles"}, {"like": "^\\d{4}", "zone": "UTC"}]
LENSES: list[tuple[str, dict[str, Any], st.SearchStrategy[str]]] = [
    ("text", {"values": ONE_TO_ONE}, st.sampled_from(list(ONE_TO_ONE))),
    ("text", {"values": TWO_TO_ONE, "keep": True}, st.sampled_from(list(TWO_TO_ONE))),
    ("timestamp without time zone", {"zone": "America/Los_Angeles"}, moments),
    ("text", {"times": FORMS}, written_times),
    (
        "numeric",
        {"scale": 1000},
        st.decimals(-(10**6), 10**6, places=5, allow_nan=False).map(str)
        | st.sampled_from(["NaN", "Infinity", "-Infinity", "1e30"]),
    ),
    ("text", {"json": True}, jsons | texts),
    ("integer", {"default": 0}, VALUES["integer"]),
    ("text", {"default": ""}, texts),
]
PLACES = {"jsonb": ["input_data", "output_data", "config_snapshot"]}


@dataclass
class Made:
    """A column: its type, its lens, its values; place None for a remainder."""

    type: str
    lens: dict[str, Any]
    place: str | None
    values: list[str | None] = field(default_factory=list)
    to: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Of a column that goes apart: the places of its pieces."""
    joins: str = ""
    """The place that it goes to together with others."""


ROWS = 3
SEPARATED = st.sampled_from(
    [
        "Doe, Jane",
        "Doe",
        ", ",
        "a, b, c",
        "",
        "12.50, USD",
        "1e3, 2024-02-29",
        "07, x",
        "2024-01-01 10:00:00, 7",
        "inf, NaN",
    ]
) | st.lists(texts, max_size=4).map(", ".join)
"""Texts with too few separators, too many, and separators within."""
PIECES: list[tuple[str, dict[str, Any]]] = [
    ("metadata.p{}", {}),
    ("metadata.nested.p{}", {"default": "-"}),
    ("metadata.p{}", {"times": FORMS}),
    ("metadata.p{}", {"scale": 100}),
    ("metadata.p{}", {"json": True}),
    ("metadata.p{}", {"zone": "America/Los_Angeles"}),
]
TYPED = ["duration_ms", "error_message"]
JOINED = [
    "text",
    "integer",
    "date",
    "time without time zone",
    "character varying(20)",
    "timestamp with time zone",
]


@st.composite
def columns(
    draw: st.DrawFn, prefix: str, *, is_element: bool = False, places: dict[str, list[str]] | None = None
) -> dict[str, Made]:
    free = {kind: list(names) for kind, names in (places or {}).items()}
    found = {}
    for n in range(draw(st.integers(3, 7))):
        if draw(st.booleans()):
            kind, lens, values = draw(st.sampled_from(LENSES[:1] if is_element else LENSES))
        else:
            kind = draw(st.sampled_from(list(VALUES)))
            lens, values = {}, VALUES[kind]
        name = f"{prefix}{n}" if n else f"{prefix} \"odd'{n}"
        place: str | None = f"k{n}" if is_element else f"metadata.k{n}"
        if not lens and not is_element and free.get(kind) and draw(st.booleans()):
            place = free[kind].pop()
        elif not lens and draw(st.integers(0, 5)) == 0:
            place = None
        found[name] = Made(
            kind, lens, place, draw(st.lists(st.none() | values, min_size=ROWS, max_size=ROWS))
        )
    return found


@st.composite
def apart_and_together(draw: st.DrawFn, prefix: str) -> dict[str, Made]:
    """A column that is split, and some that are joined."""

    def values(of: st.SearchStrategy[str]) -> list[str | None]:
        return draw(st.lists(st.none() | of, min_size=ROWS, max_size=ROWS))

    pieces = [draw(st.sampled_from(PIECES)) for _ in range(draw(st.integers(2, 3)))]
    to = [(place.format(n), lens) for n, (place, lens) in enumerate(pieces)]
    if draw(st.booleans()):
        to[-1] = (draw(st.sampled_from(TYPED)), {})
    found = {f"{prefix}split ,": Made("text", {}, None, values(SEPARATED), to=to)}
    lens = draw(st.sampled_from([{}, {"zone": "America/Los_Angeles"}, {"default": "-"}]))
    kinds = draw(st.lists(st.sampled_from(JOINED), min_size=2, max_size=3))
    for n, kind in enumerate(kinds):
        own = VALUES.get(kind, st.times().map(str))
        found[f"{prefix}join{n}"] = Made(kind, lens, None, values(own), joins="metadata.joined")
    return found


@dataclass
class World:
    """Tables with rows, and their mapping."""

    run: dict[str, Made]
    step: dict[str, Made]
    element: dict[str, Made]
    with_step: bool


def both(one: dict[str, Made], other: dict[str, Made]) -> dict[str, Made]:
    return one | other


worlds = st.builds(
    World,
    st.builds(both, columns("r", places=PLACES), apart_and_together("r")),
    st.builds(both, columns("s", places={"jsonb": ["input_data", "output_data"]}), apart_and_together("s")),
    columns("e", is_element=True),
    st.booleans(),
)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def create(
    conn: psycopg.Connection[Any], table: str, keys: str, values: list[str], made: dict[str, Made]
) -> None:
    declared = "".join(f", {quoted(name)} {column.type}" for name, column in made.items())
    conn.execute(f"create table old.{table} ({keys}{declared})".encode())
    for n, own in enumerate(values):
        given = [column.values[n] for column in made.values()]
        casts = "".join(f", %s::{column.type}" for column in made.values())
        conn.execute(
            f"insert into old.{table} values ({own}{casts})".encode(),
            [
                value[:20] if value and column.type.endswith("(20)") else value
                for value, column in zip(given, made.values(), strict=True)
            ],
        )


def build(conn: psycopg.Connection[Any], world: World) -> Program:
    conn.execute("create schema old")
    conn.execute("create type old.mood as enum ('glad', 'it''s so', '')")
    runs = [f"{n}, {'null' if n == 2 else lit('2024-01-0' + str(n + 1))}::timestamptz" for n in range(ROWS)]
    create(conn, "run", "id bigint primary key, born timestamptz", runs, world.run)
    steps = ["10, 0, 1", "11, 0, -5", "12, 1, null"]
    create(
        conn,
        "step",
        "id integer primary key, run bigint references old.run, number bigint",
        steps,
        world.step,
    )
    parents = ["10", "null", "12"] if world.with_step else ["null"] * 3
    elements = [
        f"{lit(key)}, {run}, {step}"
        for key, run, step in zip(["k", "", "'"], [1, 2, 1], parents, strict=True)
    ]
    create(
        conn,
        "part",
        "id text primary key, run bigint references old.run, step integer references old.step",
        elements,
        world.element,
    )
    conn.execute(
        "create table old.context (id uuid primary key default gen_random_uuid(), run bigint not null references old.run, key text, value jsonb, at timestamptz)"
    )
    conn.execute(
        "insert into old.context (run, key, value, at) values (0, 'a', 'null', null), (0, '', '1.00', 'infinity'), (1, 'a.b', '{}', now())"
    )
    return compile_mapping(read_mapping(yaml.safe_dump(mapped(world))), conn)


def lenses(made: dict[str, Made]) -> dict[str, Any]:
    joined = [name for name, column in made.items() if column.joins]
    apart = {name: column for name, column in made.items() if column.to}
    said: dict[str, Any] = {
        "columns": {
            name: {"to": column.place, **column.lens} for name, column in made.items() if column.place
        },
        "remainder": sorted(remaining(made)),
    }
    if joined:
        one = made[joined[0]]
        said["join"] = [{"columns": joined, "by": " ", "to": one.joins, **one.lens}]
    if apart:
        said["split"] = {
            name: {"by": ", ", "to": [{"to": to, **lens} for to, lens in column.to]}
            for name, column in apart.items()
        }
    return said


def remaining(made: dict[str, Made]) -> set[str]:
    return {name for name, column in made.items() if not (column.place or column.to or column.joins)}


def mapped(world: World) -> dict[str, Any]:
    workflow = "(select w.workflow_id from mainstem.user_workflow w where w.name = 'any')"
    constants = {
        "driver": "recorded",
        "status": "pending",
        "channel": "web",
        "org_id": {"sql": f"{lit(str(DEFAULT_ORG))}::uuid"},
        "workflow_id": {"sql": workflow},
    }
    run = {"becomes": "run", "key": "id", "time": ["born"], "constants": constants, **lenses(world.run)}
    run["columns"]["born"] = "created_at"
    step = {
        "becomes": "step",
        "key": "id",
        "run": "run",
        "number": "number",
        "constants": {"status": "pending", "node_key": "n"},
        **lenses(world.step),
    }
    part = {
        "becomes": "elements",
        "key": "id",
        "run": "run",
        "into": {"run": "metadata.parts"},
        "order": ["run", "id"],
        **lenses(world.element),
    }
    part["columns"]["id"] = "id"
    if world.with_step:
        part |= {"step": "step", "into": {"run": "metadata.parts", "step": "screenshots"}}
    else:
        part["drop"] = {"step": "always NULL"}
    context = {
        "becomes": "context",
        "key": "id",
        "run": "run",
        "columns": {"key": "key", "value": "value", "at": "created_at"},
    }
    tables = {"run": run, "step": step, "part": part, "context": context}
    return {
        "mapping": 1,
        "system": "drawn",
        "source": {"kind": "postgres", "schema": "old"},
        "tables": tables,
    }


def other_value(way: Way, made: Made) -> list[str]:
    """Two values of the place that are not one another."""
    if "values" in made.lens:
        return sorted(set(made.lens["values"].values()))[:2]
    return {
        "boolean": ["true", "false"], "jsonb": ["7", "8"], "json": ["7", "8"], "date": ["2001-01-01", "2002-02-02"],
        "uuid": ["00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"], "old.mood": ["glad", ""],
        "text[]": ["{q}", "{r}"], "bytea": ["\\x01", "\\x02"], "text": ["q", "r"], "character varying": ["q", "r"],
        "timestamp with time zone": ["2001-01-01 00:00Z", "2002-02-02 00:00Z"], "timestamp without time zone": ["2001-01-01", "2002-02-02"],
    }.get(way.placed_type.split("(")[0], ["7001", "8002"])  # fmt: skip


def unfolded(conn: psycopg.Connection[Any], program: Program, relation: Relation) -> Any:
    side = next(side for side in program.proofs() if side.table == relation.table and "←" in side.name)
    with seeing_ours(conn):
        return conn.execute(digest(side.columns, side.right), {}).fetchone()


def unfits(conn: psycopg.Connection[Any], relation: Relation) -> bool:
    """What new code wrote is no text of the columns that it was joined from: a rollback says so."""
    conditions = " or ".join(f"coalesce({bundle.unfitting('r')}, false)" for bundle in relation.bundles)
    with seeing_ours(conn):
        found = conn.execute(f"select from mainstem.{relation.target} r where {conditions}".encode())
        return found.rowcount > 0


def assert_each_change_shows(
    conn: psycopg.Connection[Any], program: Program, relation: Relation, made: dict[str, Made]
) -> None:
    before = unfolded(conn, program, relation)
    ways = [(relation.ways[name], column) for name, column in made.items() if column.place]
    ways += [(piece, Made("text", {}, None)) for bundle in relation.bundles for piece in bundle.placed]
    for way, column in ways:
        for value in other_value(way, column):
            typed = f"{lit(value)}::{way.placed_type}"
            if way.place.path:
                path = lit("{" + ",".join(way.place.path) + "}")
                changed = f"jsonb_set({way.place.column}, {path}, coalesce({to_json(typed, way.placed_type)}, 'null'))"
            else:
                changed = typed
            where = f"({way.value_in('r')})::text is distinct from ({typed})::text"
            with conn.transaction(force_rollback=True):
                done = conn.execute(
                    f"update mainstem.{relation.target} r set {way.place.column} = {changed} where {where}".encode()
                )
                if done.rowcount and not unfits(conn, relation):
                    assert unfolded(conn, program, relation) != before, (way, column, value)


@pytest.fixture
def conn(database: Database) -> Iterator[psycopg.Connection[Any]]:
    database.rows(
        "insert into mainstem.user_workflow (org_id, name) values (%s, 'any') returning 1", DEFAULT_ORG
    )
    with migrator(database.url, "drawn") as found:
        install_ground(found)
        yield found


def holds(conn: psycopg.Connection[Any], world: World) -> None:
    with conn.transaction(force_rollback=True):
        program = build(conn, world)
        conn.execute(program.views())
        assert program.whole.run
        assert program.whole.step
        perform(conn, program.apply(program.whole.run), list(range(ROWS)))
        for side in program.proofs():
            found = compare(conn, side, [])
            assert found.is_equal, found
        for relation, made in ((program.whole.run, world.run), (program.whole.step, world.step)):
            listed = remaining(made)
            kept = conn.execute(
                f"select distinct jsonb_object_keys(metadata -> 'legacy') from mainstem.{relation.target}".encode()
            )
            assert {key for (key,) in kept.fetchall()} <= listed
            assert_each_change_shows(conn, program, relation, made)


FIXED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@given(world=worlds)
@settings(max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=FIXED)
def test_what_is_folded_is_unfolded_as_it_was_and_each_change_shows(
    conn: psycopg.Connection[Any], world: World
) -> None:
    event(f"with steps: {world.with_step}")
    holds(conn, world)


@pytest.mark.slow
@given(world=worlds)
@settings(max_examples=400, deadline=None, suppress_health_check=FIXED)
def test_what_is_folded_is_unfolded_as_it_was_over_many_worlds(
    conn: psycopg.Connection[Any], world: World
) -> None:
    holds(conn, world)

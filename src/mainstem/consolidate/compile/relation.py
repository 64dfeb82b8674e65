"""Rows that become rows: the columns of a run, a step or a definition, as expressions over the old row.

An old row goes through three stages that stand beside each other in the text: `o` as it is, `m` with each column through its lens and the
constants, `f` fitted to what the ledger's CHECKs allow. What fitting changes is kept as an original like any other loss.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from mainstem.consolidate.compile.bundle import Bundle, compile_joined, compile_split
from mainstem.consolidate.compile.catalog import Catalog, Column
from mainstem.consolidate.compile.lens import Place, Way, compile_lens, leaf
from mainstem.consolidate.compile.text import from_json, json_object, json_path, listed, lit, q, to_json
from mainstem.consolidate.mapping import Constant, Mapping, Row, Run, Step
from mainstem.errors import MappingRefused

RUN, STEP = "user_workflow_run", "user_workflow_run_step"
ENDED = {
    RUN: ("completed", "failed", "cancelled", "timeout"),
    STEP: ("completed", "failed", "skipped", "cancelled"),
}
NOTHING_SAID = "no reason was recorded"


@dataclass(frozen=True)
class Relation:
    """A table whose rows become rows of `target`."""

    table: str
    said: Run | Step | Row
    target: str
    ways: dict[str, Way]
    mapped: dict[str, str]
    """Column of the target to its expression over `{row}`: what stage m holds."""
    fitted: dict[str, str]
    """Column of the target to its expression over m, and `{row}` and `{id}`: stage f."""
    remainder: dict[str, Column]
    old: dict[str, Column]
    objects: dict[str, dict[str, str]]
    """JSON column of the target to its pieces over `{row}`."""
    keeps_beside: bool = False
    """The target has no `metadata`: what would be there is kept in a table of its own."""
    bundles: tuple[Bundle, ...] = ()
    """Columns that go apart, or together."""

    @property
    def key(self) -> Column:
        return self.old[self.said.key]

    @property
    def run_column(self) -> str:
        """Of a table of steps: the old column with its run's key."""
        return self._as_step().run

    @property
    def number_column(self) -> str:
        """Of a table of steps: the old column with its number in the run."""
        return self._as_step().number

    def _as_step(self) -> Step:
        if not isinstance(self.said, Step):
            raise TypeError(f"{self.table} becomes no steps")
        return self.said

    def final(self, column: str) -> str:
        return f"f.{q(column)}" if column in self.fitted else f"m.{q(column)}"

    def stages(self, row: str, new_id: str) -> str:
        """The two laterals after the old row, which goes by this alias.

        OFFSET 0, or else a subquery would be repeated wherever its column is named.
        """
        mapped = [f"{expression} as {q(column)}" for column, expression in self.mapped.items()]
        fitted = [f"{expression} as {q(column)}" for column, expression in self.fitted.items()]
        text = f" cross join lateral (select\n  {listed(mapped)}\n  offset 0) m\n cross join lateral (select\n  {listed(fitted)}\n  offset 0) f"
        return filled(text, row, new_id)

    def columns(self, row: str, new_id: str) -> dict[str, str]:
        """Column of the target to its final expression, lists of children not among them."""
        plain = {column: self.final(column) for column in {**self.mapped, **self.fitted}}
        pieces = {column: dict(found) for column, found in self.objects.items()}
        if kept := self._originals():
            pieces.setdefault("metadata", {})["originals"] = f"nullif({json_object(kept)}, '{{}}')"
        composed = {column: json_object(found) for column, found in pieces.items()}
        return {column: filled(text, row, new_id) for column, text in {**plain, **composed}.items()}

    def _originals(self) -> dict[str, str]:
        kept = {way.column: way.original(leaf_value(way, self)) for way in self.ways.values() if way.loses}
        return kept | {
            bundle.name: bundle.original([leaf_value(piece, self) for piece in bundle.pieces])
            for bundle in self.bundles
        }

    def unfolds(self, row: str) -> dict[str, str]:
        """Old column to its expression over a row of the target, keys of rows not among them."""
        values = {name: way.unfold(row) for name, way in self.ways.items()}
        for bundle in self.bundles:
            values |= bundle.unfold(row)
        return values | {name: remainder_in(row, column) for name, column in self.remainder.items()}

    def owned_keys(self, column: str) -> list[str]:
        """Top-level keys of a JSON column that this mapping writes."""
        keys = list(self.objects.get(column, {}))
        return [*keys, "originals"] if column == "metadata" and self._originals() else keys


def leaf_value(way: Way, relation: Relation) -> str:
    return way.fold if way.place.path or not way.place.column else relation.final(way.place.column)


def filled(text: str, row: str, new_id: str) -> str:
    return text.replace("{row}", row).replace("{id}", new_id)


def compile_relation(mapping: Mapping, catalog: Catalog, table: str) -> Relation:
    """Raises MappingRefused for a column that nobody mentions, one that is not there, or a place that is not ours."""
    said: Any = mapping.tables[table]
    old, ours = catalog.old[table], catalog.ours[target_of(said)]
    refuse_unmentioned(table, said, old)
    refuse_unknown_places(table, said, ours)
    ways = {
        name: compile_lens(table, old[name], lens, ours)
        for name, lens in said.columns.items()
        if name != said.key
    }
    if isinstance(said, Step):
        ways[said.number] = _numbered(old[said.number])
    bundles = [compile_split(table, old[name], split, ours) for name, split in said.split.items()]
    bundles += [compile_joined(table, [old[name] for name in one.columns], one, ours) for one in said.join]
    relation = assembled(mapping, table, said, old=old, ours=ours, ways=ways, bundles=tuple(bundles))
    if said.key not in said.columns:
        return relation
    own = compile_lens(table, old[said.key], said.columns[said.key], ours)
    folded = own.fold if not isinstance(said, Row) else "{id}"
    return replace(relation, mapped={**relation.mapped, own.place.column: folded})


def assembled(
    mapping: Mapping,
    table: str,
    said: Run | Step | Row,
    *,
    old: dict[str, Column],
    ours: dict[str, Column],
    ways: dict[str, Way],
    bundles: tuple[Bundle, ...] = (),
) -> Relation:
    """A relation from the ways of its columns: constants, what the ledger asks for, and pieces of JSON columns."""
    target = target_of(said)
    placed = [*ways.values(), *(piece for bundle in bundles for piece in bundle.placed)]
    mapped = {
        way.place.column: way.fold for way in placed if not way.place.path and way.column != _number(said)
    }
    for column, constant in said.constants.items():
        mapped[column] = _constant(constant, mapping)
    fitted = _fits(target, mapped, ours)
    ways = {
        name: replace(way, loses=True) if not way.place.path and way.place.column in fitted else way
        for name, way in ways.items()
    }
    if isinstance(said, Row) and said.adopts:
        seen = said.adopts.seen
        ways = {name: replace(way, loses=True) if name in seen else way for name, way in ways.items()}
    remainder = {name: old[name] for name in said.remainder}
    objects, beside = _objects(placed, remainder), "metadata" not in ours
    return Relation(table, said, target, ways, mapped, fitted, remainder, old, objects, beside, bundles)


def target_of(said: Run | Step | Row) -> str:
    """The table of ours that its rows go to."""
    return RUN if isinstance(said, Run) else STEP if isinstance(said, Step) else said.into


def _number(said: Any) -> str | None:
    return said.number if isinstance(said, Step) else None


def _numbered(column: Column) -> Way:
    """A step's number: the one its id was given; the old one is kept where it differs."""
    return Way(column.name, column.type, Place("step_number"), "integer",
               "mainstem.step_number_of({id})", lambda at: f"({at})::{column.type}", loses=True)  # fmt: skip


def refuse_unmentioned(table: str, said: Any, old: dict[str, Column]) -> None:
    if silent := [name for name in old if name not in said.mentioned]:
        raise MappingRefused(
            f"tables.{table}: nothing is said of {', '.join(silent)}",
            hint="Give each a place under columns or remainder, or a reason under drop.",
        )
    if unknown := [name for name in said.mentioned if name not in old]:
        raise MappingRefused(
            f"tables.{table}: there is no column {', '.join(sorted(unknown))}",
            hint=f"There are: {', '.join(old)}.",
        )


def refuse_unknown_places(table: str, said: Any, ours: dict[str, Column]) -> None:
    places = [(f"{table}.columns.{name}", lens.to) for name, lens in said.columns.items()]
    places += [(f"{table}.constants.{name}", name) for name in said.constants]
    places += [(f"{table}.split.{name}", lens.to) for name, split in said.split.items() for lens in split.to]
    places += [(f"{table}.join.{n}", one.to) for n, one in enumerate(said.join)]
    for where, to in places:
        place = Place.of(to)
        if place.column not in ours:
            raise MappingRefused(
                f"tables.{where}: the ledger has no column {place.column}",
                hint=f"There are: {', '.join(ours)}.",
            )
        if len(place.path) > 2:
            raise MappingRefused(
                f"tables.{where}: {to} goes too deep", hint="A JSON column takes one key, or two."
            )
        if place.path and ours[place.column].type != "jsonb":
            raise MappingRefused(
                f"tables.{where}: {place.column} is no JSON column, and has no keys",
                hint="Leave the key out.",
            )


def _constant(constant: Constant | str | float, mapping: Mapping) -> str:
    if isinstance(constant, Constant):
        if constant.workflow is not None:
            name = workflow_name(constant)
            return (f"(select w.workflow_id from mainstem.user_workflow w join mainstem_consolidation.workflow_of v using (org_id, workflow_id)"
                    f" where v.source = {lit(mapping.system)} and w.name = {name})")  # fmt: skip
        return constant.sql or "null"
    if isinstance(constant, bool):
        return str(constant).lower()
    return lit(constant) if isinstance(constant, str) else str(constant)


def workflow_name(constant: Constant) -> str:
    """Over `{row}`."""
    return f"coalesce({constant.workflow}, {lit(constant.default or 'unnamed')})"


def make_workflows(mapping: Mapping, run: Relation, rows: str) -> list[str]:
    """Statements that see to the workflows which old rows name; `rows`: what follows FROM, the old row going by `o`."""
    constant = run.said.constants.get("workflow_id")
    if not isinstance(constant, Constant) or constant.workflow is None:
        return []
    named = f"select distinct ({run.mapped['org_id']}), {workflow_name(constant)} from {rows}".replace(
        "{row}", "o"
    )
    return [
        f"insert into mainstem.user_workflow (org_id, name) {named} on conflict (org_id, name) do nothing",
        (
            "insert into mainstem_consolidation.workflow_of (source, org_id, workflow_id)\n"
            f"select {lit(mapping.system)}, w.org_id, w.workflow_id from mainstem.user_workflow w where (w.org_id, w.name) in ({named})\n"
            "    on conflict do nothing"
        ),
    ]


def _fits(target: str, mapped: dict[str, str], ours: dict[str, Column]) -> dict[str, str]:
    """What the ledger's CHECKs and keys ask for, over m."""
    if target not in (RUN, STEP):
        return _row_fits(mapped, ours)
    at: dict[str, str] = {
        name: f"m.{name}" for name in ("started_at", "ended_at", "created_at", "updated_at") if name in mapped
    }
    ended = f"m.status in ({', '.join(map(lit, ENDED[target]))})"
    fits = {
        "ended_at": f"case when {ended} then greatest({_first(at, 'ended_at', 'started_at', 'created_at')}, {at.get('started_at', 'null')}) end",
        "error_message": f"case when m.status = 'failed' then coalesce({_of(mapped, 'error_message')}, {lit(NOTHING_SAID)}) else {_of(mapped, 'error_message')} end",
        "created_at": _first(at, "created_at", "started_at", "ended_at"),
        "updated_at": _first(at, "updated_at", "ended_at", "started_at", "created_at"),
    }
    if target == RUN:
        fits["run_id"] = "{id}"
        if "created_by" in mapped:
            fits["created_by"] = (
                "(select u.user_id from mainstem.app_user u where u.org_id = m.org_id and u.user_id = m.created_by)"
            )
        return fits
    fits |= {
        "step_id": "{id}",
        "run_id": "mainstem.run_of({id})",
        "step_number": "mainstem.step_number_of({id})",
    }
    if "node_id" in mapped:
        of_node = "from mainstem.user_workflow_node n where n.org_id = m.org_id and n.node_id = m.node_id"
        fits["node_id"] = f"(select n.node_id {of_node})"
        fits["node_key"] = (
            f"coalesce({_of(mapped, 'node_key')}, (select n.label {of_node}), m.node_id::text, 'unknown')"
        )
    else:
        fits["node_key"] = f"coalesce({_of(mapped, 'node_key')}, 'unknown')"
    return fits


def _row_fits(mapped: dict[str, str], ours: dict[str, Column]) -> dict[str, str]:
    fits = {}
    if "created_by" in mapped or "activated_by" in mapped:
        column = "created_by" if "created_by" in mapped else "activated_by"
        fits[column] = (
            f"(select u.user_id from mainstem.app_user u where u.org_id = m.org_id and u.user_id = m.{column})"
        )
    for column in ("created_at", "updated_at"):
        if column in ours:
            fits[column] = _first(
                {name: f"m.{name}" for name in ("created_at", "updated_at") if name in mapped},
                column,
                "created_at",
            )
    return fits


def _of(mapped: dict[str, str], column: str) -> str:
    return f"m.{q(column)}" if column in mapped else "null::text"


def _first(at: dict[str, str], *names: str) -> str:
    found = list(dict.fromkeys(at[name] for name in names if name in at))
    return f"coalesce({', '.join([*found, 'timestamptz ' + lit('1970-01-01 00:00:00+00')])})"


def _objects(ways: list[Way], remainder: dict[str, Column]) -> dict[str, dict[str, str]]:
    """Pieces of JSON columns; a path of several keys is nested objects, so only the first level is merged here."""
    found: dict[str, dict[str, str]] = {}
    nested: dict[tuple[str, str], dict[str, str]] = {}
    for way in ways:
        if len(way.place.path) == 1:
            found.setdefault(way.place.column, {})[way.place.path[0]] = leaf(way)
        elif way.place.path:
            nested.setdefault((way.place.column, way.place.path[0]), {})[".".join(way.place.path[1:])] = leaf(
                way
            )
    for (column, key), pieces in nested.items():
        found.setdefault(column, {})[key] = f"nullif({json_object(pieces)}, '{{}}')"
    if remainder:
        legacy = {name: to_json(f"{{row}}.{q(name)}", column.type) for name, column in remainder.items()}
        found.setdefault("metadata", {})["legacy"] = f"nullif({json_object(legacy)}, '{{}}')"
    return found


def remainder_in(row: str, column: Column) -> str:
    """A remainder column, from a row of the target."""
    return from_json(f"({row}.metadata #> {json_path('legacy', column.name)})", column.type)

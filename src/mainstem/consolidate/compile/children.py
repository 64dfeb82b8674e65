"""Rows that become parts of their parent: objects in a list, or keys of a run's context."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mainstem.consolidate.compile.catalog import Catalog, Column
from mainstem.consolidate.compile.lens import Place, Way, argument, compile_lens
from mainstem.consolidate.compile.relation import Relation, refuse_unmentioned
from mainstem.consolidate.compile.text import from_json, lit, q
from mainstem.consolidate.mapping import Context, Elements, Mapping
from mainstem.errors import MappingRefused
from mainstem.model import LARGEST_LOG, LONGEST_LOG

LOG_COLUMNS = {"event_id", "event_type", "event_data", "timestamp"}
PARENT = "parent"
"""The key under which an element keeps its run's old key where that is not its step's."""
TABLE = "table"
"""The key under which an element names its old table, where another table's elements are in the same list."""


@dataclass(frozen=True)
class Listed:
    """A table whose rows become objects in lists."""

    table: str
    said: Elements
    old: dict[str, Column]
    ways: dict[str, Way]
    schema: str
    run: Relation
    step: Relation | None
    others: tuple[str, ...] = ()
    """Tables whose elements are in a list with these, in the mapping's order; only the first one's are not marked."""

    @property
    def is_marked(self) -> bool:
        return bool(self.others) and self.others[0] != self.table

    def is_mine(self, element: str) -> str:
        """Whether an element of the list is of this table."""
        if not self.others:
            return "true"
        if self.is_marked:
            return f"{element} ->> {lit(TABLE)} = {lit(self.table)}"
        return f"not {element} ? {lit(TABLE)}"

    @property
    def is_log(self) -> bool:
        """Whether a list of these that is too long can stay in the event log."""
        return (
            self.said.into.run == "events" and {way.place.column for way in self.ways.values()} == LOG_COLUMNS
        )

    def element(self, row: str, run_key: str | None) -> str:
        """A row as an object. `run_key`: the key of the run it stands in, to note a row that says another."""
        always = {
            way.place.column: argument(way) for way in self.ways.values() if not self._may_be_absent(way)
        }
        if self.is_marked:
            always[TABLE] = lit(self.table) + "::text"
        built = (
            "jsonb_build_object(" + ", ".join(f"{lit(key)}, {value}" for key, value in always.items()) + ")"
        )
        for way in self.ways.values():
            if self._may_be_absent(way):
                built += f"\n      || case when {{row}}.{q(way.column)} is null then '{{}}' else jsonb_build_object({lit(way.place.column)}, {argument(way)}) end"
        if run_key is not None:  # nothing is appended to most rows: `||` would copy each
            said = f"{{row}}.{q(self.said.run)}"
            built = f"case when {said} is distinct from {run_key} then jsonb_build_object({lit(PARENT)}, to_jsonb({said})) || {built}\n      else {built} end"
        return built.replace("{row}", row)

    def _may_be_absent(self, way: Way) -> bool:
        """A NULL and JSON's null are two things in a JSON column, and one elsewhere."""
        return way.type == "jsonb" and not self.old[way.column].not_null

    def order(self, row: str) -> str:
        return ", ".join(f"{row}.{q(name)}" for name in self.said.order)

    def elements_of_run(self, run: str) -> str:
        """The list of an old run row that goes by this alias."""
        return self._list(
            f"e.{q(self.said.run)} = {run}.{q(self.run.said.key)} and {self.is_of_run('e')}", None
        )

    def is_of_run(self, row: str) -> str:
        """Whether a row belongs to its run and to no step."""
        if (
            self.said.step
        ):  # said so that no index of steps is taken: every row without one would be looked at for each run
            return f"num_nulls({row}.{q(self.said.step)}) = 1"
        if self.said.number is None or self.step is None:
            return "true"
        return (
            f"not exists (select from {q(self.schema, self.step.table)} s where {self.is_of_step(row, 's')})"
        )

    def is_of_step(self, row: str, step: str) -> str:
        """Whether a row belongs to an old step row that goes by this alias."""
        relation = self._step_relation()
        if self.said.step:
            return f"{row}.{q(self.said.step)} = {step}.{q(relation.said.key)}"
        number = relation.number_column
        return f"{row}.{q(self.said.run)} = {step}.{q(relation.run_column)} and {row}.{q(self.said.number or '')} = {step}.{q(number)}"

    @property
    def has_steps(self) -> bool:
        return self.said.into.step is not None and self.step is not None

    def elements_of_step(self, step: str) -> str:
        relation = self._step_relation()
        return self._list(self.is_of_step("e", step), f"{step}.{q(relation.run_column)}")

    def _list(self, condition: str, run_key: str | None) -> str:
        element = self.element("e", run_key)
        found = f"from {q(self.schema, self.table)} e where {condition}{self.moving('e')}"
        if not self.is_log:
            return f"(select coalesce(jsonb_agg({element} order by {self.order('e')}), '[]') {found})"
        return (
            f"(select case when count(*) > {LONGEST_LOG} or sum(octet_length(e.{q(self._data_column())}::text)) > {LARGEST_LOG} then '[]'\n"
            f"      else coalesce(jsonb_agg({element} order by {self.order('e')}), '[]') end\n      {found})"
        )

    def moving(self, row: str) -> str:
        return f" and ({self.said.where.replace('{row}', row)})" if self.said.where else ""

    def _data_column(self) -> str:
        return next(way.column for way in self.ways.values() if way.place.column == "event_data")

    def column_for(self, key: str) -> str:
        """The old column that stands under this key of an element."""
        return next(way.column for way in self.ways.values() if way.place.column == key)

    def _step_relation(self) -> Relation:
        if self.step is None:
            raise MappingRefused(
                f"tables.{self.table}: no table becomes a step", hint="Leave `step:` out, or map the steps."
            )
        return self.step

    def read(self, column: str, element: str) -> str:
        """The old value of a column, from an element."""
        way = self.ways[column]
        return way.back(from_json(f"({element} -> {lit(way.place.column)})", way.placed_type))


def compile_elements(
    mapping: Mapping, catalog: Catalog, table: str, run: Relation, step: Relation | None
) -> Listed:
    """Raises MappingRefused as `compile_relation` does."""
    said = mapping.tables[table]
    if not isinstance(said, Elements):
        raise TypeError(table)
    old = catalog.old[table]
    refuse_unmentioned(table, said, old)
    if said.key not in said.order:
        raise MappingRefused(
            f"tables.{table}.order: [{', '.join(said.order)}] leaves rows without an order",
            hint=f"End it with the key: {said.key}.",
        )
    anything = {
        lens.to: Column(lens.to, _element_type(old[name], lens.to), not_null=False)
        for name, lens in said.columns.items()
    }
    ways = {name: compile_lens(table, old[name], lens, anything) for name, lens in said.columns.items()}
    for name in said.remainder:
        ways[name] = Way(
            name,
            old[name].type,
            Place(name),
            old[name].type,
            f"{{row}}.{q(name)}",
            lambda at: at,
            loses=False,
        )
    if losing := [way.column for way in ways.values() if way.loses]:
        raise MappingRefused(
            f"tables.{table}.columns.{losing[0]}: its lens may lose something, and an element keeps no original beside it",
            hint="Copy it as it is, or map its values one to one.",
        )
    if taken := [way.column for way in ways.values() if way.place.column in (PARENT, TABLE)]:
        raise MappingRefused(
            f"tables.{table}.columns.{taken[0]}: the key {ways[taken[0]].place.column} of an element is ours",
            hint="Give it another name there.",
        )
    if said.key not in ways:
        raise MappingRefused(
            f"tables.{table}: its key {said.key} has no place in the element",
            hint="Map it: an element carries its own key.",
        )
    return Listed(table, said, old, ways, mapping.old_schema, run, step)


def sharing(lists: list[Listed]) -> list[Listed]:
    """The same, each with the others of its lists. Raises MappingRefused where one of them is the event log."""
    found = []
    for one in lists:
        places = {one.said.into.run, one.said.into.step} - {None}
        others = tuple(other.table for other in lists if places & {other.said.into.run, other.said.into.step})
        if len(others) > 1 and one.is_log:
            raise MappingRefused(
                f"tables.{one.table}.into: {', '.join(others)} go into the same event log",
                hint="Only one table can be a run's events; give the other a key in metadata.",
            )
        found.append(replace(one, others=others) if len(others) > 1 else one)
    return found


def _element_type(column: Column, key: str) -> str:
    return "uuid" if key == "event_id" and column.type in ("bigint", "integer", "smallint") else column.type


@dataclass(frozen=True)
class Keyed:
    """A table whose rows become keys of their run's context."""

    table: str
    said: Context
    old: dict[str, Column]
    schema: str
    run: Relation

    def column_for(self, part: str) -> str | None:
        """The old column that is the key, the value, or one of its times."""
        return next((name for name, lens in self.said.columns.items() if lens.to == part), None)

    def _of_run(self, run: str, value: str) -> str:
        key = q(self.column_for("key") or "")
        return (
            f"(select jsonb_object_agg(c.{key}, {value}) from {q(self.schema, self.table)} c\n"
            f"      where c.{q(self.said.run)} = {run}.{q(self.run.said.key)})"
        )

    def context_of(self, run: str) -> str:
        return self._of_run(run, f"c.{q(self.column_for('value') or '')}")

    def times_of(self, run: str) -> str:
        times = ", ".join(
            f"c.{q(name)}" if (name := self.column_for(part)) else "null"
            for part in ("created_at", "updated_at")
        )
        return self._of_run(run, f"jsonb_build_array({times})")

    def ids_of(self, run: str) -> str:
        return self._of_run(run, f"c.{q(self.said.key)}")


def compile_context(mapping: Mapping, catalog: Catalog, table: str, run: Relation) -> Keyed:
    """Raises MappingRefused when key or value have no column."""
    said = mapping.tables[table]
    if not isinstance(said, Context):
        raise TypeError(table)
    refuse_unmentioned(table, said, catalog.old[table])
    keyed = Keyed(table, said, catalog.old[table], mapping.old_schema, run)
    for part in ("key", "value"):
        if keyed.column_for(part) is None:
            raise MappingRefused(
                f"tables.{table}.columns: no column is the context's {part}", hint=f"Say `COLUMN: {part}`."
            )
    return keyed

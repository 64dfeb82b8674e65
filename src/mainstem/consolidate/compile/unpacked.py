"""Steps that stand in a JSON column of their run: an array of objects, or an object of objects by name.

Each element is taken for an old row whose columns are its keys, as JSON, so that a key that is missing and one that is null stay apart.
The array is put together again from the steps; what it had beside them (elements that are no objects, another spelling, no array at all)
is kept as an original of the column, and given back while the steps still make up what they made up then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from mainstem.consolidate.compile.bundle import Bundle, as_text, compile_piece
from mainstem.consolidate.compile.catalog import Catalog, Column
from mainstem.consolidate.compile.lens import SCHEMA, Place, Way, compile_lens
from mainstem.consolidate.compile.relation import (
    STEP,
    Relation,
    assembled,
    filled,
    refuse_unknown_places,
)
from mainstem.consolidate.compile.text import NATIVE, json_object, listed, lit, q
from mainstem.consolidate.mapping import Constant, Lens, Mapping, Run, SqlDefault, Step, StepsFrom
from mainstem.errors import MappingRefused

KEY, NUMBER, NAME = "#key", "#number", "#name"
"""Columns of an element beside its keys."""
JSONB = "jsonb"


@dataclass(frozen=True)
class Gathered(Way):
    """Steps put together: a value that has no place of its own."""

    gathered: str = ""
    """Over `{row}`, a run of ours."""

    def value_in(self, row: str) -> str:
        return self.gathered.replace("{row}", row)

    def is_still(self, value: str, became: str) -> str:
        return f"{self.mark(value)} is not distinct from ({became})"

    def mark(self, value: str) -> str:
        return f"md5(({value})::text)"


@dataclass(frozen=True)
class Unpacked:
    """The steps of one JSON column."""

    said: StepsFrom
    run: Relation
    step: Relation

    @property
    def table(self) -> str:
        """What stands for an old table where there is none."""
        return self.step.table

    def elements(self, row: str) -> str:
        """Rows of an old run's column, for FROM."""
        held = self._json(row)
        is_named = self.said.name is not None
        kind, opened = ("object", "jsonb_each") if is_named else ("array", "jsonb_array_elements")
        whole = f"{opened}(case when jsonb_typeof({held}) = '{kind}' then {held} end) with ordinality"
        known = ", ".join(map(lit, self._keys())) or ""
        keys = [f"j.value -> {lit(name)} as {q(name)}" for name in self._keys()]
        own = [
            f"{row}.{q(self.run.said.key)}::text || '/' || j.n as {q(KEY)}",
            f"j.n as {q(NUMBER)}",
            *([f"j.name as {q(NAME)}"] if is_named else []),
        ]
        place = lit(f"{self.run.table}.{self.said.column}")
        return (
            f"(select {listed([*own, *keys])}\n  from {whole} j ({'name, ' if is_named else ''}value, n)\n"
            f" where jsonb_typeof(j.value) = 'object'\n   and case when j.value - array[{known}]::text[] = '{{}}' then true"
            f" else {SCHEMA}.unknown_key({place}, j.value, array[{known}]) end)"
        )

    def _json(self, row: str) -> str:
        column = self.run.old[self.said.column]
        value = f"{row}.{q(column.name)}"
        return value if column.type == JSONB else f"{SCHEMA}.json_or_null({value}::text)"

    def _keys(self) -> list[str]:
        return [*self.said.columns, *self.said.remainder]

    def columns(self, row: str, new_id: str) -> dict[str, str]:
        """Column of the target to its expression, over the stages of an element of this old run."""
        found = self.step.columns("e", new_id)
        return {name: expression.replace("{run}", row) for name, expression in found.items()}

    def stages(self, row: str, new_id: str) -> str:
        return self.step.stages("e", new_id).replace("{run}", row)

    def whole(self, steps: str, number: str) -> str:
        """The column's JSON, from rows of steps that go by `s`; `steps` is what follows FROM."""
        pieces = {name: value for name, value in self.step.unfolds("s").items() if name != NAME}
        element = json_object(pieces)
        if self.said.name is not None:
            name = f"coalesce({self.step.ways[NAME].unfold('s')}, s.{number}::text)"
            made = f"jsonb_object_agg({name}, {element} order by s.{number})"
        else:
            made = f"jsonb_agg({element} order by s.{number})"
        empty = "'{}'::jsonb" if self.said.name is not None else "'[]'::jsonb"
        if not self.run.old[self.said.column].not_null:
            empty = "null::jsonb"
        return f"(select coalesce({made}, {empty}) from {steps})"


def unpack(mapping: Mapping, catalog: Catalog, run: Relation, org: str) -> tuple[Relation, Unpacked | None]:
    """The run with its column of steps, and the steps. `org`: the tenant of an old run, over `{row}`."""
    said = run.said.steps_from if isinstance(run.said, Run) else None
    if said is None:
        return run, None
    if steps := mapping.of_kind(Step):
        raise MappingRefused(
            f"tables.{run.table}.steps_from: {', '.join(steps)} becomes steps too",
            hint="A run's steps come from one place: keep the other one as it is, in context or metadata.",
        )
    ours = catalog.ours[STEP]
    unpacked = Unpacked(said, run, _element(mapping, run, said, ours, org))
    bundle = _bundle(unpacked, run.old[said.column])
    return replace(run, bundles=(*run.bundles, bundle)), unpacked


def _element(mapping: Mapping, run: Relation, said: StepsFrom, ours: dict[str, Column], org: str) -> Relation:
    table = f"{run.table}.{said.column}"
    if not {"status"} & {*said.constants, *(lens.to for lens in said.columns.values())}:
        raise MappingRefused(
            f"tables.{run.table}.steps_from: nothing gives a step its status",
            hint="Give it by a key, or say `constants: {status: completed}`.",
        )
    named = {NAME: said.name} if said.name else {}
    step = Step(
        becomes="step",
        key=KEY,
        run=KEY,
        number=NUMBER,
        columns={**said.columns, **named},
        remainder=said.remainder,
        constants=_with_creation(run, said),
    )
    refuse_unknown_places(f"{run.table}.steps_from", step, ours)
    old = {name: Column(name, JSONB, not_null=False) for name in (*said.columns, *said.remainder)}
    old |= {NUMBER: Column(NUMBER, "bigint", not_null=True)}
    ways = {name: _key(table, name, lens, ours) for name, lens in said.columns.items()}
    if said.name:
        ways[NAME] = compile_lens(table, Column(NAME, "text", not_null=False), said.name, ours)
    found = assembled(mapping, table, step, old=old, ours=ours, ways=ways)
    mapped = {"org_id": org.replace("{row}", "{run}"), **found.mapped}
    return replace(found, mapped={**mapped, "org_id": org.replace("{row}", "{run}")})


def _with_creation(run: Relation, said: StepsFrom) -> dict[str, Constant | str | int | bool]:
    """An element that does not say when it was made was made with its run."""
    made = run.mapped.get("created_at")
    if made is None or "created_at" in (lens.to for lens in said.columns.values()):
        return said.constants
    return {"created_at": Constant(sql=made.replace("{row}", "{run}")), **said.constants}


def _key(table: str, name: str, lens: Lens, ours: dict[str, Column]) -> Way:
    """A key of an element: as it is where its place takes JSON, else as the text that it is."""
    place = Place.of(lens.to)
    plain = not any((lens.values, lens.zone, lens.times, lens.scale, lens.json_text, lens.sql))
    if plain and (place.path or ours[place.column].type == JSONB):
        if lens.default is not None and not isinstance(lens.default, SqlDefault):
            lens = lens.model_copy(update={"default": json.dumps(lens.default)})
        return compile_lens(table, Column(name, JSONB, not_null=False), lens, ours)
    piece = compile_piece(table, name, lens, ours, f"({{row}}.{q(name)} #>> '{{}}')")

    def back(at: str) -> str:
        value = piece.back(at)
        if piece.type == "timestamp with time zone":
            return f"to_jsonb(to_char({value} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'))"
        return f"to_jsonb({value if piece.type in NATIVE else as_text(value, piece.type)})"

    return replace(piece, type=JSONB, back=back, loses=True)


def _bundle(unpacked: Unpacked, column: Column) -> Bundle:
    """The column itself: the steps that it would become, put together, and those that there are."""
    new_id = f"mainstem.step_id({{id}}, e.{q(NUMBER)}::integer)"
    columns = unpacked.columns("{row}", new_id)
    out = [f"{expression} as {q(name)}" for name, expression in columns.items()]
    folded = (
        f"(select {listed(out)}\n  from {unpacked.elements('{row}')} e\n{unpacked.stages('{row}', new_id)}) s"
    )
    gathered = Gathered(
        column.name, column.type, Place(""), JSONB, unpacked.whole(folded, "step_number"), lambda at: at,
        loses=True, gathered=unpacked.whole(f"mainstem.{STEP} s where s.run_id = {{row}}.run_id", "step_number"),
    )  # fmt: skip
    back = "{}" if column.type == JSONB else f"({{}})::text::{column.type}"
    return Bundle(column.name, [column], [gathered], lambda values: [back.format(values[0])])


def fold_text(unpacked: Unpacked, old_table: str, key_map: str, of_run: str) -> str:
    """`_root`, then the columns of a step, of each element of each old run."""
    new_id = f"mainstem.step_id(k.new_id, e.{q(NUMBER)}::integer)"
    out = [f"{expression} as {q(name)}" for name, expression in unpacked.columns("p", new_id).items()]
    key = q(unpacked.run.said.key)
    where = f"\n where {filled(unpacked.run.said.where, 'p', '')}" if unpacked.run.said.where else ""
    return (
        f"select p.{key} as _root,\n  {listed(out)}\n  from {old_table} p\n"
        f"  join {key_map} k on {of_run} and k.old_key = p.{key}::text\n"
        f" cross join lateral {unpacked.elements('p')} e\n{unpacked.stages('p', new_id)}{where}"
    )


def step_columns(unpacked: Unpacked) -> list[str]:
    """Columns of ours that an element fills."""
    return list(unpacked.columns("p", "k.new_id"))


def ids_of_steps(unpacked: Unpacked, system: str, old_table: str, of_run: str, keys: str) -> list[str]:
    """Statements that give elements their ids: those of elements that are gone go first."""
    key, table = q(unpacked.run.said.key), lit(unpacked.table)
    where = f" and ({filled(unpacked.run.said.where, 'p', '')})" if unpacked.run.said.where else ""
    runs = f"from {old_table} p join mainstem_consolidation.consolidation_id k on {of_run} and k.old_key = p.{key}::text where p.{key} = any({keys}){where}"
    numbers = f"from {old_table} p join mainstem_consolidation.consolidation_id k on {of_run} and k.old_key = p.{key}::text cross join lateral {unpacked.elements('p')} e"
    return [
        (
            f"delete from mainstem_consolidation.consolidation_id d using (select k.new_id {runs}) r\n"
            f" where d.source = {lit(system)} and d.old_table = {table} and d.new_id > r.new_id and d.new_id <= mainstem.step_id(r.new_id, 16777215)"
        ),
        (
            f"insert into mainstem_consolidation.consolidation_id (source, old_table, old_key, new_id)\n"
            f"select {lit(system)}, {table}, e.{q(KEY)}, mainstem.step_id(k.new_id, e.{q(NUMBER)}::integer) {numbers}\n"
            f" where p.{key} = any({keys}){where}\n    on conflict do nothing"
        ),
    ]

"""Tables that stay, without the columns that tracked their runs.

At the cut-over such a table goes behind a view of its name: what its expression says is read from the runs, and everything else is the table
itself, with the rights and the row policies of whoever asks. Its columns are all there, and written as before, until `finish` drops them.
"""

from __future__ import annotations

from dataclasses import dataclass

from mainstem.consolidate.compile.catalog import Catalog, Column
from mainstem.consolidate.compile.text import listed, q
from mainstem.consolidate.mapping import Derived, Mapping, Stays
from mainstem.errors import MappingRefused

OPENING = "language plpgsql set search_path = pg_catalog, pg_temp as $$"


@dataclass(frozen=True)
class Thinned:
    """One table that stays, and what goes from it."""

    table: str
    said: Stays
    key: list[str]
    old: dict[str, Column]
    old_schema: str
    work_schema: str

    @property
    def aside(self) -> str:
        """Where the table is once a view has its name."""
        return q(self.work_schema, self.table)

    @property
    def kept(self) -> list[Column]:
        return [column for column in self.old.values() if column.name not in self.said.without]

    def view(self) -> str:
        """`now_TABLE`, and what its columns and its writes go by."""
        name = q(self.work_schema, f"now_{self.table}")
        functions = "".join(
            self._function(self.old[column], said)
            for column, said in self.said.without.items()
            if isinstance(said, Derived)
        )
        defaults = "".join(
            f"alter view {name} alter column {q(column.name)} set default {column.default};\n"
            for column in self.old.values()
            if column.default and not column.is_generated
        )
        text = self._select(name, q(self.old_schema, self.table), is_finished=False)
        return f"{functions}{text}{defaults}{self._triggers(name, is_finished=False)}"

    def dropping(self) -> list[str]:
        """Statements of the end: the view reads nothing that goes, then the columns go."""
        name = q(self.old_schema, self.table)
        gone = ", ".join(f"drop column {q(column)} restrict" for column in self.said.without)
        return [
            self._select(name, self.aside, is_finished=True),
            self._triggers(name, is_finished=True),
            f"alter table {self.aside} {gone}",
        ]

    def _select(self, name: str, source: str, *, is_finished: bool) -> str:
        out = [self._shown(column, is_finished=is_finished) for column in self.old.values()]
        return f"create or replace view {name} with (security_invoker = true) as\nselect {listed(out)}\n  from {source} o;\n"

    def _shown(self, column: Column, *, is_finished: bool) -> str:
        said = self.said.without.get(column.name)
        if isinstance(said, Derived):
            return f"{self._called(column)}(o) as {q(column.name)}"
        if said is not None and is_finished:
            return f"null::{column.type} as {q(column.name)}"
        return f"o.{q(column.name)}"

    def _called(self, column: Column) -> str:
        return q(self.work_schema, f"{self.table}.{column.name}")

    def granted(self, role: str) -> list[str]:
        """What a role that reads the table needs to read the view, and no other has."""
        functions = [
            self._called(self.old[column])
            for column, said in self.said.without.items()
            if isinstance(said, Derived)
        ]
        return [f"grant execute on function {function} to {role}" for function in functions]

    def _function(self, column: Column, said: Derived) -> str:
        """It sees every run, whatever the row policies of ours: who asks has the row of his own that it is about."""
        function = f"{self._called(column)}(old_row {q(self.old_schema, self.table)})"
        return (
            f"create or replace function {function} returns {column.type}\n"
            "language sql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$\n"
            f"  select ({said.sql.replace('{row}', 'old_row')})::{column.type}\n$$;\n"
            f"alter function {function} owner to mainstem_owner;\nrevoke execute on function {function} from public;\n"
        )

    def _triggers(self, name: str, *, is_finished: bool) -> str:
        there = self.kept if is_finished else list(self.old.values())
        written = [column for column in there if not column.is_generated]
        known = " and ".join(f"t.{q(column)} = old.{q(column)}" for column in self.key)
        back = ", ".join(f"t.{q(column.name)}" for column in self.kept)
        into = ", ".join(f"new.{q(column.name)}" for column in self.kept)
        changed = ", ".join(self._assigned(column) for column in written)
        names = ", ".join(q(column.name) for column in written)
        values = ", ".join(f"new.{q(column.name)}" for column in written)
        bodies = {
            "insert": f"  insert into {self.aside} as t ({names}) overriding system value values ({values}) returning {back} into {into};\n  return new;\n",
            "update": f"  update {self.aside} t set {changed} where {known} returning {back} into {into};\n  return case when found then new end;\n",
            "delete": f"  delete from {self.aside} t where {known};\n  return case when found then old end;\n",
        }
        return "".join(self._trigger(name, event, body) for event, body in bodies.items())

    def _assigned(self, column: Column) -> str:
        """What the view derives is written only where the statement says another value."""
        name = q(column.name)
        if column.name not in self.said.without:
            return f"{name} = new.{name}"
        return f"{name} = case when new.{name} is distinct from old.{name} then new.{name} else t.{name} end"

    def _trigger(self, name: str, event: str, body: str) -> str:
        function = q(self.work_schema, f"{event}_{self.table}")
        return (
            f"create or replace function {function}() returns trigger\n{OPENING}\nbegin\n{body}end $$;\n"
            f"create or replace trigger {q(event)} instead of {event} on {name} for each row execute function {function}();\n"
        )


def thinned_tables(mapping: Mapping, catalog: Catalog) -> list[Thinned]:
    """Raises MappingRefused for a column that is not there, the key, or one that no row could be written without."""
    found = []
    for name, said in mapping.of_kind(Stays).items():
        if said.without:
            old, key = catalog.old[name], catalog.old_keys.get(name, [])
            _refuse(mapping, name, said, old, key)
            found.append(Thinned(name, said, key, old, mapping.old_schema, mapping.work_schema))
    return found


def _refuse(mapping: Mapping, table: str, said: Stays, old: dict[str, Column], key: list[str]) -> None:
    place = f"tables.{table}.without"
    if mapping.source.kind != "postgres":
        raise MappingRefused(
            f"{place}: the table stays in another database",
            hint="Only tables beside the ledger can lose columns: drop them there yourself.",
        )
    if not key:
        raise MappingRefused(
            f"{place}: the table has no primary key", hint="Give it one, or keep its columns."
        )
    mirrored = {*said.mirror.columns} if said.mirror else set()
    for column in said.without:
        if column not in old:
            raise MappingRefused(
                f"{place}: there is no column {column}", hint=f"There are: {', '.join(old)}."
            )
        if column in key or column in mirrored:
            why = "is its key" if column in key else "is mirrored"
            raise MappingRefused(f"{place}.{column}: the column {why}", hint="Keep it.")

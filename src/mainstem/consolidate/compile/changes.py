"""Triggers that note what changed: roots of the old tables before the cut-over, runs of ours after it."""

from __future__ import annotations

from mainstem.consolidate.compile.catalog import Catalog
from mainstem.consolidate.compile.children import Keyed, Listed
from mainstem.consolidate.compile.relation import RUN, STEP, Relation
from mainstem.consolidate.compile.rows import adoption
from mainstem.consolidate.compile.text import lit, q
from mainstem.consolidate.compile.views import IDS, Whole
from mainstem.consolidate.mapping import Constant, Mapping, Mirror, SqlDefault

COPYING = "mainstem_consolidation.copying"
"""Setting of a copy's own transactions: the system whose rows have their old ids already, so that no row need be asked."""
EVENTS = ("insert", "update", "delete")
_WAY_BACK = "= 'cut_over'"
_FROM_NOW_ON = "in ('cut_over', 'finished')"
_TABLES = {"insert": "new table as n", "update": "new table as n old table as o", "delete": "old table as o"}
_ROWS = {"insert": ("n",), "update": ("n", "o"), "delete": ("o",)}


def log_triggers(whole: Whole) -> dict[str, str]:
    """Old table to the text of its triggers. One table a transaction: each takes SHARE ROW EXCLUSIVE."""
    texts = {
        relation.table: _note(whole, relation.table, relation.table, {"": q(relation.said.key)})
        for relation in whole.roots()
    }
    if whole.run and whole.step:
        texts[whole.step.table] = _note(
            whole, whole.step.table, whole.run.table, {"": q(whole.step.run_column)}
        )
    children: list[Listed | Keyed] = [*whole.lists, *whole.contexts]
    for child in children:
        texts[child.table] = _note(whole, child.table, child.run.table, _roots_of(whole, child))
    return texts


def _roots_of(whole: Whole, child: Listed | Keyed) -> dict[str, str]:
    """Joins after the changed rows, each with the root's column: an element belongs where its step is, too."""
    roots = {"": q(child.said.run)}
    if isinstance(child, Listed) and child.said.step and child.step:
        step = child.step
        join = f" join {q(whole.old_schema, step.table)} s on s.{q(step.said.key)} = x.{q(child.said.step)}"
        roots[join] = f"s.{q(step.run_column)}"
    return roots


def _note(whole: Whole, table: str, root_table: str, roots: dict[str, str]) -> str:
    texts = []
    for event in EVENTS:
        found = " union ".join(
            f"select {root if '.' in root else 'x.' + root}::text from {row} x{join}"
            for row in _ROWS[event]
            for join, root in roots.items()
        )
        function = q(whole.work_schema, f"note_{event}_{table}")
        texts.append(
            f"create or replace function {function}() returns trigger language plpgsql security definer set search_path = pg_catalog as $$\n"
            f"begin\n  insert into mainstem_consolidation.dirty (source, old_table, root)\n"
            f"  select {lit(whole.system)}, {lit(root_table)}, r.root from ({found}) r (root) where r.root is not null;\n  return null;\nend $$;\n"
            f"create or replace trigger {q(trigger_name(event))} after {event} on {q(whole.old_schema, table)}\n"
            f"  referencing {_TABLES[event]} for each statement execute function {function}();\n"
            f"alter table {q(whole.old_schema, table)} enable always trigger {q(trigger_name(event))};\n"
        )
    function = q(whole.work_schema, f"refuse_truncate_{table}")
    texts.append(
        f"create or replace function {function}() returns trigger language plpgsql as $$\nbegin\n"
        f"  raise exception using errcode = 'MS403', message = {lit(f'{table} is being consolidated: TRUNCATE is refused')},\n"
        f"    hint = 'Use DELETE, or roll the consolidation back first.';\nend $$;\n"
        f"create or replace trigger {q(trigger_name('truncate'))} before truncate on {q(whole.old_schema, table)}\n"
        f"  for each statement execute function {function}();\n"
        f"alter table {q(whole.old_schema, table)} enable always trigger {q(trigger_name('truncate'))};\n"
    )
    return "".join(texts)


def trigger_name(event: str) -> str:
    return f"mainstem_consolidation_{event}"


def drop_log_triggers(whole: Whole, table: str) -> str:
    return "".join(
        f"drop trigger if exists {q(trigger_name(event))} on {q(whole.old_schema, table)};\n"
        for event in (*EVENTS, "truncate")
    )


def mirror(mapping: Mapping, catalog: Catalog, table: str, said: Mirror, key: list[str]) -> tuple[str, str]:
    """The function and trigger that keep our row in step with theirs, and the statement that brings in what is there."""
    one, every = q(mapping.work_schema, f"mirror_row_{table}"), q(mapping.work_schema, f"mirror_{table}")
    opening = (
        "language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$"
    )
    installed = (
        f"create or replace function {one}(old_row {q(mapping.old_schema, table)}) returns void {opening}\nbegin\n{_mirrored(mapping, catalog, table, said, key)}end $$;\n"
        f"revoke execute on function {one}({q(mapping.old_schema, table)}) from public;\n"
        f"create or replace function {every}() returns trigger {opening}\nbegin\n  perform {one}(new);\n  return null;\nend $$;\n"
        f"create or replace trigger {q(trigger_name('mirror'))} after insert or update on {q(mapping.old_schema, table)}\n"
        f"  for each row execute function {every}();\n"
        f"alter table {q(mapping.old_schema, table)} enable always trigger {q(trigger_name('mirror'))};\n"
    )
    if said.gone:
        installed += _gone(mapping, table, said.gone, opening)
    return installed, f"select {one}(o) from {q(mapping.old_schema, table)} o"


def _gone(mapping: Mapping, table: str, statements: list[str], opening: str) -> str:
    """Before the switch the foreign keys have done it already."""
    function = q(mapping.work_schema, f"mirror_gone_{table}")
    body = "".join(f"  {text.replace('{row}', 'old')};\n" for text in statements)
    trigger, on = q(trigger_name("mirror_gone")), q(mapping.old_schema, table)
    return (
        f"create or replace function {function}() returns trigger {opening}\nbegin\n{body}  return null;\nend $$;\n"
        f"create or replace trigger {trigger} after delete on {on} for each row execute function {function}();\n"
        f"alter table {on} enable always trigger {trigger};\n"
    )


def _mirrored(mapping: Mapping, catalog: Catalog, table: str, said: Mirror, key: list[str]) -> str:
    values = _mirrored_values(catalog, said)
    conflict = catalog.our_keys[said.into]
    changed = ", ".join(f"{q(name)} = excluded.{q(name)}" for name in values if name not in conflict)
    kept = (
        "jsonb_build_array(" + ", ".join(f"old_row.{q(name)}" for name in key) + ")::text"
        if len(key) > 1
        else f"old_row.{q(key[0])}::text"
    )
    text = ""
    for held in said.quarantine:
        text += (
            f"  if {_over_row(held.when)} then\n"
            f"    insert into mainstem_consolidation.quarantine (source, old_table, old_key, root, old_row, reason)\n"
            f"    values ({lit(mapping.system)}, {lit(table)}, {kept}, '', to_jsonb(old_row), {lit(held.because)})\n"
            f"        on conflict (source, old_table, old_key) do update set old_row = excluded.old_row, reason = excluded.reason;\n    return;\n  end if;\n"
        )
    text += (
        f"  insert into mainstem.{q(said.into)} ({', '.join(map(q, values))})\n  values ({', '.join(values.values())})\n"
        f"  on conflict ({', '.join(map(q, conflict))}) do {f'update set {changed}' if changed else 'nothing'};\n"
    )
    text += "".join(f"  {_over_row(statement)};\n" for statement in said.after)
    if said.into == "user_workflow":
        text += (
            "  insert into mainstem_consolidation.workflow_of (source, org_id, workflow_id)\n"
            f"  values ({lit(mapping.system)}, {values['org_id']}, {values['workflow_id']}) on conflict do nothing;\n"
        )
    return text


def _mirrored_values(catalog: Catalog, said: Mirror) -> dict[str, str]:
    values: dict[str, str] = {}
    objects: dict[str, list[str]] = {}
    for name, lens in said.columns.items():
        value = f"old_row.{q(name)}"
        column, _, key = lens.to.partition(".")
        if lens.sql:
            value = "(" + lens.sql["fold"].replace("{value}", value) + ")"
        if key:
            objects.setdefault(column, []).append(f"{lit(key)}, {value}")
            continue
        value = f"({value})::{catalog.ours[said.into][column].type}"
        if lens.default is not None:
            default = lens.default.sql if isinstance(lens.default, SqlDefault) else lit(str(lens.default))
            value = f"coalesce({value}, {default})"
        values[column] = value
    values |= {column: f"jsonb_build_object({', '.join(pairs)})" for column, pairs in objects.items()}
    for name, constant in said.constants.items():
        said_so = constant.sql if isinstance(constant, Constant) else None
        values[name] = f"({said_so or lit(str(constant))})::{catalog.ours[said.into][name].type}"
    return {name: _over_row(value) for name, value in values.items()}


def _over_row(text: str) -> str:
    return text.replace("{row}", "old_row")


def since_triggers(whole: Whole) -> dict[str, str]:
    """Table of ours to its triggers, which act from the cut-over on: each change of a run is noted, a new run of an old workflow gets an old id.

    They are made with the views, one table a transaction, so that the switch takes no lock on what engines write.
    """
    texts = {table: _note_since(whole, table, column) for table, column in _ours(whole)}
    for table, text in id_triggers(whole).items():
        texts[table] += text
    return texts


def _is_on(whole: Whole) -> str:
    return f"exists (select from mainstem_consolidation.plan p where p.source = {lit(whole.system)} and p.phase {{phases}})"


def _ours(whole: Whole) -> list[tuple[str, str]]:
    runs = [
        (RUN, "run_id"),
        (STEP, "run_id"),
        ("user_workflow_event", "run_id"),
        ("user_workflow_run_context", "run_id"),
    ]
    rows = sorted({(relation.target, relation.said.columns[relation.said.key].to) for relation in whole.rows})
    return [*(runs if whole.run else []), *rows]


def _note_since(whole: Whole, table: str, column: str) -> str:
    texts = []
    for event in EVENTS:
        found = " union ".join(f"select x.{q(column)} from {row} x" for row in _ROWS[event])
        function = q(whole.work_schema, f"since_{event}_{table}")
        texts.append(
            f"create or replace function {function}() returns trigger language plpgsql security definer set search_path = pg_catalog as $$\n"
            f"begin\n  if {_is_on(whole).format(phases=_WAY_BACK)} then\n"
            f"    insert into mainstem_consolidation.written_since (source, new_id)\n"
            f"    select {lit(whole.system)}, c.id from ({found}) c (id)\n"
            f"     where exists (select from {IDS} k where k.new_id = c.id and k.source = {lit(whole.system)});\n  end if;\n  return null;\nend $$;\n"
            f"alter function {function}() owner to mainstem_owner;\n"
            f"create or replace trigger {q(since_name(whole, event))} after {event} on mainstem.{q(table)}\n"
            f"  referencing {_TABLES[event]} for each statement execute function {function}();\n"
        )
    return "".join(texts)


def since_name(whole: Whole, event: str) -> str:
    return f"consolidation_{whole.system}_{event}"


def drop_since_triggers(whole: Whole) -> dict[str, str]:
    """Table of ours to the text that takes its triggers away."""
    events = (*EVENTS, "id")
    adopting = [(one.target, f"id_{one.table}") for one in whole.rows]
    return {
        table: "".join(
            f"drop trigger if exists {q(since_name(whole, event))} on mainstem.{q(table)};\n"
            for event in (*events, *(event for target, event in adopting if target == table))
        )
        for table, _ in _ours(whole)
    }


def id_triggers(whole: Whole) -> dict[str, str]:
    return _row_triggers(whole) | _run_triggers(whole)


def _row_triggers(whole: Whole) -> dict[str, str]:
    """Rows that new code writes under several old names: a trigger for each, and the first that adopts one keeps it."""
    texts: dict[str, str] = {}
    for relation in whole.rows:
        if body := adoption(whole, relation, is_on=_is_on(whole).format(phases=_FROM_NOW_ON)):
            function = q(whole.work_schema, f"old_id_{relation.table}")
            texts[relation.target] = texts.get(relation.target, "") + (
                f"create or replace function {function}() returns trigger language plpgsql security definer as $$\ndeclare\n  prior uuid;\n  taken text;\nbegin\n"
                f"{body}  return new;\nend $$;\nalter function {function}() set search_path = pg_catalog, pg_temp;\n"
                f"alter function {function}() owner to mainstem_owner;\n"
                f"create or replace trigger {q(since_name(whole, f'id_{relation.table}'))} before insert on mainstem.{q(relation.target)}\n"
                f"  for each row execute function {function}();\n"
            )
    return texts


def _run_triggers(whole: Whole) -> dict[str, str]:
    if whole.run is None:
        return {}
    of_workflow = f"select from mainstem_consolidation.workflow_of v where v.source = {lit(whole.system)} and v.workflow_id = new.workflow_id"
    texts = {RUN: _id_trigger(whole, whole.run, of_workflow)}
    if whole.step:
        of_run = f"select from {IDS} k where k.new_id = new.run_id and {whole.ids_of('k', whole.run.table)}"
        texts[STEP] = _id_trigger(whole, whole.step, of_run)
    if whole.unpacked:
        texts[STEP] = _unpacked_id_trigger(whole, whole.unpacked.table, whole.run.table)
    return texts


def _unpacked_id_trigger(whole: Whole, table: str, run_table: str) -> str:
    """An element's key is its run's, and its number."""
    function = q(whole.work_schema, f"old_id_{table}")
    return (
        f"create or replace function {function}() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$\nbegin\n"
        f"  if {_is_on(whole).format(phases=_FROM_NOW_ON)} then\n    insert into {IDS} (source, old_table, old_key, new_id)\n"
        f"    select {lit(whole.system)}, {lit(table)}, k.old_key || '/' || new.step_number, new.step_id\n"
        f"      from {IDS} k where k.new_id = new.run_id and {whole.ids_of('k', run_table)}\n        on conflict do nothing;\n  end if;\n  return new;\nend $$;\n"
        f"alter function {function}() owner to mainstem_owner;\n"
        f"create or replace trigger {q(since_name(whole, 'id'))} before insert on mainstem.{STEP}\n"
        f"  for each row when (current_setting({lit(COPYING)}, true) is distinct from {lit(whole.system)}) execute function {function}();\n"
    )


def _id_trigger(whole: Whole, relation: Relation, seen: str) -> str:
    new_id = "new.run_id" if relation is whole.run else "new.step_id"
    legacy = next(
        (lens.to for name, lens in relation.said.columns.items() if name == relation.said.key), None
    )
    function = q(whole.work_schema, f"old_id_{relation.table}")
    number = relation.key.default or "null"
    body = (
        f"  if {_is_on(whole).format(phases=_FROM_NOW_ON)}\n     and exists ({seen})\n     and not exists (select from {IDS} k where k.new_id = {new_id}) then\n"
        f"    number := {number};\n    insert into {IDS} (source, old_table, old_key, new_id)\n"
        f"    values ({lit(whole.system)}, {lit(relation.table)}, number::text, {new_id});\n"
        + (f"    new.{q(legacy)} := number;\n" if legacy else "")
        + "  end if;\n"
    )
    return (
        f"create or replace function {function}() returns trigger language plpgsql security definer as $$\ndeclare\n  number {relation.key.type};\nbegin\n"
        f"{body}  return new;\nend $$;\nalter function {function}() set search_path = {q(whole.old_schema)}, pg_catalog, pg_temp;\n"
        f"alter function {function}() owner to mainstem_owner;\n"
        f"create or replace trigger {q(since_name(whole, 'id'))} before insert on mainstem.{q(relation.target)}\n"
        f"  for each row when (current_setting({lit(COPYING)}, true) is distinct from {lit(whole.system)}) execute function {function}();\n"
    )

"""What stands round the rows: policies, sizes, sequences, views in their place, code nobody sees: D13, D17, D24 to D28."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.lint.catalog import NAME, Name
from mainstem.consolidate.lint.expressions import correlations
from mainstem.consolidate.lint.findings import Hit, Severity, Sight, asks, rule
from mainstem.consolidate.lint.live.counts import NO_DATABASE, Count
from mainstem.consolidate.lint.live.dependants import furnished
from mainstem.consolidate.lint.live.postgres import column as quoted_column
from mainstem.consolidate.lint.script import Script, Swap
from mainstem.consolidate.lint.statements import Statement
from mainstem.consolidate.lint.tokens import Kind

LIVE = (Sight.TEXT, Sight.LIVE)
LONGEST_LIST = 10_000
LARGEST_LIST = 1 << 20
JSONB_LIMIT = 268_435_455

D13 = rule(
    "D13",
    "Row level security hides rows from the copy",
    why="A role that is subject to a policy copies the rows it sees, and nothing says that there are others.",
    remedy="SET row_security = off first: then hidden rows are an error, as pg_dump has it.",
    looks_at=LIVE,
    blind="Without a database it does not know whether there are policies.",
)
D17 = rule(
    "D17",
    "A folded list that grows without bound",
    why="jsonb holds at most 268,435,455 bytes, and appending to a folded list writes the whole row anew: quadratic.",
    remedy="Keep append-only logs in a table of their own; fold only what is over, and within a limit.",
    looks_at=LIVE,
    blind="Without a database it knows no sizes, and sees only statements that append.",
)
D24 = rule(
    "D24",
    "A sequence that is behind its rows",
    why="Rows with given ids do not move the sequence; the next insert collides, or an old id is given again.",
    remedy="select setval(pg_get_serial_sequence('t', 'id'), (select max(id) from t)) in the same transaction.",
    looks_at=LIVE,
)
D25 = rule(
    "D25",
    "Values for columns that make their own",
    why="An identity ALWAYS column refuses values, or with OVERRIDING USER VALUE drops them; a generated one takes none.",
    remedy="OVERRIDING SYSTEM VALUE to keep old ids; leave generated columns out.",
    looks_at=LIVE,
    severity=Severity.ERROR,
    blind="Only where the table's definition is known.",
)
D26 = rule(
    "D26",
    "Rows that old readers no longer see, or cannot read",
    why="A view in the old table's place with a filter hides what new code writes; a cast to the old enum fails on a new value, for every reader.",
    remedy="No filter; a CHECK that keeps the old domain until the old code is gone, or a view that maps every value.",
    looks_at=LIVE,
)
D27 = rule(
    "D27",
    "Code that cannot be seen into",
    why="What a DO block, a called function or EXECUTE does is decided when it runs; no reader of the text can vouch for it.",
    remedy="Write plain statements; or note what it does: -- mainstem: writes table x, or -- mainstem: allow D27 because …",
    severity=Severity.ERROR,
    blind="The statements that stand in a DO block are looked at as far as they can be told; what EXECUTE puts together is not.",
)
D28 = rule(
    "D28",
    "What belongs to the old table does not come along",
    why="Grants, comments, policies, publications, replica identity and statistics belong to the table, not to its name.",
    remedy="Grant, comment and publish anew on what takes the name, in the same transaction.",
    looks_at=LIVE,
)


@asks(D13, Sight.SCRIPT)
def hidden_rows(script: Script) -> Iterator[Hit]:
    for move in script.moves():
        if script.dialect is Dialect.SQLITE or script.has_set("row_security", move.statement, "off|false|0"):
            return
        names = {
            source.name for query in move.every_query for source in query.sources if source.name is not None
        }
        read = sorted((name for name in names if not script.makes(name)), key=str)
        if script.postgres is None and read:
            yield Hit(
                "row_security is not switched off: a policy would hide rows from this copy",
                move.statement.line,
            )
            return
        for name in read:
            yield from _policies(script, name, move.statement.line)


def _policies(script: Script, name: Name, line: int) -> Iterator[Hit]:
    oid = script.postgres.oid(name) if script.postgres is not None else None
    if oid is None or script.postgres is None:
        return
    [(has_policies, is_subject)] = script.postgres.ask(
        "select c.relrowsecurity, c.relrowsecurity and not r.rolsuper and not r.rolbypassrls "
        "and (c.relforcerowsecurity or not pg_has_role(c.relowner, 'usage')) "
        "from pg_class c, pg_roles r where c.oid = %s and r.rolname = current_user",
        [oid],
    )
    if has_policies:
        told = "hides rows from this login" if is_subject else "would hide rows from a login it applies to"
        yield Hit(
            f"{name} has row level security, which {told}",
            line,
            str(name),
            severity=Severity.ERROR if is_subject else None,
        )


@asks(D17)
def grows(statement: Statement, script: Script) -> Iterator[Hit]:
    found = statement.search(
        rf"\bset (?:{NAME} = .* , )?({NAME}) = (?:coalesce \( )?(?:\w+\.)?(\w+)(?: , '' (?::: jsonb )?\))? \|\|"
    )
    is_same = found is not None and Name.of(found.group(1)).name == found.group(2)
    if found is not None and is_same and statement.begins("update "):
        yield Hit(
            f"appends to {found.group(2)}: each time the whole row is written anew", object=found.group(2)
        )
    move = script.move(statement)
    for query in (
        move.every_query if move is not None and move.keeps_rows and script.postgres is not None else ()
    ):
        for link in correlations(query) if query.aggregates else ():
            if link.child.name is not None:
                yield from _sizes(script, link.child.name, link.child_column, query.span.line)


def _sizes(script: Script, child: Name, by: str, line: int) -> Iterator[Hit]:
    table, key = script.live_table(child), quoted_column(by)
    if table is None:
        return
    lists = f"select count(*) n, sum(octet_length(c::text)) b from {script.sql_name(table.name)} c where {key} is not null group by {key}"
    longest = script.count(f"select coalesce(max(n), 0) from ({lists}) l")
    largest = script.count(f"select coalesce(max(b), 0) from ({lists}) l")
    if (longest.rows or 0) > LONGEST_LIST or (largest.rows or 0) > LARGEST_LIST:
        yield Hit(
            f"one list of {child} has {longest.rows} elements, one {largest.rows} bytes",
            line,
            str(child),
            longest.rows,
            Severity.ERROR if (largest.rows or 0) > JSONB_LIMIT // 2 else None,
        )


@asks(D24)
def sequence_behind(statement: Statement, script: Script) -> Iterator[Hit]:
    if found := statement.search(
        r"^alter sequence .*\brestart\b|^alter table .*\brestart\b|^truncate .*\brestart identity\b"
    ):
        yield from _restarted(statement, script, found.group())
    found = statement.begins(rf"insert into (?P<table>{NAME})(?: as \w+)? \( (?P<columns>[^()]*) \)")
    table = script.table(Name.of(found["table"])) if found else None
    if (
        table is None
        or found is None
        or any("setval" in each.plain or " restart " in each.plain for each in script.after(statement))
    ):
        return
    given = {Name.of(name).name for name in found["columns"].split(" , ")}
    counted = [
        column.name
        for column in table.columns.values()
        if column.generated in ("sequence", "identity", "identity-always")
    ]
    for name in (name for name in counted if name in given):
        yield Hit(
            f"{table.name}.{name} gets given values, and its sequence is not moved",
            object=f"{table.name}.{name}",
        )


def _restarted(statement: Statement, script: Script, said: str) -> Iterator[Hit]:
    count = NO_DATABASE
    named = re.match(rf"alter sequence (?:if exists )?({NAME}) restart(?: with)?", said)
    number = next(
        (int(token.value) for token in reversed(statement.span.tokens) if token.kind is Kind.NUMBER), 1
    )
    if named and script.postgres is not None:
        count = _owned_maximum(script, Name.of(named.group(1)))
        if count.rows is not None and count.rows < number:
            return
    told = "" if count.rows is None else f", and {count.rows} is taken"
    yield Hit(
        f"the sequence starts again at {number}{told}{count.told}",
        rows=None,
        severity=Severity.ERROR if count.rows else None,
    )


def _owned_maximum(script: Script, sequence: Name) -> Count:
    """The greatest value in the column that a sequence numbers."""
    if script.postgres is None:
        return NO_DATABASE
    found = script.postgres.ask(
        "select n.nspname::text, t.relname::text, a.attname::text from pg_class s "
        "join pg_depend d on d.objid = s.oid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0 "
        "join pg_class t on t.oid = d.refobjid join pg_namespace n on n.oid = t.relnamespace "
        "join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid where s.relkind = 'S' and s.relname = %s",
        [sequence.name],
    )
    if not found:
        return Count(None, f"no column owns {sequence}")
    schema, table, column = found[0]
    return script.count(
        f"select coalesce(max({quoted_column(column)}), 0) from {script.sql_name(Name(table, schema))}"
    )


@asks(D25)
def made_by_itself(statement: Statement, script: Script) -> Iterator[Hit]:
    found = statement.search(
        rf"\binsert into (?P<table>{NAME})(?: as \w+)? \( (?P<columns>[^()]*) \)(?P<overriding> overriding (?:system|user) value)?"
    )
    table = script.table(Name.of(found["table"])) if found else None
    if found is None or table is None:
        return
    overriding = (found["overriding"] or "").split()[1:2]
    for said in found["columns"].split(" , "):
        column = table.columns.get(Name.of(said).name)
        if column is None:
            continue
        if column.generated in ("stored", "virtual"):
            yield Hit(
                f"{table.name}.{column.name} is generated and takes no value",
                object=f"{table.name}.{column.name}",
            )
        elif column.generated == "identity-always" and overriding != ["system"]:
            what = "drops the values" if overriding else "refuses values"
            yield Hit(
                f"{table.name}.{column.name} is an identity, always: it {what}",
                object=f"{table.name}.{column.name}",
            )


@asks(D26)
def unseen_by_old_readers(statement: Statement, script: Script) -> Iterator[Hit]:
    move = script.move(statement)
    if move is None or move.kind != "view":
        return
    swapped = any(swap.taken is statement for swap in script.swaps)
    live = script.live_table(move.target)
    is_old_name = swapped or (live is not None and live.kind == "table")
    for query in move.queries:
        is_legacy = re.search(r"\blegacy_\w+ is not null", query.where.plain)
        if query.where and (is_old_name or is_legacy):
            yield Hit(
                f"{move.target} shows only rows WHERE {' '.join(query.where.text.split())[:80]}",
                query.where.line,
                str(move.target),
                severity=Severity.ERROR if is_old_name else None,
            )
        if inner := [each for each in query.sources[1:] if each.join in ("inner", "cross") and is_old_name]:
            yield Hit(
                f"{move.target} shows only rows that have a {inner[0].name or inner[0].alias}",
                query.span.line,
                str(move.target),
            )
        for said, type_ in (
            re.findall(rf"({NAME}) :: ({NAME})", query.clause("select").plain) if is_old_name else ()
        ):
            if "." in type_ or re.search(r"(status|state|kind|type|channel|level|enum)$", type_):
                yield Hit(
                    f"{said}::{type_} fails for every reader once a value is new",
                    query.span.line,
                    str(move.target),
                )


_OPAQUE = re.compile(r"(?P<what>do|call|execute) ")
_CALLED = re.compile(rf"select (?:\* from )?(?P<name>{NAME}) \(")
_MADE = re.compile(rf"create (?:or replace )?(?:function|procedure) (?P<name>{NAME}) \(")


@asks(D27)
def opaque(statement: Statement, script: Script) -> Iterator[Hit]:
    """A block whose author noted which tables it reads and writes is held to that note instead."""
    if statement.span[0].kind is Kind.META:
        yield from (
            [Hit(f"\\{statement.span[0].value} runs what is not here")]
            if re.match(r"i[r ]|include|gexec|copy|!", statement.span[0].value)
            else []
        )
        return
    what = _what(statement, script)
    if what:
        body = script.body(statement)
        seen = f"; visible in it: {len(body.statements)}, put together when it runs: {len(body.unseen)}"
        noted = {
            name for note in statement.annotations if note.verb in ("reads", "writes") for name in note.names
        }
        if not noted:
            yield Hit(f"{what} cannot be seen into{seen if what == 'a DO block' else ''}")
        else:
            yield from _beyond(statement, script, what)


def _what(statement: Statement, script: Script) -> str:
    if statement.within:
        return ""
    if found := _OPAQUE.match(statement.plain):
        return {"do": "a DO block", "call": "a called procedure", "execute": "EXECUTE"}[found["what"]]
    called = _CALLED.match(statement.plain)
    made = [Name.of(found["name"]) for each in script.before(statement) if (found := _MADE.match(each.plain))]
    is_own = called is not None and any(name.same(Name.of(called["name"])) for name in made)
    return f"the function {called['name']}" if is_own and called else ""


_WRITTEN = re.compile(
    rf"(?:insert into|update|delete from|truncate(?: table)?|merge into|(?:drop|alter) table(?: if exists)?|copy) (?:only )?({NAME})"
)


def _beyond(statement: Statement, script: Script, what: str) -> Iterator[Hit]:
    """What a block visibly writes beyond what was noted."""
    noted = {
        Name.of(name).name for note in statement.annotations if note.verb == "writes" for name in note.names
    }
    body = script.body(statement)
    written = {Name.of(found.group(1)) for each in body.statements if (found := _WRITTEN.search(each.plain))}
    for name in sorted((name for name in written if name.name not in noted), key=str):
        yield Hit(f"{what} writes {name}, which its note does not name", object=str(name))
    yield Hit(
        f"{what} is taken at its author's word: writes {', '.join(sorted(noted)) or 'nothing'}",
        severity=Severity.NOTE,
    )


@asks(D28, Sight.SCRIPT)
def not_carried(script: Script) -> Iterator[Hit]:
    for swap in script.swaps:
        if script.postgres is not None and script.live_table(swap.name) is not None:
            lacking = sorted(
                {
                    said
                    for kind, said in furnished(script.postgres, swap.name)
                    if not _is_given(script, swap, kind)
                }
            )
            if lacking:
                yield Hit(
                    f"{swap.name} had {', '.join(lacking)}", swap.taken.line, str(swap.name), len(lacking)
                )
        elif script.dialect is Dialect.POSTGRES and not _is_given(script, swap, "grant"):
            yield Hit(
                f"{swap.name} is replaced, and nothing is granted on what takes its name",
                swap.taken.line,
                str(swap.name),
            )


_GIVEN = {
    "grant": r"^grant .* on ",
    "comment": r"^comment on (table|view|column) ",
    "policy": r"^create policy ",
    "row level security": r" enable row level security",
    "publication": r"^alter publication .* (add|set) ",
    "replica identity": r" replica identity ",
    "statistics": r"^create statistics ",
}


def _is_given(script: Script, swap: Swap, kind: str) -> bool:
    return any(each.search(_GIVEN[kind]) and swap.name.name in each.plain for each in script.every)

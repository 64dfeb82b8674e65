"""Lint of a migration against the live database: what loses rows, columns or the way back.

The rules bear the numbers of the documented hazards. A statement that hides what it does counts as unsafe.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mainstem.consolidate.backup.target import Target
from mainstem.consolidate.migrate.facts import Facts, facts_of
from mainstem.consolidate.migrate.findings import Finding
from mainstem.consolidate.statements import Dialect, Statement, Token

Name = tuple[str, ...]


def lint(statements: Sequence[Statement], target: Target) -> list[Finding]:
    """Everything that speaks against these statements, in their order."""
    script = _Script(statements)
    with facts_of(target) as facts:
        return [
            finding
            for statement in statements
            for rule in RULES
            for finding in rule(_Look(statement, statement.tokens, facts, script))
        ]


@dataclass(frozen=True, slots=True)
class _Script:
    """The whole script: what it makes itself is its own to drop."""

    statements: Sequence[Statement]

    def makes(self, kind: str, name: Name) -> bool:
        return bool(name) and any(_made(one.tokens, kind) == name[-1].lower() for one in self.statements)


@dataclass(frozen=True, slots=True)
class _Look:
    """One statement, with what is known around it."""

    statement: Statement
    tokens: list[Token]
    facts: Facts
    script: _Script

    @property
    def words(self) -> str:
        """Its keywords and bare names, with everything else left out: for rules that ask how it begins."""
        return " ".join(token.word for token in self.tokens if token.word)

    def finding(
        self, rule: str, rows: int | None, message: str, remedy: str, *, is_error: bool = True
    ) -> Finding:
        return Finding(rule, f"line {self.statement.line}", rows, message, remedy, is_error)

    def name_after(self, *words: str) -> Name:
        """The qualified name after these keywords, IF [NOT] EXISTS and ONLY passed over; empty where they are not."""
        return _name_at(self.tokens, _end_of(self.tokens, words))


def _drops(look: _Look) -> Iterator[Finding]:
    kinds = "table|view|materialized view|index|schema|database|type|domain|sequence|function|procedure|trigger|policy|extension|role"
    found = re.match(rf"drop ({kinds})\b", look.words)
    if found is None:
        return
    kind = found.group(1)
    name = look.name_after("drop", *kind.split())
    rows = look.facts.rows(name) if kind in {"table", "materialized view"} and name else None
    if rows is None and look.script.makes(kind, name):
        return  # a copy of its own, or a view that is made anew
    remedy = (
        f"rename it and drop it in a later migration: alter table {_shown(name)} rename to {_shown(name)}_old"
        if kind == "table"
        else "drop it in a migration of its own, once nothing uses it any more"
    )
    yield look.finding("D19", rows, f"drops the {kind} {_shown(name)}", remedy, is_error=kind != "view")


def _drops_a_part(look: _Look) -> Iterator[Finding]:
    if not look.words.startswith("alter table"):
        return
    table = look.name_after("alter", "table")
    for found in re.finditer(r"\bdrop (column|constraint)\b", look.words):
        part = _shown(look.name_after("drop", found.group(1)))
        yield look.finding(
            "D19",
            look.facts.rows(table),
            f"drops the {found.group(1)} {part} of {_shown(table)}",
            "drop it in a later migration, once no code reads it; until then leave it",
        )


def _cascades(look: _Look) -> Iterator[Finding]:
    if re.match(r"(drop|truncate)\b.*\bcascade\b|alter\b.*\bdrop\b.*\bcascade\b", look.words):
        yield look.finding(
            "D20", None, "CASCADE drops whatever stands on it, unnamed", "name each victim in a DROP of its own"
        )  # fmt: skip


def _empties(look: _Look) -> Iterator[Finding]:
    found = re.match(r"(truncate)\b|(delete) from\b|(update)\b", look.words)
    if found is None or " where " in f" {look.words} ":
        return
    verb = found.group(found.lastindex or 0)
    table = _emptied(look, verb)
    yield look.finding(
        "D21",
        look.facts.rows(table) if table else None,
        f"{verb.upper()} of every row of {_shown(table)}",
        "say which rows with WHERE; every row is `where true`",
    )


def _emptied(look: _Look, verb: str) -> Name:
    if verb == "truncate":
        return look.name_after("truncate", "table") or look.name_after("truncate")
    return look.name_after("delete", "from") if verb == "delete" else look.name_after("update")


def _copies_a_table(look: _Look) -> Iterator[Finding]:
    found = re.match(r"create (?:temp |temporary |unlogged )?table\b.* as (?:select|with)\b", look.words)
    if found is None:
        return
    source = look.name_after("from")
    columns = look.facts.columns(source) if source else []
    rows = look.facts.rows(source) if columns else None
    items = _selected(look.tokens)
    copied = {name for item in items for name in item}
    missing = [name for name in columns if name.lower() not in copied] if "*" not in copied else []
    known = {*(name.lower() for name in columns), "*"}
    unknown = sorted({item[0] for item in items if len(item) == 1} - known) if columns else []
    if missing:
        yield look.finding(
            "D02",
            rows,
            f"copies {len(columns) - len(missing)} of the {len(columns)} columns of {_shown(source)}; without "
            f"{_some(missing)}" + (f"; and names {_some(unknown)}, which it does not have" if unknown else ""),
            "change the table in place with ALTER TABLE, or name every column and say which may go",
        )  # fmt: skip
    else:
        yield look.finding(
            "D22",
            rows,
            "CREATE TABLE … AS keeps no key, default, NOT NULL, index or trigger",
            "change the table in place with ALTER TABLE, or make the new one with all of them and INSERT into it",
        )


def _inserts_loosely(look: _Look) -> Iterator[Finding]:
    if not re.match(r"(insert|replace)\b", look.words):
        return
    table = look.name_after("into")
    if re.search(r"insert into\b", look.words) and _has_select_star(look.tokens):
        source = look.name_after("from")
        yield look.finding(
            "D22",
            look.facts.rows(source) if source else None,
            f"INSERT INTO {_shown(table)} SELECT * goes by the position of columns",
            "name the columns on both sides",
        )
    if re.match(r"replace\b|insert or (replace|ignore)\b", look.words) or "on conflict do nothing" in look.words:  # fmt: skip
        yield look.finding(
            "D22",
            look.facts.rows(table) if table else None,
            "rows that collide are dropped or overwritten without a word",
            "ON CONFLICT (key) DO UPDATE, or find the collisions first",
        )


def _hides(look: _Look) -> Iterator[Finding]:
    if re.match(r"(do|call|execute)\b", look.words):
        yield look.finding(
            "D27",
            None,
            f"what {look.words.split()[0].upper()} does cannot be seen",
            "write its statements out",
        )
    if re.match(r"copy\b.* from (stdin|program)\b", look.words):
        yield look.finding(
            "D27",
            None,
            "the rows of COPY stand outside of SQL",
            "INSERT … VALUES, or load them by another program",
        )


def _switches_off(look: _Look) -> Iterator[Finding]:
    patterns = (
        r"session_replication_role|disable (row|trigger|rule)|set unlogged|no force row|writable_schema"
    )
    if (found := re.search(patterns, look.words)) and not look.words.startswith(("select", "insert")):
        yield look.finding(
            "D23",
            None,
            f"{found.group()} takes a safeguard away",
            "leave it on; write what it hinders otherwise",
        )


def _controls_transactions(look: _Look) -> Iterator[Finding]:
    if re.match(r"(begin|commit|rollback|end|start transaction|savepoint|release|abort)\b", look.words):
        yield look.finding(
            "L10",
            None,
            f"{look.words.split()[0].upper()} in the midst of the script",
            "leave it out: the whole script is one transaction, taken back as a whole",
        )


def _needs_no_transaction(look: _Look) -> Iterator[Finding]:
    if stands_alone(look.statement) and len(look.script.statements) > 1:
        alone = all(stands_alone(one) for one in look.script.statements)
        yield look.finding(
            "L10",
            None,
            "runs outside of a transaction, and cannot be taken back with the rest",
            "give it a script of its own",
            is_error=not alone,
        )


def _pragmas(look: _Look) -> Iterator[Finding]:
    if re.match(r"pragma foreign_keys\b", look.words):
        yield look.finding(
            "Q03",
            None,
            "PRAGMA foreign_keys does nothing within a transaction",
            "leave it out: they are off while a migration runs, and each row's parent is looked for afterwards",
            is_error=False,
        )


def _locks(look: _Look) -> Iterator[Finding]:
    if look.statement.dialect is not Dialect.POSTGRES:
        return
    table = look.name_after("alter", "table") or look.name_after("on")
    if re.match(r"create (unique )?index (?!concurrently)", look.words) and not look.script.makes("table", table):  # fmt: skip
        yield look.finding(
            "L02", look.facts.rows(table), f"no row of {_shown(table)} can be written while the index is built",
            "CREATE INDEX CONCURRENTLY in a script of its own", is_error=False,
        )  # fmt: skip
    if re.match(r"alter table\b.*\balter (column )?\S+ (set data )?type\b", look.words):
        yield look.finding(
            "D18", look.facts.rows(table), f"writes {_shown(table)} anew under an exclusive lock, and may cut values",
            "a new column, filled in batches", is_error=False,
        )  # fmt: skip
    if re.match(r"alter table\b.*\badd constraint\b(?!.*\bnot valid\b)", look.words):
        yield look.finding(
            "L03", look.facts.rows(table), f"looks at each row of {_shown(table)} under an exclusive lock",
            "ADD CONSTRAINT … NOT VALID here, VALIDATE CONSTRAINT in a later migration", is_error=False,
        )  # fmt: skip


def _renames(look: _Look) -> Iterator[Finding]:
    if re.match(r"alter table\b.*\brename\b", look.words) and "mainstem migrate rename" not in look.script.statements[0].note:  # fmt: skip
        table = look.name_after("alter", "table")
        yield look.finding(
            "L06",
            look.facts.rows(table),
            f"code that uses the old name of {_shown(table)} fails from here on",
            "`mainstem migrate rename` keeps the old name in a view",
            is_error=False,
        )


RULES: tuple[Callable[[_Look], Iterator[Finding]], ...] = (
    _drops,
    _drops_a_part,
    _cascades,
    _empties,
    _copies_a_table,
    _inserts_loosely,
    _hides,
    _switches_off,
    _controls_transactions,
    _needs_no_transaction,
    _pragmas,
    _locks,
    _renames,
)


def stands_alone(statement: Statement) -> bool:
    """Whether the database refuses it in a transaction."""
    words = " ".join(token.word for token in statement.tokens[:6] if token.word)
    if statement.dialect is Dialect.SQLITE:
        return (
            re.match(r"vacuum|attach|detach|pragma (journal_mode|page_size|auto_vacuum)", words) is not None
        )
    return (
        re.match(r"vacuum|(create|drop) database|alter system|reindex .*concurrently", words) is not None
        or re.match(r"(create|drop) (unique )?index concurrently", words) is not None
        or re.match(r"alter table \S+ detach partition \S+ concurrently", words) is not None
    )


def _made(tokens: list[Token], kind: str) -> str:
    """The last part of the name of what the statement makes, if it makes one of this kind."""
    words = [token.word for token in tokens]
    if not words or words[0] != "create":
        return ""
    last = kind.rsplit(maxsplit=1)[-1]
    head = words[:6]
    if last not in head:
        return ""
    name = _name_at(tokens, head.index(last) + 1)
    return name[-1].lower() if name else ""


def _end_of(tokens: list[Token], words: tuple[str, ...]) -> int:
    """The place after the first run of these keywords; -1 where there is none."""
    for at in range(len(tokens) - len(words) + 1):
        if tuple(token.word for token in tokens[at : at + len(words)]) == words:
            return at + len(words)
    return -1


def _name_at(tokens: list[Token], at: int) -> Name:
    if at < 0:
        return ()
    while at < len(tokens) and tokens[at].word in {"if", "not", "exists", "only", "concurrently"}:
        at += 1
    parts: list[str] = []
    while at < len(tokens) and tokens[at].name:
        parts.append(tokens[at].name)
        if at + 1 >= len(tokens) or tokens[at + 1].text != ".":
            break
        at += 2
    return tuple(parts)


def _selected(tokens: list[Token]) -> list[list[str]]:
    """The names in each item between SELECT and FROM, in lower case."""
    items: list[list[str]] = [[]]
    depth = 0
    for token in tokens[_end_of(tokens, ("select",)) :]:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.word == "from":
            break
        if depth == 0 and token.text == ",":
            items.append([])
        elif (token.name and token.word not in {"as", "distinct"}) or (token.text == "*" and not items[-1]):
            items[-1].append(token.name.lower() or "*")
    return items


def _has_select_star(tokens: list[Token]) -> bool:
    at = _end_of(tokens, ("select",))
    return 0 < at < len(tokens) and tokens[at].text == "*"


def _shown(name: Name) -> str:
    return ".".join(name)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")

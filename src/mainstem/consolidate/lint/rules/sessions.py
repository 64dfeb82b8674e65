"""Transactions, sessions and plans round a PostgreSQL migration: L10 to L17."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

import psycopg

from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.lint.catalog import NAME, Name
from mainstem.consolidate.lint.findings import Hit, Severity, Sight, asks, rule
from mainstem.consolidate.lint.live.dependants import follows
from mainstem.consolidate.lint.live.postgres import PostgresLive, quoted
from mainstem.consolidate.lint.rules.locks import strongly_locked
from mainstem.consolidate.lint.script import Script, Swap
from mainstem.consolidate.lint.statements import Statement
from mainstem.consolidate.lint.tokens import Kind

LIVE = (Sight.SCRIPT, Sight.LIVE)
LONG_TRANSACTION = 60
"""Seconds after which whoever holds a transaction open is told of."""

L10 = rule(
    "L10",
    "One transaction round what must stand alone",
    why="CONCURRENTLY fails in a transaction; NOT VALID and VALIDATE in one keep the strong lock through the whole check.",
    remedy="autocommit_block() in Alembic, a file of its own elsewhere; VALIDATE in the next transaction.",
    severity=Severity.ERROR,
)
L11 = rule(
    "L11",
    "Tables locked in different orders",
    why="Two transactions that take the same two locks in opposite orders wait for each other.",
    remedy="Lock all tables first, in one order everywhere: LOCK TABLE a, b, c IN ACCESS EXCLUSIVE MODE.",
    looks_at=(Sight.SCRIPT,),
    blind="It compares the transactions of the migrations it is given; the application's own it does not know.",
)
L12 = rule(
    "L12",
    "Somebody holds the way",
    why="A long transaction, one idle in its transaction, a prepared one, a dump or a vacuum against wraparound keeps the lock from being granted.",
    remedy="Wait for it, or end it: select pg_terminate_backend(pid); rollback prepared '…'.",
    looks_at=(Sight.SERVER,),
)
L13 = rule(
    "L13",
    "Two runners at once",
    why="Alembic takes no lock: two processes that start together both upgrade.",
    remedy="select pg_advisory_xact_lock(…) first in the transaction, or lock table alembic_version.",
    looks_at=(Sight.SCRIPT, Sight.SERVER),
)
L14 = rule(
    "L14",
    "What a transaction pooler forgets",
    why="Behind PgBouncer in transaction mode each transaction may have another session: session locks, SET, PREPARE, LISTEN and temporary tables do not hold.",
    remedy="pg_advisory_xact_lock, SET LOCAL inside the transaction, or a connection past the pooler.",
    blind="Whether there is a pooler: give it with pooler=transaction in the URL; a session lock is told of in any case.",
)
L15 = rule(
    "L15",
    "A log table that counts breaks lastval()",
    why="The application's lastval() after its INSERT gives the log's number, if a trigger inserts into a table with a serial or identity column.",
    remedy="A log table without a sequence: the key that changed and pg_current_xact_id().",
    blind="Only where the log table's definition is known.",
    looks_at=LIVE,
)
L16 = rule(
    "L16",
    "A view in the table's place with other types",
    why="Sessions with prepared statements fail: cached plan must not change result type.",
    remedy="Cast each column of the view to the type it had: status::varchar(50).",
    looks_at=LIVE,
    blind="Without a database the types cannot be compared.",
)
L17 = rule(
    "L17",
    "Dependants follow the table, not its name",
    why="Views, foreign keys, functions and publications go on pointing at the renamed old table.",
    remedy="Make each of them anew on what has the name now, in the same transaction.",
    looks_at=LIVE,
    blind="Without a database it cannot name them.",
)


@asks(L10)
def must_stand_alone(statement: Statement, script: Script) -> Iterator[Hit]:
    number = script.transaction(statement)
    if number == 0 or script.dialect is Dialect.SQLITE:
        return
    if found := statement.begins(
        r"(?:create|drop|reindex|alter) .*\bconcurrently\b|vacuum\b|alter system\b|create database\b"
    ):
        yield Hit(f"{' '.join(found.group().upper().split()[:2])} cannot run in a transaction")
    if found := statement.search(rf"validate constraint ({NAME})"):
        added = rf"add constraint {re.escape(found.group(1))} .*not valid"
        if any(
            each.search(added) and script.transaction(each) == number for each in script.before(statement)
        ):
            yield Hit(
                f"{found.group(1)} is added NOT VALID and validated in one transaction",
                statement.line_of(found.start()),
                found.group(1),
            )


def lock_orders(scripts: Sequence[Script]) -> Iterator[tuple[Script, Statement, list[str]]]:
    """For each transaction: where it begins to lock, and the tables in the order in which it locks them."""
    for script in scripts:
        begun: dict[int, tuple[Statement, list[str]]] = {}
        for statement in script.every:
            name = strongly_locked(statement, script)
            if name is not None and (number := script.transaction(statement)):
                _, names = begun.setdefault(number, (statement, []))
                listed = (
                    [token.value for _, token in statement.span.level()] if statement.begins("lock ") else []
                )
                names += [
                    each for each in ([name.name, *listed] if listed else [name.name]) if each not in names
                ]
        yield from ((script, statement, names) for statement, names in begun.values())


def crossed_locks(scripts: Sequence[Script]) -> Iterator[tuple[Script, Hit]]:
    for (_, one, first), (script, other, second) in combinations(lock_orders(scripts), 2):
        for a, b in combinations([name for name in first if name in second], 2):
            if second.index(a) > second.index(b):
                yield (
                    script,
                    Hit(
                        f"locks {b} before {a}; the transaction at line {one.line} does the reverse",
                        other.line,
                        f"{a}, {b}",
                    ),
                )


@asks(L12, Sight.SERVER)
def in_the_way(live: PostgresLive) -> Iterator[Hit]:
    for who, what, seconds in live.ask(
        """
        select coalesce(nullif(application_name, ''), usename, 'somebody') || ', pid ' || pid,
               case when application_name = 'pg_dump' then 'a dump runs'
                    when query like 'autovacuum:%%wraparound%%' then 'a vacuum against wraparound runs'
                    when state like 'idle in transaction%%' then 'idle in a transaction'
                    else 'a transaction' end,
               extract(epoch from clock_timestamp() - xact_start)::int
          from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
           and (application_name = 'pg_dump' or query like 'autovacuum:%%wraparound%%'
                or clock_timestamp() - xact_start > make_interval(secs => %s))
        union all
        select 'prepared transaction ' || gid, 'a prepared transaction', extract(epoch from clock_timestamp() - prepared)::int
          from pg_prepared_xacts where database = current_database()
        """,
        [LONG_TRANSACTION],
    ):
        yield Hit(f"{who}: {what}, for {seconds} s", object=who)


@asks(L13, Sight.SCRIPT)
def two_runners(script: Script) -> Iterator[Hit]:
    marked = next(
        (
            each
            for each in script.every
            if each.begins(r"(update|insert into|delete from) \S*alembic_version\b")
        ),
        None,
    )
    locked = any(
        re.search(r"\bpg_(try_)?advisory_(xact_)?lock\b|^lock table \S*alembic_version", each.plain)
        for each in script.every
    )
    if marked is not None and not locked:
        yield Hit("nothing keeps a second runner from doing the same", marked.line, "alembic_version")


@asks(L13, Sight.SERVER)
def another_runner(live: PostgresLive) -> Iterator[Hit]:
    for (who,) in live.ask(
        "select distinct coalesce(nullif(a.application_name, ''), a.usename, 'somebody') || ', pid ' || a.pid from pg_locks l "
        "join pg_stat_activity a using (pid) join pg_class c on c.oid = l.relation and l.database = "
        "(select oid from pg_database where datname = current_database()) "
        "where c.relname = 'alembic_version' and l.mode <> 'AccessShareLock' and l.pid <> pg_backend_pid()"
    ):
        yield Hit(
            f"{who} is writing alembic_version now: a migration runs",
            object="alembic_version",
            severity=Severity.ERROR,
        )


@asks(L14)
def pooled_away(statement: Statement, script: Script) -> Iterator[Hit]:
    severity = Severity.ERROR if script.pooled else None
    if found := statement.search(r"\bpg_(?:try_)?advisory_lock(?:_shared)? \("):
        yield Hit(
            "a lock of the session is not its holder's behind a pooler",
            statement.line_of(found.start()),
            severity=severity,
        )
    found = statement.begins(r"(set (?!local )|prepare |listen |create temp|declare .* with hold)")
    is_alone = script.transaction(statement) == 0 or statement.begins("prepare |listen ") is not None
    if script.pooled and found and is_alone:
        yield Hit(f"{found.group().strip().upper()} is forgotten with the transaction", severity=severity)


@asks(L15)
def last_value_broken(statement: Statement, script: Script) -> Iterator[Hit]:
    if not statement.begins(r"create (or replace )?function\b.*returns trigger\b"):
        return
    for body in (token.value for token in statement.span if token.kind is Kind.STRING):
        for said in re.findall(rf"insert\s+into\s+({NAME})", body.lower()):
            table = script.table(Name.of(said))
            counted = (
                [
                    column.name
                    for column in table.columns.values()
                    if column.generated in ("sequence", "identity", "identity-always")
                ]
                if table
                else []
            )
            if counted:
                yield Hit(f"the trigger inserts into {said}, whose {counted[0]} counts", object=said)


@asks(L16, Sight.SCRIPT)
def other_types(script: Script) -> Iterator[Hit]:
    for swap in script.swaps:
        move = script.move(swap.taken)
        if not swap.is_view or move is None or script.dialect is Dialect.SQLITE:
            continue
        changed, why = _changed_types(script, swap)
        if changed or why:
            told = (
                ", ".join(changed)
                if changed
                else f"the view's types are not known{f': {why}' if script.postgres else ''}"
            )
            yield Hit(
                f"{swap.name}: {told}",
                swap.taken.line,
                str(swap.name),
                severity=Severity.ERROR if changed else None,
            )


def _changed_types(script: Script, swap: Swap) -> tuple[list[str], str]:
    """The columns whose types differ from the table's, or why that could not be found out."""
    table, move = script.live_table(swap.name), script.move(swap.taken)
    if script.postgres is None or table is None or move is None:
        return [], "no database was asked"
    query = swap.taken.span.source[move.queries[0].span.tokens[0].start : swap.taken.span.tokens[-1].end]
    try:
        had = dict(script.postgres.shape(f"select * from {quoted(table.name)} limit 0"))
        has = script.postgres.shape(f"select * from ({query}) v limit 0", path=script.search_path)
    except psycopg.Error as error:
        return [], error.diag.message_primary or str(error)
    return [
        f"{name} was {had[name]} and is {type_}" for name, type_ in has if name in had and had[name] != type_
    ], ""


@asks(L17, Sight.SCRIPT)
def left_pointing(script: Script) -> Iterator[Hit]:
    for swap in script.swaps if script.dialect is Dialect.POSTGRES else ():
        if swap.leaves.begins("drop "):
            continue
        if script.postgres is None or script.live_table(swap.name) is None:
            yield Hit(
                f"whatever depends on {swap.name} goes on pointing at the old table",
                swap.leaves.line,
                str(swap.name),
            )
        elif pointing := follows(script.postgres, swap.name):
            yield Hit(
                f"{', '.join(pointing)} go on pointing at the old {swap.name}",
                swap.leaves.line,
                str(swap.name),
                len(pointing),
            )

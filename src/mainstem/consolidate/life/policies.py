"""Row level security of the old tables, on the views that have their names.

A view reads our tables with the rights of mainstem_owner, who sees every tenant. So what the old table's policies let a role see, change
and write is asked of the same role at the view, in the policies' own words: the view has the columns that they name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mainstem.consolidate.compile import Program
from mainstem.consolidate.compile.text import lit, q
from mainstem.consolidate.life.session import Connection

_GUARDED = """
select c.relname, pg_get_userbyid(c.relowner), c.relforcerowsecurity from pg_class c
 where c.relnamespace = %s::regnamespace and c.relname = any(%s) and c.relrowsecurity
"""
_POLICIES = """
select p.polpermissive, p.polcmd::text, array(select case when r.oid = 0 then 'public' else pg_get_userbyid(r.oid) end from unnest(p.polroles) r (oid)),
       coalesce(pg_get_expr(p.polqual, p.polrelid), 'true'), coalesce(pg_get_expr(p.polwithcheck, p.polrelid), pg_get_expr(p.polqual, p.polrelid), 'true')
  from pg_policy p where p.polrelid = %s::regclass
"""
_SETTING = re.compile(r"current_setting\(('[^']*'::text)\)")
SEEN, ADDED, CHANGED, GONE = "r", "a", "w", "d"


@dataclass(frozen=True)
class Policy:
    """One policy of an old table, its expressions over the table's name."""

    is_permissive: bool
    command: str
    roles: list[str]
    using: str
    check: str

    def holds_for(self) -> str:
        """Whether it is about the role that asks."""
        named = [f"pg_has_role(current_user, {lit(role)}, 'usage')" for role in self.roles]
        return "true" if "public" in self.roles else f"({' or '.join(named)})"


@dataclass(frozen=True)
class Guard:
    """What stands before the rows of one old table."""

    table: str
    owner: str
    is_forced: bool
    policies: list[Policy]

    @property
    def is_subject(self) -> str:
        """Whether the role that asks is one that row level security holds. Our triggers, who ask as mainstem_owner, see every row."""
        owner = "" if self.is_forced else f" or pg_has_role(current_user, {lit(self.owner)}, 'usage')"
        return (
            "not (current_user = 'mainstem_owner' or (select r.rolsuper or r.rolbypassrls from pg_catalog.pg_roles r where r.rolname = current_user)"
            f"{owner})"
        )

    def allows(self, command: str, *, writes: bool = False) -> str:
        """What a row must meet: one permissive policy, and every restrictive one."""
        about = [one for one in self.policies if one.command in (command, "*")]
        permissive = [
            f"({one.holds_for()} and ({_words(one, writes=writes)}))" for one in about if one.is_permissive
        ]
        restrictive = [
            f"(not {one.holds_for()} or ({_words(one, writes=writes)}))"
            for one in about
            if not one.is_permissive
        ]
        return " and ".join([f"({' or '.join(permissive) or 'false'})", *restrictive])


def _words(policy: Policy, *, writes: bool) -> str:
    """Its expression. A setting that is not there is NULL: the planner asks for it even where the role is not held, and must not fail."""
    said = policy.check if writes else policy.using
    return _SETTING.sub(lambda found: f"nullif(current_setting({found[1]}, true), '')", said)


def guards(conn: Connection, program: Program) -> list[Guard]:
    """Of the old tables that have row level security, while they have their names."""
    schema = program.mapping.old_schema
    found = conn.execute(_GUARDED, [q(schema), program.tables]).fetchall()
    return [
        Guard(
            table,
            owner,
            is_forced,
            [Policy(*row) for row in conn.execute(_POLICIES, [q(schema, table)]).fetchall()],
        )
        for table, owner, is_forced in found
    ]


def guarded_views(conn: Connection, program: Program) -> list[str]:
    """Statements that put each table's guard before its view, for when the views have the old names."""
    return [
        text
        for guard in guards(conn, program)
        for text in (_view(program, guard), *_triggers(program, guard))
    ]


def _view(program: Program, guard: Guard) -> str:
    columns = ", ".join(q(name) for name in program.catalog.old[guard.table])
    source = q(program.mapping.work_schema, f"unfold_{guard.table}")
    return (
        f"create or replace view {q(program.mapping.old_schema, guard.table)} with (security_barrier) as\n"
        f"select {columns} from {source} {q(guard.table)}\n where case when {guard.is_subject} then {guard.allows(SEEN)} else true end"
    )


def _triggers(program: Program, guard: Guard) -> list[str]:
    """They fire before those that write, by their name, and as the role that asks."""
    refused = (
        f"    raise insufficient_privilege using message = "
        f"{lit(f'new row violates row-level security policy for table {guard.table}')};\n"
    )
    checks = {
        "insert": f"  if {_unmet(guard, 'new', guard.allows(ADDED, writes=True))} then\n{refused}  end if;\n  return new;\n",
        "update": f"  if {_unmet(guard, 'old', guard.allows(CHANGED))} then\n    return null;\n  end if;\n"
        f"  if {_unmet(guard, 'new', guard.allows(CHANGED, writes=True))} then\n{refused}  end if;\n  return new;\n",
        "delete": f"  if {_unmet(guard, 'old', guard.allows(GONE))} then\n    return null;\n  end if;\n  return old;\n",
    }
    return [_trigger(program, guard.table, event, body) for event, body in checks.items()]


def _unmet(guard: Guard, row: str, condition: str) -> str:
    return f"{guard.is_subject} and not coalesce((select {condition} from (select {row}.*) {q(guard.table)}), false)"


def _trigger(program: Program, table: str, event: str, body: str) -> str:
    function = q(program.mapping.work_schema, f"guard_{event}_{table}")
    return (
        f"create or replace function {function}() returns trigger language plpgsql as $$\nbegin\n{body}end $$;\n"
        f"create or replace trigger a_guard_{event} instead of {event} on {q(program.mapping.old_schema, table)} for each row execute function {function}()"
    )

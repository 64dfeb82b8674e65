"""What the catalog and the code say of themselves: comments on everything, and one list of what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import psycopg
import pytest

from conftest import TEMPLATE
from mainstem.errors import LedgerRefused, every_error
from servers import in_database

UNCOMMENTED = """
select name from (
  select format('%s %s', case relkind when 'v' then 'view' else 'table' end, relname) as name, obj_description(oid, 'pg_class') as comment
    from pg_class where relnamespace = 'mainstem'::regnamespace and relkind in ('r', 'p', 'v') and not relispartition
  union all
  select format('function %s', oid::regprocedure), obj_description(oid, 'pg_proc')
    from pg_proc where pronamespace = 'mainstem'::regnamespace
  union all
  select format('type %s', typname), obj_description(t.oid, 'pg_type')
    from pg_type t left join pg_class c on c.oid = t.typrelid
   where typnamespace = 'mainstem'::regnamespace and (typtype = 'd' or c.relkind = 'c')
  union all
  select format('role %s', rolname), shobj_description(oid, 'pg_authid') from pg_roles where rolname ~ '^mainstem_'
  union all
  select 'schema', obj_description('mainstem'::regnamespace, 'pg_namespace')) objects
 where coalesce(comment, '') !~ ' '
"""

UNCOMMENTED_COLUMNS = """
select c.relname || '.' || a.attname
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
 where c.relnamespace = 'mainstem'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
   and col_description(c.oid, a.attnum) is null and a.attname <> all (%s)
"""

SELF_EVIDENT = [
    "org_id", "user_id", "key_id", "schedule_id", "workflow_id", "node_id", "template_id", "config_id", "activation_id", "run_id", "event_id",
    "signal_id", "change_id", "name", "email", "display_name", "description", "status", "version", "channel", "queue", "key", "value",
    "payload", "config_type", "graph_config", "from_node", "to_node", "event_type", "event_data", "input_data", "output_data",
    "error_message", "cancel_reason", "tags", "host", "pid", "lower", "upper", "run_ids", "at", "worker_id", "version_num", "only_row",
    "created_at", "created_by", "updated_at", "started_at", "ended_at", "expires_at", "last_used_at", "revoked_at", "sent_at", "sent_by",
    "draft_updated_at", "published_at", "published_by", "activated_at", "activated_by", "heartbeat_at", "installed_at",
]  # fmt: skip
"""Column names that say all there is to say, in whatever table they stand (their domains have comments of their own)."""

RAISED_BY_THE_CLIENT = {"MS007", "MS011", "MS013"}
"""IdempotencyConflict: one start of a batch never fails the batch, so SQL answers `conflict`, and the client raises.
FilterUnreadable: filters are read before anything is asked of the ledger.
InputRefused: rules are JMESPath, and types pydantic's; both are looked at before a run is begun."""

RAISED_FOR_THE_SERVER = {"MS612"}
"""PreconditionFailed: what a request names as read is compared where it is changed."""

SAID_BY_POSTGRES = {"MS012"}
"""LegacyColumnsDropped: a column that a function names is not there any more."""


@pytest.fixture
def template(server_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(in_database(server_url, TEMPLATE)) as conn:
        yield conn


def test_all_that_is_installed_says_what_it_is(template: psycopg.Connection[Any]) -> None:
    assert template.execute(UNCOMMENTED).fetchall() == []


def test_each_column_says_what_it_is_unless_its_name_does(template: psycopg.Connection[Any]) -> None:
    assert template.execute(UNCOMMENTED_COLUMNS, [SELF_EVIDENT]).fetchall() == []


def test_every_sqlstate_that_a_function_raises_is_a_class_and_every_class_is_raised() -> None:
    raised = set(re.findall(r"errcode = '(\w+)'", every_function()))
    classes = {code for code, error in every_error().items() if issubclass(error, LedgerRefused)}
    assert raised | RAISED_BY_THE_CLIENT | SAID_BY_POSTGRES == classes | RAISED_FOR_THE_SERVER
    assert not raised & RAISED_BY_THE_CLIENT


def test_what_is_raised_has_a_message_and_a_hint() -> None:
    raises = re.findall(r"raise exception .*?;\n", every_function(), re.DOTALL)
    assert len(raises) > 15
    assert [text for text in raises if "message =" not in text or "hint =" not in text] == []


def every_function() -> str:
    folder = files("mainstem.ledger").joinpath("sql", "functions")
    return "".join(file.read_text(encoding="utf-8") for file in folder.iterdir())


def test_a_public_functions_comment_names_what_it_raises(template: psycopg.Connection[Any]) -> None:
    """As far as its own text raises it; what the functions that it calls raise stands there too, by hand."""
    silent = template.execute(
        "select proname, code[1] from pg_proc, regexp_matches(prosrc, 'errcode = ''(MS\\d+)''', 'g') code"
        " where pronamespace = 'mainstem'::regnamespace and left(proname, 1) <> '_'"
        "   and obj_description(pg_proc.oid, 'pg_proc') !~ code[1]"
    ).fetchall()
    assert silent == []

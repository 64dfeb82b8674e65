"""For each kind of oddity a small old database that has it, and one that only nearly does."""

from __future__ import annotations

from dataclasses import dataclass, field

TRACE = """
create table workflow_trace (trace_id integer primary key, org_id text, channel text, status text,
  start_time {timestamp}, end_time {timestamp}, duration_ms integer, error_message text{more});
"""
STEPS = """
create table workflow_steps (step_id integer primary key, trace_id integer, node_id integer, step_number integer, status text{more});
"""
EVENTS = """
create table workflow_events (event_id integer primary key, trace_id integer, step_id integer, event_type text,
  event_data text, occurred_at {timestamp});
"""
NODES = "create table workflow_node (node_id integer primary key, label text);"
AT = "'2025-11-19 07:08:5{}Z'"


def trace(more: str = "") -> str:
    return TRACE.replace("{more}", f", {more}" if more else "")


def steps(more: str = "") -> str:
    return STEPS.replace("{more}", f", {more}" if more else "")


def run(key: int = 1, status: str = "running", start: str = "null", end: str = "null", **columns: str) -> str:
    """A run with these values, as SQL."""
    named = {"trace_id": str(key), "org_id": "'a'", "channel": "'web'", "status": f"'{status}'", **columns}
    named |= {"start_time": start, "end_time": end}
    return f"insert into workflow_trace ({', '.join(named)}) values ({', '.join(named.values())});"


def step(
    key: int = 1, trace_id: str = "1", number: str = "1", node_id: str = "null", status: str = "running"
) -> str:
    return (
        "insert into workflow_steps (step_id, trace_id, node_id, step_number, status)"
        f" values ({key}, {trace_id}, {node_id}, {number}, '{status}');"
    )


def event(key: int = 1, trace_id: str = "1", step_id: str = "1", data: str = "null", at: str = "null") -> str:
    return (
        "insert into workflow_events (event_id, trace_id, step_id, event_type, event_data, occurred_at)"
        f" values ({key}, {trace_id}, {step_id}, 'started', {data}, {at});"
    )


def texts(*values: str) -> str:
    """Runs whose text column `note` holds these."""
    table = "create table workflow_trace (trace_id integer primary key, org_id text, channel text, status text, note text);"
    return table + "".join(
        f"insert into workflow_trace values ({n}, 'a', 'web', 'running', {value});"
        for n, value in enumerate(values, 1)
    )


def moments(*values: str) -> str:
    """Runs whose text column `created_at` holds these."""
    return texts(*(f"'{value}'" for value in values)).replace("note text", "created_at text")


@dataclass(frozen=True)
class Case:
    """SQL for both engines, or for those named; {timestamp} is a time with a zone where the engine has one."""

    kind: str
    fires: str
    near_miss: str
    table: str = "workflow_trace"
    engines: tuple[str, ...] = field(default=("sqlite", "postgres"))


SQLITE, POSTGRES = ("sqlite",), ("postgres",)
FAMILY = trace() + steps() + EVENTS
S0, S9 = AT.format(0), AT.format(9)
OF_WORKFLOWS = (
    "create table workflow (workflow_id integer primary key, name text); insert into workflow values (1, 'a'), (2, 'b');"
    "create table workflow_node (node_id integer primary key, workflow_id integer); insert into workflow_node values (1, 1), (2, 2);"
    + trace("workflow_id integer")
    + steps()
    + run(workflow_id="1")
)
CONFIGS = """
create table workflow_configs (config_id integer primary key, org_id text not null, workflow_id integer, name text not null,
  unique (org_id, workflow_id, name));
"""
LONG = "repeat('x', 256)"

CASES = (
    Case("orphan", FAMILY + run() + step(1) + event(1, "7"), FAMILY + run() + step(1) + event(1, "null"), "workflow_events"),
    Case("node_gone", FAMILY + NODES + run() + step(1, node_id="5"), FAMILY + NODES + "insert into workflow_node values (5, 'a');" + run() + step(1, node_id="5"), "workflow_steps"),
    Case("no_parent_run", FAMILY + run() + step(1, "null"), FAMILY + run() + step(1), "workflow_steps"),
    Case("no_parent_step", FAMILY + run() + step() + event(1, step_id="null"), FAMILY + run() + step() + event(1, "null", "null"), "workflow_events"),
    Case(
        "parent_key_repeats",
        "create table wf_history (id integer primary key, workflow_id text, status text, start_time text, end_time text);"
        "create table hook_events (id integer primary key, workflow_id text references wf_history (workflow_id), event_type text, created_at text);"
        "insert into wf_history (id, workflow_id) values (1, 'a'), (2, 'a'); insert into hook_events (id, workflow_id) values (1, 'a');",
        "create table wf_history (id integer primary key, workflow_id text, status text, start_time text, end_time text);"
        "create table hook_events (id integer primary key, workflow_id text references wf_history (workflow_id), event_type text, created_at text);"
        "insert into wf_history (id, workflow_id) values (1, 'a'), (2, 'a'), (3, 'b'); insert into hook_events (id, workflow_id) values (1, 'b');",
        "hook_events",
        SQLITE,
    ),
    Case(
        "parents_disagree",
        FAMILY + run() + run(2) + step(1, "2") + event(1, "1", "1"),
        FAMILY + run() + run(2) + step(1, "2") + event(1, "2", "1"),
        "workflow_events",
    ),
    Case(
        "parents_disagree",
        OF_WORKFLOWS + "insert into workflow_steps (step_id, trace_id, node_id) values (1, 1, 2);",
        OF_WORKFLOWS + "insert into workflow_steps (step_id, trace_id, node_id) values (1, 1, 1);",
        "workflow_steps",
    ),
    Case("step_open_in_ended_run", FAMILY + run(1, "completed", S0, S9) + step(), FAMILY + run(1, "completed", S0, S9) + step(status="skipped"), "workflow_steps"),
    Case("no_time", trace("created_at text") + run(), trace("created_at text") + run(created_at="'2025-11-19'")),
    Case("duplicate_key", CONFIGS + "insert into workflow_configs values (1, 'a', null, 'x'), (2, 'a', null, 'x');", CONFIGS + "insert into workflow_configs values (1, 'a', null, 'x'), (2, 'a', null, 'y');", "workflow_configs"),
    Case("no_steps", trace() + run(), FAMILY + run()),
    Case("no_primary_key", trace() + "create table notes (a integer);", trace() + "create table notes (a integer primary key);", "notes"),
    Case("null_in_key", "create table notes (a text primary key); insert into notes values (null);", "create table notes (a text primary key); insert into notes values ('');", "notes", SQLITE),
    Case("duplicate_key", FAMILY + run() + step(1) + step(2), FAMILY + run() + run(2) + step(1) + step(2, "2"), "workflow_steps"),
    Case("duplicate_key_folded", texts("'a'", "'A'").replace("note text", "note text unique"), texts("'a'", "'b'").replace("note text", "note text unique")),
    Case(
        "exists_twice",
        trace("adw_id text unique") + run(1, adw_id="'x'") + trace("adw_id text").replace("workflow_trace", "trace_archive") + run(2, adw_id="'x'").replace("workflow_trace", "trace_archive"),
        trace("adw_id text unique") + run(1, adw_id="'x'") + trace("adw_id text").replace("workflow_trace", "trace_archive") + run(2, adw_id="'y'").replace("workflow_trace", "trace_archive"),
        "trace_archive",
    ),
    Case("step_number_unusable", FAMILY + run() + step(1, number="0"), FAMILY + run() + step(1, number="1"), "workflow_steps"),
    Case("ids_of_several_types", texts("'aabbccdd'", "'test-123'").replace("note", "adw_id"), texts("'aabbccdd'", *["'aabbccd0'"] * 9, "'12345678'").replace("note", "adw_id")),
    Case("link_types_differ", trace() + steps().replace("trace_id integer", "trace_id text"), trace() + steps(), "workflow_steps"),
    Case(
        "sequence_behind",
        "create table workflow_trace (trace_id bigserial primary key, status text); insert into workflow_trace values (7, 'running');",
        "create table workflow_trace (trace_id bigserial primary key, status text); insert into workflow_trace (status) values ('running');",
        engines=POSTGRES,
    ),
    Case("unknown_status", trace() + run(status="active"), trace() + run(status="running")),
    Case("unknown_channel", trace() + run(channel="'fax'"), trace() + run(channel="'efax'")),
    Case("ended_but_open", trace() + run(1, "running", S0, S9), trace() + run(1, "completed", S0, S9)),
    Case("completed_without_end", trace() + run(1, "completed", S0), trace() + run(1, "running", S0)),
    Case("failed_without_message", trace() + run(1, "failed", error_message="''"), trace() + run(1, "failed", error_message="'why'")),
    Case("end_before_start", trace() + run(1, "completed", S9, S0), trace() + run(1, "completed", S0, S0)),
    Case("duration_disagrees", trace() + run(1, "completed", S0, S9, duration_ms="3000"), trace() + run(1, "completed", S0, S9, duration_ms="9400")),
    Case("duration_without_unit", trace().replace("duration_ms", "duration") + run(), trace() + run()),
    Case("time_formats", moments("2025-11-19 07:08:51", "2025-11-19T07:08:51"), moments("2025-11-19T07:08:51", "2025-11-19T07:08:51.123")),
    Case("naive_time", moments("2025-11-19T07:08:51"), moments("2025-11-19T07:08:51Z", "2025-11-19 07:08:51+01")),
    Case("naive_time", texts().replace("note text", "created_at timestamp") + run(start="null").replace(", start_time, end_time", ", created_at").replace(", null, null", ", '2025-11-19'"), texts().replace("note text", "created_at timestamptz") + run(start="null").replace(", start_time, end_time", ", created_at").replace(", null, null", ", '2025-11-19'"), engines=POSTGRES),
    Case("epoch_time", texts("1763535600").replace("note text", "created_at bigint"), texts("17").replace("note text", "created_at bigint")),
    Case("not_a_time", moments("2025-11-19T07:08:51Z", "soon"), moments("2025-11-19T07:08:51Z", "2025-11-19")),
    Case("json_text", texts("""'{"a": 1}'"""), texts("'{a person}'", "'[draft] prose'")),
    Case("json_double_encoded", texts(r"""'"{\"a\": 1}"'"""), texts("""'{"a": "{}"}'""")),
    Case("json_double_encoded", texts(r"""'"{\"a\": 1}"'""").replace("note text", "note jsonb"), texts("""'{"a": "{}"}'""").replace("note text", "note jsonb"), engines=POSTGRES),
    Case("json_double_encoded", texts(r"""'"{\"a\": 1}"'""").replace("note text", "note jsonb"), texts("""'{"a": "{}"}'""").replace("note text", "note jsonb"), engines=SQLITE),
    Case("json_malformed", texts("""'{"a": 1}'""", "'[1, 2]'", """'{"a": '"""), texts("""'{"a": 1}'""", "'3'", "''")),
    Case("json_malformed", texts("""'{"a": 1}'""", """'{"b": 1}'""", "'[1'"), texts("'{a person}'", "'[draft] prose'")),
    Case("ids_of_several_types", texts("'aabbccdd'", "'7'").replace("note", "adw_id"), texts("'aabbccdd'", "'bbccddee'").replace("note", "adw_id")),
    Case(
        "duration_disagrees",
        trace() + run(1, "completed", "'2025-11-19 07:00:00Z'", "'2025-11-19 08:00:00Z'", duration_ms="3540000"),
        trace() + run(1, "completed", "'2025-11-19 07:00:00Z'", "'2025-11-19 08:00:00Z'", duration_ms="3580000"),
    ),
    Case("json_repeated_key", texts("""'{"a": 1, "a": 2}'"""), texts("""'{"a": {"b": 1}, "b": {"a": 1}}'""")),
    Case("json_repeated_key", texts("""'{"a": 1, "a": 2}'""").replace("note text", "note json"), texts("""'{"a": 1, "a": 2}'""").replace("note text", "note jsonb"), engines=POSTGRES),
    Case("json_nul", texts(r"""'{"a": "\u0000"}'"""), texts(r"""'{"a": "\\u0000"}'""")),
    Case("json_nul", texts(r"""'{"a": "\ud800"}'"""), texts(r"""'{"a": "\ud83d\ude00"}'""")),
    Case("json_steps", texts("""'[{"name": "a", "status": "done"}, {"name": "b"}]'"""), texts("""'[{"name": "a", "price": 2}]'""", """'{"name": "a", "status": "b"}'""", "'[]'")),
    Case("json_steps", texts("""'{"a": {"started_at": "2024-01-01"}}'""").replace("note text", "note jsonb"), texts("""'{"a": {"price": 1}}'""").replace("note text", "note jsonb"), engines=POSTGRES),
    Case("json_null", texts("'null'", "null").replace("note text", "note jsonb"), texts("""'"null"'""", "null").replace("note text", "note jsonb"), engines=POSTGRES),
    Case("unstorable_text", texts("cast(x'610062' as text)"), texts("'a'"), engines=SQLITE),
    Case("unstorable_text", texts("cast(x'ff' as text)"), texts("'ÿ'"), engines=SQLITE),
    Case("nan_or_infinity", texts("9e999").replace("note text", "note real"), texts("9e99").replace("note text", "note real"), engines=SQLITE),
    Case("nan_or_infinity", texts("'NaN'").replace("note text", "note numeric"), texts("0").replace("note text", "note numeric"), engines=POSTGRES),
    Case("nan_or_infinity", texts("'infinity'").replace("note text", "note timestamptz"), texts("'9999-12-31'").replace("note text", "note timestamptz"), engines=POSTGRES),
    Case("mixed_storage", texts("'many'").replace("note text", "note integer"), texts("'12'").replace("note text", "note integer"), engines=SQLITE),
    Case("too_long", texts("'x'").replace("note", "external_id") + f"update workflow_trace set external_id = {LONG};", texts("'x'").replace("note", "external_id"), engines=POSTGRES),
    Case("no_tenant", trace().replace("org_id text, ", ""), trace()),
    Case("tenant_missing", trace() + run(org_id="null"), trace() + run()),
    Case(
        "foreign_tenant",
        trace() + steps("org_id text") + run() + step() + "update workflow_steps set org_id = 'b';",
        trace() + steps("org_id text") + run() + step() + "update workflow_steps set org_id = 'a';",
        "workflow_steps",
    ),
    Case("no_channel", trace().replace("channel text, ", ""), trace()),
    Case("fold_too_large", FAMILY + run() + step() + "".join(event(n) for n in range(1, 258)), FAMILY + run() + step() + "".join(event(n) for n in range(1, 257)), "workflow_events"),
    Case("fold_too_large", FAMILY + run() + step() + event(data=f"'{'x' * 262_200}'"), FAMILY + run() + step() + event(data=f"'{'x' * 262_000}'"), "workflow_events"),
    Case("unsupported_relation", trace() + "create table later () inherits (workflow_trace);", "create table workflow_trace (trace_id integer, primary key (trace_id)) partition by range (trace_id);", engines=POSTGRES),
    Case("unsupported_relation", texts().replace("note text", "note oid"), texts().replace("note text", "note bytea"), engines=POSTGRES),
)  # fmt: skip

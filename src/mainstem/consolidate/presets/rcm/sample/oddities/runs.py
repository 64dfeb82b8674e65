"""Odd runs: rows of workflow_trace."""

from __future__ import annotations

from mainstem.consolidate.presets.rcm.sample.oddities.oddity import Oddity
from mainstem.consolidate.presets.rcm.sample.world import ANN, BEN, ELIGIBILITY, INTAKE


def _runs(*rows: str) -> str:
    """Rows as: id, channel, external id, status, start, end, duration, message, created; all of the claim intake."""
    return "".join(
        "insert into workflow_trace (workflow_id, created_by, trace_id, channel, external_id, status, start_time, end_time,"
        f" duration_ms, error_message, created_at) values ('{INTAKE}', '{ANN}', {row});\n"
        for row in rows
    )


def _snapshot(trace_id: int, value: str) -> str:
    return (
        "insert into workflow_trace (trace_id, workflow_id, channel, status, config_snapshot, created_at, created_by)"
        f" values ({trace_id}, '{INTAKE}', 'web', 'pending', {value}, '2024-05-01 00:00:00+00', '{ANN}');\n"
    )


STATES = (
    Oddity(
        "run_ended_but_active",
        "an end, and still active",
        _runs(
            "1101, 'web', 'E-1101', 'active', '2024-02-29 23:59:59+00', '2024-03-01 00:00:01+00', 2000, null, '2024-02-29 23:59:59+00'"
        ),
        "select trace_id from workflow_trace where status = 'active' and end_time is not null",
    ),
    Oddity(
        "run_completed_without_end",
        "over, and nobody knows since when",
        _runs(
            "1102, 'web', 'E-1102', 'completed', '2024-03-02 10:00:00+00', null, null, null, '2024-03-02 10:00:00+00'",
            "1103, 'voice', null, 'completed', null, null, null, null, '2024-03-02 11:00:00+00'",
        ),
        "select trace_id from workflow_trace where status = 'completed' and end_time is null",
    ),
    Oddity(
        "run_failed_without_message",
        "failed, and nobody knows why; in one row the message is the empty string",
        _runs(
            "1104, 'web', null, 'failed', '2024-03-03 10:00:00+00', '2024-03-03 10:00:05+00', 5000, null, '2024-03-03 10:00:00+00'",
            "1105, 'web', null, 'failed', '2024-03-03 11:00:00+00', '2024-03-03 11:00:05+00', 5000, '', '2024-03-03 11:00:00+00'",
        ),
        "select trace_id from workflow_trace where status = 'failed' and error_message is null"
        " and exists (select from workflow_trace where status = 'failed' and error_message = '')",
    ),
    Oddity(
        "run_pending_with_end",
        "complete_workflow_execution takes every state: completed became pending, the end stayed",
        _runs(
            "1106, 'efax', null, 'pending', '2024-03-04 10:00:00+00', '2024-03-04 10:01:00+00', 60000, null, '2024-03-04 10:00:00+00'"
        ),
        "select trace_id from workflow_trace where status = 'pending' and end_time is not null",
    ),
    Oddity(
        "run_timed_out",
        "a state that the old clean-up never deletes and the statistics count nowhere",
        _runs(
            "1107, 'voice', 'E-1107', 'timeout', '2024-03-05 10:00:00+00', '2024-03-05 10:30:00+00', 1800000, 'no answer in 30 minutes', '2024-03-05 10:00:00+00'"
        ),
        "select trace_id from workflow_trace where status = 'timeout'",
    ),
    Oddity(
        "run_completed_with_message",
        "a message where nothing failed",
        _runs(
            "1108, 'web', null, 'completed', '2024-03-06 10:00:00+00', '2024-03-06 10:00:01+00', 1000, 'two pages were blank', '2024-03-06 10:00:00+00'"
        ),
        "select trace_id from workflow_trace where status = 'completed' and error_message <> ''",
    ),
    Oddity(
        "run_never_started",
        "pending, without a start and without a step",
        "",
        "select trace_id from workflow_trace t where status = 'pending' and start_time is null"
        " and not exists (select from workflow_steps s where s.trace_id = t.trace_id)",
    ),
)

TIMES = (
    Oddity(
        "run_ends_before_it_starts",
        "two clocks",
        _runs(
            "1111, 'web', null, 'completed', '2024-04-01 10:00:05+00', '2024-04-01 10:00:00+00', -5000, null, '2024-04-01 10:00:05+00'"
        ),
        "select trace_id from workflow_trace where end_time < start_time and duration_ms < 0",
    ),
    Oddity(
        "run_without_created_at",
        "created_at may be NULL, and is; in one row nothing else has a time either",
        _runs(
            "1112, 'web', null, 'completed', '2024-04-02 10:00:00+00', '2024-04-02 10:00:01+00', 1000, null, null",
            "1113, 'web', null, 'pending', null, null, null, null, null",
        ),
        "select trace_id from workflow_trace where created_at is null and start_time is null",
    ),
    Oddity(
        "run_lasts_other_than_its_span",
        "duration_ms is not end minus start: counted elsewhere, or zero because both came from one transaction",
        _runs(
            "1114, 'web', null, 'completed', '2024-04-03 10:00:00+00', '2024-04-03 10:00:10+00', 7, null, '2024-04-03 10:00:00+00'",
            "1115, 'web', null, 'completed', '2024-04-03 11:00:00+00', '2024-04-03 11:00:00+00', 0, null, '2024-04-03 11:00:00+00'",
            "1116, 'web', null, 'completed', '2024-04-03 12:00:00+00', '2024-04-03 12:00:10+00', null, null, '2024-04-03 12:00:00+00'",
        ),
        "select trace_id from workflow_trace where isfinite(start_time) and isfinite(end_time) and duration_ms > 0"
        " and abs(duration_ms - extract(epoch from end_time - start_time) * 1000) > 1",
    ),
    Oddity(
        "run_at_the_limit_of_an_integer",
        "24.8 days: a longer run made complete_workflow_execution fail",
        _runs(
            "1117, 'web', null, 'completed', '2024-04-04 10:00:00+00', '2024-04-29 06:31:23.647+00', 2147483647, null, '2024-04-04 10:00:00+00'"
        ),
        "select trace_id from workflow_trace where duration_ms = 2147483647",
    ),
    Oddity(
        "run_without_finite_times",
        "infinity as an end, -infinity as a start",
        _runs(
            "1118, 'web', null, 'completed', '2024-04-05 10:00:00+00', 'infinity', null, null, '2024-04-05 10:00:00+00'",
            "1119, 'web', null, 'cancelled', '-infinity', '2024-04-05 11:00:00+00', null, null, '2024-04-05 11:00:00+00'",
        ),
        "select trace_id from workflow_trace where end_time = 'infinity' and exists (select from workflow_trace where start_time = '-infinity')",
    ),
    Oddity(
        "run_of_1999",
        "a clock that had lost its year",
        _runs(
            "1120, 'efax', 'E-1999', 'completed', '1999-12-31 23:59:59.999999+00', '2000-01-01 00:00:00.000001+00', 0, null, '1999-12-31 23:59:59.999999+00'"
        ),
        "select trace_id from workflow_trace where created_at < '2000-01-01'",
    ),
    Oddity(
        "run_created_after_its_end",
        "written down later, as one row",
        _runs(
            "1121, 'efax', null, 'completed', '2024-04-06 10:00:00+00', '2024-04-06 10:00:01+00', 1000, null, '2024-09-30 08:00:00.123456+00'"
        ),
        "select trace_id from workflow_trace where isfinite(end_time) and created_at > end_time + interval '1 day'",
    ),
)

NAMES = (
    Oddity(
        "external_id_twice",
        "external_id was never unique; once it is the empty string",
        _runs(
            "1131, 'web', 'EXT-1005', 'completed', '2024-05-01 10:00:00+00', '2024-05-01 10:00:01+00', 1000, null, '2024-05-01 10:00:00+00'",
            "1132, 'web', '', 'completed', '2024-05-01 11:00:00+00', '2024-05-01 11:00:01+00', 1000, null, '2024-05-01 11:00:00+00'",
        ),
        "select external_id from workflow_trace where exists (select from workflow_trace where external_id = '')"
        " group by external_id having external_id is not null and count(*) > 1",
    ),
    Oddity(
        "run_id_out_of_order",
        "ids that no sequence gave: zero, negative, beyond 2^53",
        _runs(
            "0, 'web', null, 'completed', '2024-05-02 10:00:00+00', '2024-05-02 10:00:01+00', 1000, null, '2024-05-02 10:00:00+00'",
            "-7, 'web', null, 'completed', '2024-05-02 11:00:00+00', '2024-05-02 11:00:01+00', 1000, null, '2024-05-02 11:00:00+00'",
            "9007199254740993, 'web', null, 'completed', '2024-05-02 12:00:00+00', '2024-05-02 12:00:01+00', 1000, null, '2024-05-02 12:00:00+00'",
        ),
        "select trace_id from workflow_trace where trace_id > 9007199254740992 and exists (select from workflow_trace where trace_id = 0)"
        " and exists (select from workflow_trace where trace_id < 0)",
    ),
    Oddity(
        "run_by_a_user_of_another_organization",
        "created_by names a user, not a user of the workflow's organization",
        f"insert into workflow_trace (trace_id, workflow_id, channel, status, start_time, end_time, duration_ms, created_at, created_by)"
        f" values (1133, '{ELIGIBILITY}', 'web', 'completed', '2024-05-03 10:00:00+00', '2024-05-03 10:00:01+00', 1000, '2024-05-03 10:00:00+00', '{ANN}'),"
        f" (1134, '{INTAKE}', 'web', 'completed', '2024-05-03 11:00:00+00', '2024-05-03 11:00:01+00', 1000, '2024-05-03 11:00:00+00', '{BEN}');",
        "select t.trace_id from workflow_trace t join user_workflow w using (workflow_id) join app_user u on u.user_id = t.created_by"
        " where w.org_id <> u.org_id",
    ),
    Oddity(
        "unicode_and_odd_text",
        "several scripts, quotes, a backslash, line ends, and a name of 255 characters",
        "insert into workflow_trace (trace_id, workflow_id, channel, external_id, status, error_message, start_time, end_time, created_at, created_by)"
        f" values (1135, '{INTAKE}', 'web', repeat('x', 250) || 'ÄÖ😀€é', 'failed', E'zażółć 漢字 עברית\\n\\t\"it''s\" \\\\ %s {{}} $1',"
        f" '2024-05-04 10:00:00+00', '2024-05-04 10:00:01+00', '2024-05-04 10:00:00+00', '{ANN}');",
        "select trace_id from workflow_trace where length(external_id) = 255 and error_message like '%漢字%'",
    ),
)

SNAPSHOTS = (
    Oddity(
        "snapshot_null_twice",
        "JSON null beside SQL NULL",
        _snapshot(1141, "'null'") + _snapshot(1142, "null"),
        "select trace_id from workflow_trace where config_snapshot = 'null' and exists (select from workflow_trace where config_snapshot is null)",
    ),
    Oddity(
        "snapshot_that_is_no_object",
        "a list, a text, a number, an empty object",
        _snapshot(1143, "'[1, 2]'")
        + _snapshot(1144, "'\"draft\"'")
        + _snapshot(1145, "'1.00'")
        + _snapshot(1146, "'{}'"),
        "select trace_id from workflow_trace where jsonb_typeof(config_snapshot) = 'array'"
        " and exists (select from workflow_trace where config_snapshot::text = '1.00')",
    ),
    Oddity(
        "snapshot_with_text_that_is_json",
        "encoded twice",
        _snapshot(1147, "to_jsonb('{\"a\": 1}'::text)"),
        "select trace_id from workflow_trace where jsonb_typeof(config_snapshot) = 'string' and config_snapshot #>> '{}' like '{%'",
    ),
    Oddity(
        "snapshot_of_200_kilobytes",
        "one big value",
        _snapshot(1148, "jsonb_build_object('rules', repeat('0123456789abcdef', 12800), 'scale', 1.00)"),
        "select trace_id from workflow_trace where octet_length(config_snapshot::text) > 200000",
    ),
    Oddity(
        "snapshot_forty_levels_deep",
        "lists in lists",
        _snapshot(1149, "(repeat('[', 40) || repeat(']', 40))::jsonb"),
        "select trace_id from workflow_trace where config_snapshot::text like repeat('[', 40) || '%'",
    ),
)

RUNS = STATES + TIMES + NAMES + SNAPSHOTS

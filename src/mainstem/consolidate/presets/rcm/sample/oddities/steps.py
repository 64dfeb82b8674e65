"""Odd steps: rows of workflow_steps, all of runs of their own."""

from __future__ import annotations

from mainstem.consolidate.presets.rcm.sample.oddities.oddity import Oddity
from mainstem.consolidate.presets.rcm.sample.world import ANN, BIRCH_OPEN, INTAKE, OPEN_PORTAL, READ_CLAIM

RUN_OF_ODD_STEPS = 1201
RUN_OF_ODD_NUMBERS = 1202
RUN_OF_ODD_JSON = 1203

_OWN_RUNS = (
    "insert into workflow_trace (trace_id, workflow_id, channel, status, start_time, end_time, duration_ms, created_at, created_by) values\n"
    + ",\n".join(
        f"({run}, '{INTAKE}', 'web', 'completed', '2024-06-01 10:00:00+00', '2024-06-01 10:10:00+00', 600000, '2024-06-01 10:00:00+00', '{ANN}')"
        for run in (RUN_OF_ODD_STEPS, RUN_OF_ODD_NUMBERS, RUN_OF_ODD_JSON)
    )
    + ";\n"
)


def _steps(run: int, *rows: str) -> str:
    """Rows as: id, number, status, start, end, duration, message, retries."""
    return "".join(
        "insert into workflow_steps (trace_id, node_id, step_id, step_number, status, start_time, end_time, duration_ms,"
        f" error_message, retry_count) values ({run}, '{READ_CLAIM}', {row});\n"
        for row in rows
    )


def _data(step_id: int, number: int, given: str, made: str, metadata: str) -> str:
    return (
        "insert into workflow_steps (trace_id, node_id, step_id, step_number, status, input_data, output_data, metadata, start_time, end_time)"
        f" values ({RUN_OF_ODD_JSON}, '{OPEN_PORTAL}', {step_id}, {number}, 'completed', {given}, {made}, {metadata},"
        " '2024-06-01 10:00:00+00', '2024-06-01 10:00:01+00');\n"
    )


STATES = (
    Oddity(
        "step_never_started",
        "pending or skipped, without a start: when it was made is nowhere",
        _OWN_RUNS
        + _steps(
            RUN_OF_ODD_STEPS,
            "2101, 1, 'pending', null, null, null, null, 0",
            "2102, 2, 'skipped', null, null, null, null, 0",
        ),
        "select step_id from workflow_steps where start_time is null and status in ('pending', 'skipped') and end_time is null",
    ),
    Oddity(
        "step_running_in_a_run_that_is_over",
        "nobody ended it",
        _steps(RUN_OF_ODD_STEPS, "2103, 3, 'running', '2024-06-01 10:00:03+00', null, null, null, 0"),
        "select s.step_id from workflow_steps s join workflow_trace t using (trace_id) where s.status = 'running' and t.status = 'completed'",
    ),
    Oddity(
        "step_ended_but_running",
        "an end, and still running or pending",
        _steps(
            RUN_OF_ODD_STEPS,
            "2104, 4, 'running', '2024-06-01 10:00:04+00', '2024-06-01 10:00:05+00', 1000, null, 0",
            "2105, 5, 'pending', null, '2024-06-01 10:00:05+00', null, null, 0",
        ),
        "select step_id from workflow_steps where status in ('pending', 'running') and end_time is not null",
    ),
    Oddity(
        "step_completed_without_end",
        "over, and nobody knows since when",
        _steps(
            RUN_OF_ODD_STEPS,
            "2106, 6, 'completed', '2024-06-01 10:00:06+00', null, null, null, 0",
            "2107, 7, 'failed', null, null, null, 'lost', 0",
        ),
        "select step_id from workflow_steps where status = 'completed' and end_time is null",
    ),
    Oddity(
        "step_failed_without_message",
        "failed, and nobody knows why",
        _steps(
            RUN_OF_ODD_STEPS,
            "2108, 8, 'failed', '2024-06-01 10:00:08+00', '2024-06-01 10:00:09+00', 1000, null, 0",
        ),
        "select step_id from workflow_steps where status = 'failed' and error_message is null",
    ),
    Oddity(
        "step_ends_before_it_starts",
        "two clocks",
        _steps(
            RUN_OF_ODD_STEPS,
            "2109, 9, 'completed', '2024-06-01 10:00:09+00', '2024-06-01 10:00:08+00', -1000, '', 0",
        ),
        "select step_id from workflow_steps where end_time < start_time",
    ),
    Oddity(
        "step_without_retry_count",
        "retry_count may be NULL, which is not 0",
        _steps(
            RUN_OF_ODD_STEPS,
            "2110, 10, 'completed', '2024-06-01 10:00:10+00', '2024-06-01 10:00:11+00', 1000, null, null",
        ),
        "select step_id from workflow_steps where retry_count is null",
    ),
    Oddity(
        "step_retried",
        "three times: the attempts before live only in the events",
        _steps(
            RUN_OF_ODD_STEPS,
            "2111, 11, 'completed', '2024-06-01 10:03:00+00', '2024-06-01 10:03:01+00', 1000, null, 3",
        )
        + "".join(
            "insert into workflow_events (event_id, trace_id, step_id, event_type, event_data, timestamp) values"
            f' ({3100 + n}, {RUN_OF_ODD_STEPS}, 2111, \'step_retried\', \'{{"retry_count": {n}, "node_id": "{READ_CLAIM}"}}\','
            f" '2024-06-01 10:0{n - 1}:30+00');\n"
            for n in (1, 2, 3)
        ),
        "select step_id from workflow_events e join workflow_steps s using (step_id) where e.event_type = 'step_retried'"
        " group by step_id, s.retry_count having count(*) = s.retry_count and count(*) = 3",
    ),
    Oddity(
        "step_lasts_other_than_its_span",
        "duration_ms is not end minus start",
        _steps(
            RUN_OF_ODD_STEPS,
            "2112, 12, 'completed', '2024-06-01 10:00:12+00', '2024-06-01 10:00:13+00', 12345, null, 0",
        ),
        "select step_id from workflow_steps where isfinite(end_time) and duration_ms > 0"
        " and abs(duration_ms - extract(epoch from end_time - start_time) * 1000) > 1",
    ),
    Oddity(
        "step_without_finite_times",
        "-infinity to infinity",
        _steps(RUN_OF_ODD_STEPS, "2113, 13, 'completed', '-infinity', 'infinity', null, null, 0"),
        "select step_id from workflow_steps where start_time = '-infinity' and end_time = 'infinity'",
    ),
)

NUMBERS = (
    Oddity(
        "step_number_that_is_no_number",
        "zero, negative, beyond three bytes, the greatest integer; and a gap",
        _steps(
            RUN_OF_ODD_NUMBERS,
            "2120, 0, 'completed', '2024-06-01 10:00:00+00', '2024-06-01 10:00:01+00', 1000, null, 0",
            "2121, -3, 'completed', '2024-06-01 10:00:01+00', '2024-06-01 10:00:02+00', 1000, null, 0",
            "2122, 1, 'completed', '2024-06-01 10:00:02+00', '2024-06-01 10:00:03+00', 1000, null, 0",
            "2123, 17, 'completed', '2024-06-01 10:00:03+00', '2024-06-01 10:00:04+00', 1000, null, 0",
            "2124, 16777216, 'completed', '2024-06-01 10:00:04+00', '2024-06-01 10:00:05+00', 1000, null, 0",
            "2125, 2147483647, 'completed', '2024-06-01 10:00:05+00', '2024-06-01 10:00:06+00', 1000, null, 0",
        ),
        "select trace_id from workflow_steps group by trace_id having min(step_number) < 0 and max(step_number) > 16777215 and bool_or(step_number = 0)",
    ),
    Oddity(
        "step_at_a_node_of_another_workflow",
        "the foreign key asks for a node, not for one of the run's workflow",
        "insert into workflow_steps (step_id, trace_id, node_id, step_number, status, start_time, end_time) values"
        f" (2126, {RUN_OF_ODD_NUMBERS}, '{BIRCH_OPEN}', 18, 'completed', '2024-06-01 10:00:06+00', '2024-06-01 10:00:07+00');",
        "select s.step_id from workflow_steps s join workflow_trace t using (trace_id) join user_workflow_node n on n.node_id = s.node_id"
        " where n.workflow_id <> t.workflow_id",
    ),
)

DATA = (
    Oddity(
        "step_metadata_null_twice",
        "JSON null, SQL NULL and the empty object are three things",
        _data(2131, 1, "null", "'null'", "'null'")
        + _data(2132, 2, "'null'", "null", "null")
        + _data(2133, 3, "'{}'", "'[]'", "'{}'"),
        "select step_id from workflow_steps where metadata = 'null' and exists (select from workflow_steps where metadata is null)"
        " and exists (select from workflow_steps where input_data = 'null')",
    ),
    Oddity(
        "step_metadata_that_is_no_object",
        "a list; a text",
        _data(2134, 4, "'[]'", "'\"\"'", "'[1, null]'") + _data(2135, 5, "'true'", "'0'", "'\"note\"'"),
        "select step_id from workflow_steps where jsonb_typeof(metadata) = 'array'",
    ),
    Oddity(
        "step_metadata_with_our_keys",
        "it has keys of the names that the ledger uses itself",
        _data(
            2136, 6, "null", "null", '\'{"legacy": 1, "originals": {"status": {"was": 2}}, "wait": null}\''
        ),
        "select step_id from workflow_steps where metadata ? 'originals' and metadata ? 'legacy'",
    ),
    Oddity(
        "numbers_with_a_scale",
        "1.00 is not written 1; and numbers that no float holds",
        _data(
            2137,
            7,
            '\'{"amount": 1.00, "rate": 0.10}\'',
            '\'{"big": 12345678901234567890.123456789, "small": 1e-30}\'',
            "null",
        ),
        "select step_id from workflow_steps where input_data ->> 'amount' = '1.00' and output_data ->> 'big' = '12345678901234567890.123456789'",
    ),
    Oddity(
        "step_output_of_200_kilobytes",
        "one big value",
        _data(
            2138,
            8,
            "null",
            "(select jsonb_object_agg('row ' || n, md5(n::text)) from generate_series(1, 5000) n)",
            "null",
        ),
        "select step_id from workflow_steps where octet_length(output_data::text) > 200000",
    ),
)

STEPS = STATES + NUMBERS + DATA

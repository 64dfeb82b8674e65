"""Everything odd that the old table is known to hold, each with the columns that make a row so, and the query that finds it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mainstem.consolidate.presets.history.sample.schema import DAY, HOUR, Shape

LARGE = 87_000
"""Bytes of a row of the forty-megabyte file, which had 458."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """One thing that a consolidation has to survive. `{hour}` and `{day}` stand for the names of a shape's columns."""

    name: str
    meaning: str
    found: str
    """The WHERE of the odd rows: at least one in the sample."""
    rows: tuple[dict[str, Any], ...] = ()
    """What is other than in ordinary rows; empty where those have it already."""

    def where(self, shape: Shape) -> str:
        """The condition for a shape."""
        return self.found.format(hour=HOUR[shape], day=DAY[shape])

    def changes(self, shape: Shape) -> list[dict[str, Any]]:
        """The rows for a shape."""
        return [
            {column.format(hour=HOUR[shape], day=DAY[shape]): to for column, to in row.items()}
            for row in self.rows
        ]


TIMES = (
    Oddity("local time", "datetime.now().isoformat(): naive, eight hours behind UTC, with microseconds",
           "created_at glob '????-??-??T??:??:??.*' and created_at not glob '*Z'"),
    Oddity("time with Z", "a start_time from elsewhere, taken over as it was", "start_time glob '*T*Z' and created_at = start_time"),
    Oddity("CURRENT_TIMESTAMP", "SQLite's own: UTC with a blank", "created_at glob '????-??-?? ??:??:??'"),
    Oddity("same day, three forms", "a blank sorts before T, so rows of one day stand by form and not by time",
           "substr(created_at, 1, 10) = '2025-11-19' and nl_input like 'three forms%'",
           ({"nl_input": "three forms 1", "start_time": None, "created_at": "2025-11-19 23:08:51"},
            {"nl_input": "three forms 2", "start_time": "2025-11-19T07:08:51.123456", "created_at": "2025-11-19T07:08:51.123456"},
            {"nl_input": "three forms 3", "start_time": "2025-11-19T08:00:00Z", "created_at": "2025-11-19T08:00:00Z"})),
    Oddity("local time without microseconds", "isoformat() leaves them out when they are 0", "created_at = '2025-11-18T09:00:00'",
           ({"start_time": "2025-11-18T09:00:00", "created_at": "2025-11-18T09:00:00"},)),
    Oddity("time with an offset", "a start_time of a host that knew its zone", "start_time = '2025-11-18T09:00:00.500000-08:00'",
           ({"start_time": "2025-11-18T09:00:00.500000-08:00", "created_at": "2025-11-18T09:00:00.500000-08:00"},)),
    Oddity("time that does not exist", "a naive local time in the hour that summer time leaves out", "start_time = '2025-03-09T02:30:00.000001'",
           ({"start_time": "2025-03-09T02:30:00.000001", "created_at": "2025-03-09T02:30:00.000001"},)),
    Oddity("no start", "sync found no state file", "start_time is null"),
    Oddity("completed without an end", "sync never wrote end_time", "status = 'completed' and end_time is null"),
    Oddity("ended and running", "somebody wrote the end and not the status", "status = 'running' and end_time is not null",
           ({"status": "running", "start_time": "2025-11-01T10:00:00.000001", "end_time": "2025-11-01T11:00:00.5"},)),
    Oddity("ended before it started", "the end in UTC, the start local", "end_time < start_time",
           ({"status": "completed", "start_time": "2025-11-02T10:00:00.000001", "end_time": "2025-11-02 09:00:00"},)),
    Oddity("updated before it was created", "updated_at is UTC and created_at local, or the other way", "updated_at < created_at",
           ({"created_at": "2025-11-20T23:00:00.000001", "updated_at": "2025-11-20 22:00:00"},)),
)  # fmt: skip

NUMBERS = (
    Oddity("no duration of a start with Z", "naive minus aware raised, and the error was swallowed",
           "status = 'completed' and start_time glob '*Z' and duration_seconds is null"),
    Oddity("fraction of a second", "a float in an INTEGER column: one such row emptied the whole page", "typeof(duration_seconds) = 'real'",
           ({"status": "completed", "duration_seconds": 12.5}, {"status": "completed", "duration_seconds": 1234.0625})),
    Oddity("more than 24.8 days", "measured to now: its milliseconds are beyond an int4", "duration_seconds > 2147483",
           ({"status": "completed", "duration_seconds": 3_456_789},)),
    Oddity("negative duration", "local minus UTC", "duration_seconds < 0", ({"status": "completed", "duration_seconds": -28_800},)),
    Oddity("text in an integer column", "SQLite stores what it is given", "typeof(backend_port) = 'text' and typeof(phase_count) = 'text'",
           ({"backend_port": "N/A", "phase_count": "six"},)),
    Oddity("midnight", "hour 0 is an hour, not a missing one", "{hour} = 0", ({"{hour}": 0, "{day}": 3},)),
    Oddity("Monday", "day 0 is Monday", "{day} = 0", ({"{hour}": 13, "{day}": 0},)),
    Oddity("midnight on Monday", "both are 0", "{hour} = 0 and {day} = 0", ({"{hour}": 0, "{day}": 0},)),
    Oddity("minus one", "the newer shape's word for unknown; the API's in either", "{hour} = -1", ({"{hour}": -1, "{day}": -1},)),
    Oddity("a cost below a cent of a cent", "NUMERIC(10,6) would make it 0", "cost_per_token > 0 and cost_per_token < 0.000001",
           ({"cost_per_token": 3.1e-7, "total_tokens": 1000, "actual_cost_total": 0.00031},)),
    Oddity("a sum that is no decimal", "0.1 + 0.2 as a double", "actual_cost_total = 0.30000000000000004", ({"actual_cost_total": 0.1 + 0.2},)),
    Oddity("tokens beyond an int4", "a sum of a long run", "total_tokens > 2147483647", ({"total_tokens": 3_000_000_000, "input_tokens": 2_999_999_999},)),
    Oddity("merged after no time", "0.0 is a number of hours", "pr_merged = 1 and time_to_merge_hours = 0.0",
           ({"pr_merged": 1, "time_to_merge_hours": 0.0, "review_cycles": 0, "ci_test_pass_rate": 0.0},)),
)  # fmt: skip

TEXTS = (
    Oddity("JSON encoded twice", "json.dumps of a text that was JSON", "structured_input glob '\"{{*'",
           ({"structured_input": json.dumps(json.dumps({"classification": "feature", "title": "Übersicht"}))},)),
    Oddity("cost_breakdown that is no JSON", "Python's repr: one such row emptied the whole page", "not json_valid(cost_breakdown)",
           ({"cost_breakdown": "{'estimated_total': 1.2, 'by_phase': {'plan': 0.4}}"}, {"cost_breakdown": '{"actual_total": 0.4'}, {"cost_breakdown": ""})),
    Oddity("cost_breakdown without phases", "by_phase is missing", "json_valid(cost_breakdown) and json_extract(cost_breakdown, '$.by_phase') is null",
           ({"cost_breakdown": '{"estimated_total": 0.5, "actual_total": 0.4}'},)),
    Oddity("a number with zeros at its end", "JSON whose text does not come back by itself", "token_breakdown like '%1.500%'",
           ({"token_breakdown": '{ "b": 1.500, "a": 1e2, "a": 3 }'},)),
    Oddity("JSON null", "the text null is not NULL", "retry_reasons = 'null'", ({"retry_reasons": "null", "error_phase_distribution": "{}"},)),
    Oddity("anomalies that are objects", "what the DDL says they are", "json_extract(anomaly_flags, '$[0].type') is not null",
           ({"anomaly_flags": '[{"type": "cost", "severity": "high", "message": "Cost 2.1x above average"}]'},)),
    Oddity("anomalies that are sentences", "what the code wrote", "json_type(anomaly_flags, '$[0]') = 'text'",
           ({"anomaly_flags": '["Cost 2.1x above average"]', "optimization_recommendations": "[]"},)),
    Oddity("similar runs", "in the table and in the page, not in the server's model", "similar_workflow_ids is not null and gh_issue_state is not null",
           ({"similar_workflow_ids": '["c80e348c", "test-123"]', "gh_issue_state": "closed"},)),
    Oddity("a large row", "87 KB: whole conversations in two of its texts", f"length(structured_input) + length(output_summary) > {LARGE}",
           tuple({"structured_input": json.dumps({"conversation": [f"turn {turn} of {number}: " + "lorem ipsum " * 12 for turn in range(370)]}),
                  "output_summary": f"run {number}\n" + "All tests pass.\n" * 1800} for number in range(4))),
    Oddity("text beyond ASCII", "LIKE folds the case of ASCII only", "nl_input = 'ÄNDERE die Übersicht 🎉'", ({"nl_input": "ÄNDERE die Übersicht 🎉"},)),
    Oddity("signs of LIKE", "% and _ in a search were never escaped; a backslash is no escape in SQLite", "nl_input like '100%path%'",
           ({"nl_input": "100% of path C:\\temp_dir"}, {"nl_input": "100 of path c:/TEMPxDIR"})),
    Oddity("empty text", "'' is not NULL", "nl_input = '' and github_url = ''", ({"nl_input": "", "github_url": ""},)),
)  # fmt: skip

NAMES = (
    Oddity("adw_id of eight hex digits", "^[a-f0-9]{8}$", "length(adw_id) = 8 and adw_id not glob '*[^a-f0-9]*'"),
    Oddity("adw_id of a test", "no hex, another length", "adw_id = 'test-123'", ({"adw_id": "test-123"},)),
    Oddity("adw_id in capitals", "two runs that differ in case only", "adw_id in ('abcdef01', 'ABCDEF01')", ({"adw_id": "abcdef01"}, {"adw_id": "ABCDEF01"})),
    Oddity("the run the seed shows", "c80e348c", "adw_id = 'c80e348c'", ({"adw_id": "c80e348c"},)),
    Oddity("workflow_id by random", "what a migration gave to rows that were there", "length(workflow_id) = 35"),
    Oddity("workflow_id by adw_id", "what hooks write: it never joins the other", "workflow_id = 'wf-' || adw_id", ({"adw_id": "0a1b2c3d", "workflow_id": "wf-0a1b2c3d"},)),
    Oddity("workflow_id twice", "it was never unique, though four tables refer to it", "workflow_id = 'wf-twice'", ({"workflow_id": "wf-twice"}, {"workflow_id": "wf-twice"})),
    Oddity("parent that is not there", "no foreign key", "parent_workflow_id = 'wf-gone'", ({"parent_workflow_id": "wf-gone", "workflow_type": "child"},)),
    Oddity("no template", "the code's default is sdlc", "workflow_template is null"),
    Oddity("no model", "the state file had none", "model_used is null"),
    Oddity("failed without a reason", "the status came from the directory", "status = 'failed' and error_message is null", ({"status": "failed", "error_message": None, "error_category": "unknown"},)),
    Oddity("completed with an error", "the message of an attempt before", "status = 'completed' and error_message is not null", ({"status": "completed", "error_message": "phase test failed", "retry_count": 2, "retry_reasons": '["flaky test"]'},)),
    Oddity("several runs of one issue", "an issue was worked on twice", "issue_number = 42 and adw_id in ('42000001', '42000002')", ({"issue_number": 42, "adw_id": "42000001"}, {"issue_number": 42, "adw_id": "42000002"})),
    Oddity("another scoring version", "the column's default is 1.0", "scoring_version is null or scoring_version = '2.0'", ({"scoring_version": None}, {"scoring_version": "2.0"})),
    Oddity("a phase outside the six", "current_phase is free text", "current_phase = 'cleanup'", ({"current_phase": "cleanup", "bottleneck_phase": "build", "idle_time_seconds": 77, "recovery_time_seconds": 0},)),
)  # fmt: skip

ODDITIES: tuple[Oddity, ...] = TIMES + NUMBERS + TEXTS + NAMES

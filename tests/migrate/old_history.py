"""SQLite files for tests: the seventy-column history of 458 rows, and whatever a statement makes."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

HISTORY = """
id INTEGER PRIMARY KEY AUTOINCREMENT, adw_id TEXT NOT NULL UNIQUE, issue_number INTEGER, nl_input TEXT, github_url TEXT,
workflow_template TEXT, model_used TEXT, status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'completed', 'failed')),
start_time TEXT, end_time TEXT, duration_seconds INTEGER, error_message TEXT, phase_count INTEGER, current_phase TEXT,
success_rate REAL, retry_count INTEGER DEFAULT 0, worktree_path TEXT, backend_port INTEGER, frontend_port INTEGER,
concurrent_workflows INTEGER DEFAULT 0, input_tokens INTEGER DEFAULT 0, output_tokens INTEGER DEFAULT 0,
cached_tokens INTEGER DEFAULT 0, cache_hit_tokens INTEGER DEFAULT 0, cache_miss_tokens INTEGER DEFAULT 0,
total_tokens INTEGER DEFAULT 0, cache_efficiency_percent REAL DEFAULT 0.0, estimated_cost_total REAL DEFAULT 0.0,
actual_cost_total REAL DEFAULT 0.0, estimated_cost_per_step REAL DEFAULT 0.0, actual_cost_per_step REAL DEFAULT 0.0,
cost_per_token REAL DEFAULT 0.0, structured_input TEXT, cost_breakdown TEXT, token_breakdown TEXT,
worktree_reused INTEGER DEFAULT 0, steps_completed INTEGER DEFAULT 0, steps_total INTEGER DEFAULT 0,
created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
nl_input_word_count INTEGER, nl_input_clarity_score REAL, structured_input_completeness_percent REAL,
submission_hour INTEGER, submission_day_of_week INTEGER, pr_merged INTEGER DEFAULT 0, time_to_merge_hours REAL,
review_cycles INTEGER, ci_test_pass_rate REAL, cost_efficiency_score REAL, performance_score REAL, quality_score REAL,
similar_workflow_ids TEXT, anomaly_flags TEXT, optimization_recommendations TEXT, idle_time_seconds INTEGER,
bottleneck_phase TEXT, error_category TEXT, retry_reasons TEXT, error_phase_distribution TEXT,
recovery_time_seconds INTEGER, complexity_estimated TEXT, complexity_actual TEXT, workflow_type TEXT DEFAULT 'planning',
parent_workflow_id TEXT, input_hash TEXT, output_summary TEXT, workflow_id TEXT, gh_issue_state TEXT
"""
"""The sixty-nine columns before the migration that adds the seventieth."""

BESIDE = """
CREATE TABLE tool_calls (id INTEGER PRIMARY KEY, workflow_id TEXT REFERENCES workflow_history (workflow_id), name TEXT);
CREATE INDEX idx_history_status ON workflow_history (status);
CREATE INDEX idx_history_hour ON workflow_history (submission_hour);
CREATE TRIGGER history_touched AFTER UPDATE OF status ON workflow_history BEGIN
  UPDATE workflow_history SET updated_at = CURRENT_TIMESTAMP WHERE id = NEW.id;
END;
CREATE VIEW v_hours AS SELECT submission_hour, count(*) AS runs FROM workflow_history GROUP BY submission_hour;
"""

ROW = """INSERT INTO workflow_history (adw_id, issue_number, nl_input, status, submission_hour, submission_day_of_week,
created_at, cost_breakdown, actual_cost_total) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""

ADD_SCORING_VERSION = "ALTER TABLE workflow_history ADD COLUMN scoring_version TEXT DEFAULT '1.0';\n"


def history(path: Path, rows: int = 458) -> Path:
    """The old table with its rows, in WAL mode, as its application left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("pragma journal_mode = wal")
        conn.execute(f"CREATE TABLE workflow_history ({HISTORY})")
        conn.executescript(BESIDE)
        conn.execute("begin")
        conn.executemany(ROW, [_row(number) for number in range(rows)])
        conn.execute("insert into tool_calls (workflow_id, name) values ('wf-nobody', 'grep')")
        conn.execute("commit")
    return path


def _row(number: int) -> tuple[Any, ...]:
    at = ("2025-11-19 07:08:51", "2025-11-19T07:08:51.123456", "2025-11-19T07:08:51Z")[number % 3]
    status = ("completed", "failed", "running")[number % 3]
    hour = None if number % 2 else number % 24
    return f"{number:08x}", number, f"do é {number}", status, hour, hour, at, '{"a": 1}', number / 7


def query(path: Path, sql: str, *parameters: Any) -> list[Any]:
    """What a connection of its own reads or does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        return conn.execute(sql, parameters).fetchall()


def with_stale_wal(path: Path, sql: str) -> None:
    """Change the file and leave it as a killed process does: with a -wal beside it that was never written back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute(sql)
        for suffix in ("-wal", "-shm"):
            shutil.copy(f"{path}{suffix}", f"{path}{suffix}.kept")
        shutil.copy(path, f"{path}.kept")
    for suffix in ("-wal", "-shm", ""):
        shutil.move(f"{path}{suffix}.kept", f"{path}{suffix}")
